import fc from 'fast-check';
import type { KillPolicy } from '../../../lib/policy/types';
import { idsOf } from '../../policy/candidates';
import { FakePool, failOnRejections, FakeTakeover, inOrder, settle, steps } from '../../support/fake-round';
import { FakeWorker } from '../../support/fixture-pool';

failOnRejections();

const relief = { for: 'relief', level: 'pool', reportId: 'report-1' };
/** A pool in which each of so many workers has 60 bytes, and the native thread. */
function pool(count: number, otherBytes: number, obeys = true): { world: FakePool; native: FakeTakeover; workers: FakeWorker[] } {
  const workers = 'abcdef'.slice(0, count).split('').map((id) => new FakeWorker(id, 60, obeys));
  const world = new FakePool(workers, otherBytes);
  return { world, native: new FakeTakeover(world), workers };
}
const nth = (workers: FakeWorker[], place: number): FakeWorker => workers[place] ?? new FakeWorker('nobody', 0);

describe('what the native thread has done before the round', () => {
  it('is in the report as if the round had done it, in the order of time', async () => {
    const { world, native, workers } = pool(2, 880);
    native.kill(nth(workers, 0));
    world.evidence = { usage: { pinnedBytes: 1000 }, limits: { highBytes: 1000 }, short: true, markBytes: 1000, bytesToFree: 50 };
    const report = await world.run(native.context);
    expect(report).toMatchObject({
      outcome: 'relieved', policy: 'inOrder', before: { short: true, usage: { pinnedBytes: 1000 } }, after: { short: false },
      ranking: [{ id: 'a' }, { id: 'b' }], candidates: [{ id: 'a' }, { id: 'b' }],
      victims: [{ id: 'a', reason: 'place 0', by: 'native', signal: 'SIGKILL', freeableBytes: 60, died: true }],
      decisions: [{ by: 'native', victim: 'a', bytesToFree: 50, minVictimBytes: 10, freeableBytes: { a: 60 } }],
    });
    expect(world.told).toEqual(report.victims);
    expect(steps(report)).toEqual(['noticed', 'decided a', 'signalled a', 'exited a', 'leased', 'measured', 'ended']);
    expect(native.leases).toBeGreaterThan(0);
  });

  it('and was not enough: the round goes on with the next', async () => {
    const { world, native, workers } = pool(3, 890);
    native.kill(nth(workers, 0));
    const { victims, decisions } = await world.run(native.context);
    expect(victims.map(({ id, by }) => [id, by])).toEqual([['a', 'native'], ['b', 'javascript']]);
    expect(decisions.map(({ by, victim }) => [by, victim])).toEqual([['native', 'a'], ['javascript', 'b']]);
  });

  it('and is under way still: it is awaited, nobody else dies, and its end is told by this report', async () => {
    const { world, native, workers } = pool(2, 880);
    native.kill(nth(workers, 0), { dies: false });
    const running = world.run(native.context);
    await settle();
    expect(nth(workers, 0).kills).toEqual([relief]);
    expect(world.told).toMatchObject([{ id: 'a', died: false }]);
    nth(workers, 0).end();
    const report = await running;
    expect(report.victims).toMatchObject([{ id: 'a', by: 'native', died: true }]);
    expect(steps(report).slice(-3)).toEqual(['measured', 'exited a', 'ended']);
    expect(world.clock.waits.size).toBe(0);
  });

  // In one storm of eight another worker died as well: what the first had given back since the pool was measured was in neither figure.
  it('and gives its memory back while JavaScript decides: nobody else dies for it', async () => {
    const { world, native, workers } = pool(2, 880);
    world.evidence = { usage: { pinnedBytes: 1000 }, limits: { highBytes: 1000 }, short: true, markBytes: 1000, bytesToFree: 50 };
    const victim = nth(workers, 0);
    native.kill(victim, { dies: false });
    const measure = world.measure;
    world.measure = (wasShort) => {
      const state = measure(wasShort);
      Object.defineProperty(victim, 'dyingBytes', { value: 0 });
      return state;
    };
    const running = world.run(native.context);
    await settle();
    victim.end();
    expect(idsOf((await running).victims)).toEqual(['a']);
    expect(nth(workers, 1).kills).toEqual([]);
  });

  it('and JavaScript cannot look any more: what was seen before its death kills nobody else', async () => {
    const { world, native, workers } = pool(2, 880);
    world.evidence = { usage: { pinnedBytes: 1000 }, limits: { highBytes: 1000 }, short: true, markBytes: 1000, bytesToFree: 50 };
    world.readable = false;
    const victim = nth(workers, 0);
    native.kill(victim, { dies: false });
    Object.defineProperty(victim, 'dyingBytes', { value: 0 });
    const running = world.run(native.context);
    await settle();
    victim.end();
    expect(await running).toMatchObject({ outcome: 'unreadable', victims: [{ id: 'a', died: true }] });
    expect(nth(workers, 1).kills).toEqual([]);
  });

  it('and whose plan nobody knows: no victim of the report, but awaited as one that dies', async () => {
    const { world, native, workers } = pool(2, 880);
    native.kill(nth(workers, 0), { dies: false, planned: false });
    const running = world.run(native.context);
    await settle();
    expect(nth(workers, 0).kills).toEqual([relief]);
    nth(workers, 0).end();
    expect(await running).toMatchObject({ outcome: 'relieved', victims: [], decisions: [] });
    expect(world.told).toEqual([]);
  });

  it('and the pool closes: it is in the report nevertheless', async () => {
    const { world, native, workers } = pool(2, 880);
    native.kill(nth(workers, 0));
    world.closing = true;
    expect(await world.run(native.context)).toMatchObject({ outcome: 'closed', victims: [{ id: 'a', by: 'native' }] });
  });
});

describe('what it does while the policy ranks', () => {
  it.each([0, 1])('to worker %d: nobody is told of who is not to die, and the figures are read anew', async (place) => {
    const { world, native, workers } = pool(2, 880);
    const policy: KillPolicy = {
      name: 'slow',
      rank: (candidates, need) => {
        native.kill(nth(workers, place));
        return inOrder.rank(candidates, need);
      },
    };
    const report = await world.run({ ...native.context, policy });
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'ab'[place], by: 'native' }] });
    expect(report.decisions).toHaveLength(1);
    expect(world.told.map(({ id, by }) => [id, by])).toEqual([['ab'[place], 'native']]);
  });
});

describe('what it does while listeners hold JavaScript', () => {
  it('to the same victim: no second signal, one entry, and a look anew', async () => {
    const { world, native, workers } = pool(2, 880);
    world.onVictim = () => void native.kill(nth(workers, 0));
    const report = await world.run(native.context);
    expect(report.victims).toMatchObject([{ id: 'a', by: 'native', died: true }]);
    expect(nth(workers, 0).kills).toEqual([]); // it was gone when the round came to it
    expect(world.told.map(({ id, by }) => [id, by])).toEqual([['a', 'javascript'], ['a', 'native']]);
    expect(report.decisions).toHaveLength(1);
  });

  it('to another: the choice rests on figures of before, so nobody is signalled without a look', async () => {
    const { world, native, workers } = pool(2, 880);
    world.onVictim = () => void native.kill(nth(workers, 1));
    const report = await world.run(native.context);
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'b', by: 'native' }] });
    expect(nth(workers, 0).kills).toEqual([]);
  });

  it('claimed by the user, who kills it in the listener: it is awaited', async () => {
    const { world, native, workers } = pool(2, 880, false);
    const claim = jest.fn(() => 'taken' as const);
    world.onVictim = () => { nth(workers, 0).kill({ for: 'request' }); };
    const running = world.run({ ...native.context, takeover: { ...native.context.takeover, lease: native.lease, kills: native.kills, claim } });
    await settle();
    nth(workers, 0).end();
    expect(await running).toMatchObject({ outcome: 'relieved', victims: [] });
    expect([nth(workers, 0).kills, claim.mock.calls]).toEqual([[{ for: 'request' }], [[1]]]);
  });

  it('claimed by a round that failed before its signal: it is signalled now, and asked about once', async () => {
    const { world, native, workers } = pool(2, 880);
    const claim = jest.fn(() => 'taken' as const);
    for (let times = 0; times < 5; times++) claim.mockImplementationOnce(() => 'taken');
    claim.mockImplementation(() => { throw new Error('asked for ever'); });
    expect(await world.run({ takeover: { lease: native.lease, kills: native.kills, claim } })).toMatchObject({ victims: [{ id: 'a', by: 'javascript', died: true }] });
    expect([nth(workers, 0).kills, claim.mock.calls.length]).toEqual([[relief], 1]);
  });
});

it('takes a lease before each look', async () => {
  const { world, native } = pool(3, 890);
  const { victims } = await world.run(native.context);
  expect([victims.length, native.leases]).toEqual([2, 3]);
});

it('one of the native thread that does not die is given up once, and where it is stuck is told', async () => {
  const { world, native, workers } = pool(2, 890);
  const [a] = workers;
  if (a !== undefined) a.pid = process.pid;
  native.kill(nth(workers, 0), { dies: false });
  const running = world.run(native.context);
  await settle();
  world.clock.advance(2000);
  const report = await running;
  expect(report.victims).toMatchObject([{ id: 'a', by: 'native', died: false, stuck: { state: expect.stringMatching(/^[RSD]$/) as string } }, { id: 'b', by: 'javascript' }]);
  expect(steps(report).filter((step) => step === 'stuck a')).toHaveLength(1);
  expect(world.clock.waits.size).toBe(0);
});

it('another breach while the end of its victim is awaited: another look', async () => {
  const { world, native, workers } = pool(2, 820);
  native.kill(nth(workers, 0), { dies: false });
  const round = world.start(native.context);
  const running = round.run();
  await settle();
  world.otherBytes += 120;
  round.extend();
  nth(workers, 0).end();
  expect(await running).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a' }, { id: 'b' }], after: { short: false } });
});

it('it kills while the end of its first victim is awaited: in this report too', async () => {
  const { world, native, workers } = pool(2, 820);
  native.kill(nth(workers, 0), { dies: false });
  const running = world.run(native.context);
  await settle();
  native.kill(nth(workers, 1));
  nth(workers, 0).end();
  expect((await running).victims).toMatchObject([{ id: 'a', died: true }, { id: 'b', died: true }]);
});

it('in any pool, whatever the native thread and users do meanwhile: it ends, and each dies once and is told once', async () => {
  const worker = fc.record({ bytes: fc.integer({ min: 0, max: 300 }), obeys: fc.boolean() });
  const deed = fc.record({ who: fc.nat(7), what: fc.constantFrom('kill', 'kill slowly', 'kill unplanned', 'end', 'request', 'extend', 'grow', 'nothing') });
  await fc.assert(
    fc.asyncProperty(fc.array(worker, { minLength: 1, maxLength: 8 }), fc.integer({ min: 500, max: 1100 }), fc.array(deed, { maxLength: 12 }), fc.array(deed, { maxLength: 6 }), async (given, otherBytes, deeds, forListeners) => {
      const inListeners = [...forListeners];
      const world = new FakePool(given.map(({ bytes, obeys }, index) => new FakeWorker(`w${index}`, bytes, obeys)), otherBytes, inOrder);
      const native = new FakeTakeover(world);
      const byNative: string[] = [];
      let unplanned = 0;
      const round = world.start(native.context);
      const act = ({ who, what }: { who: number; what: string }): void => {
        const one = nth(world.workers, who % given.length);
        if (what.startsWith('kill') && native.kill(one, { dies: what === 'kill', planned: what !== 'kill unplanned' })) {
          if (what === 'kill unplanned') unplanned++;
          else byNative.push(one.id);
        } else if (what === 'end') one.end();
        else if (what === 'request') one.kill({ for: 'request' });
        else if (what === 'extend') round.extend();
        else if (what === 'grow') world.otherBytes += 100;
      };
      world.onVictim = () => { for (const next of inListeners.splice(0, 2)) act(next); };
      const state = { over: false };
      const running = round.run().finally(() => { state.over = true; });
      for (const next of deeds) {
        await settle();
        if (!state.over) act(next);
        world.clock.advance(700);
      }
      for (let turn = 0; turn < 3 * given.length + 6; turn++) {
        await settle();
        world.clock.advance(2000);
      }
      const { victims, timeline } = await running;
      expect(new Set(idsOf(victims)).size).toBe(victims.length);
      expect(victims.filter(({ by }) => by === 'native').map(({ id }) => id).sort()).toEqual(byNative.sort());
      expect(victims.length + unplanned).toBeLessThanOrEqual(given.length);
      for (const { kills } of world.workers) expect(kills.filter((why) => why.for === 'relief').length).toBeLessThanOrEqual(1);
      const times = timeline.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((x, y) => x - y));
      expect(world.clock.waits.size).toBe(0);
    }),
    { numRuns: 150 },
  );
});

it('one that was asked to end is still the native thread\'s to kill, and stands in the report once', async () => {
  const workers = ['a', 'b'].map((id) => new FakeWorker(id, 60));
  for (const { facts } of workers) facts.graceMs = 10_000;
  const world = new FakePool(workers, 880, inOrder, { level: 'group', id: 'g' });
  const native = new FakeTakeover(world);
  const running = world.run(native.context);
  await settle();
  const asked = nth(workers, 0);
  expect([asked.asks.length, asked.kills.length]).toEqual([1, 0]);
  expect(native.kill(asked)).toBe(true);
  const report = await running;
  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a', by: 'native', signal: 'SIGKILL', died: true }] });
  expect(report.decisions.map(({ by, victim }) => [by, victim])).toEqual([['javascript', 'a'], ['native', 'a']]);
  expect(nth(workers, 1).kills).toEqual([]);
});
