import fc from 'fast-check';
import type { KillPolicy } from '../../../lib/policy';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { idsOf } from '../../policy/candidates';
import { breach, FakePool, failOnRejections, inOrder, settle, steps } from '../../support/fake-round';
import { FakeWorker } from '../../support/fixture-pool';

failOnRejections();

it('relieved meanwhile: nobody dies', async () => {
  const world = new FakePool([new FakeWorker('a', 100)], 850);
  const report = await world.run();
  expect(report).toMatchObject({ outcome: 'relieved', victims: [], ranking: [], policy: 'inOrder', breach });
  expect(steps(report)).toEqual(['noticed', 'leased', 'measured', 'ended']);
});

it('one victim is enough: told before the signal, with the reason of the policy', async () => {
  const world = new FakePool([new FakeWorker('a', 100), new FakeWorker('b', 100)], 800);
  world.onVictim = () => { expect(world.workers[0]?.dying).toBe(false); };
  const report = await world.run();
  expect(report).toMatchObject({
    outcome: 'relieved', before: { short: true, bytesToFree: 50 }, after: { short: false },
    victims: [{ id: 'a', pid: 7, reason: 'place 0', freeableBytes: 100, died: true }], ranking: [{ id: 'a', reason: 'place 0' }, { id: 'b', reason: 'place 1' }],
  });
  expect(idsOf(report.candidates)).toEqual(['a', 'b']);
  expect(world.told).toEqual([{ ...report.victims[0], died: false }]);
  expect(world.workers.map(({ kills }) => kills)).toEqual([[{ for: 'relief', reportId: 'report-1', level: 'pool' }], []]);
  expect(steps(report)).toEqual(['noticed', 'leased', 'measured', 'decided a', 'signalled a', 'exited a', 'measured', 'freed a', 'ended']);
  expect(world.clock.waits.size).toBe(0);
});

it.each<ReliefReport['limit']>([{ level: 'pool' }, { level: 'group', id: 'tenant' }, { level: 'worker', id: 'a' }])('for the limit %j: report and victim tell of it', async (limit) => {
  const world = new FakePool([new FakeWorker('a', 100)], 900, inOrder, limit);
  const report = await world.run();
  expect(report.limit).toEqual(limit);
  expect(world.workers[0]?.kills).toEqual([{ for: 'relief', reportId: report.reportId, level: limit.level }]);
});

// A policy may take long, and a worker end by itself meanwhile: of that JavaScript hears when the policy is done.
it('a shortage that ends by itself while the policy ranks: nobody dies, and nobody is told of who was chosen', async () => {
  const world = new FakePool([new FakeWorker('a', 100), new FakeWorker('b', 100)], 800);
  const slow: KillPolicy = {
    name: 'slow',
    rank: (all, need) => {
      world.otherBytes = 500;
      world.clock.nowMs += 20;
      return inOrder.rank(all, need);
    },
  };
  const report = await world.run({ policy: slow });
  expect(report).toMatchObject({ outcome: 'relieved', victims: [], decisions: [], before: { short: true }, after: { short: false }, candidates: [{ id: 'a' }, { id: 'b' }] });
  expect(world.told).toEqual([]);
  expect(steps(report)).toEqual(['noticed', 'leased', 'measured', 'measured', 'ended']);
});

it('several, one after the other, and no more than are needed', async () => {
  const world = new FakePool('abcd'.split('').map((id) => new FakeWorker(id, 60)), 800);
  expect(idsOf((await world.run()).victims)).toEqual(['a', 'b']);
});

it('the report of a shortage that is over shows the reading that said so, however soon somebody grows on', async () => {
  const world = new FakePool([new FakeWorker('a', 100), new FakeWorker('b', 100)], 800);
  const { measure } = world;
  let isOver = false;
  world.measure = (wasShort) => {
    const state = measure(wasShort);
    const short = isOver || state?.short === true;
    isOver ||= !short;
    return state && { ...state, short };
  };
  expect(await world.run()).toMatchObject({ outcome: 'relieved', before: { short: true }, victims: [{ id: 'a' }], after: { short: false } });
});

it('a victim that does not die in time is given up, and the next one chosen', async () => {
  const world = new FakePool([new FakeWorker('a', 100, false), new FakeWorker('b', 100)], 800);
  const running = world.run();
  await settle();
  world.clock.advance(1900);
  await settle();
  expect(idsOf(world.told)).toEqual(['a']);
  world.clock.advance(100);
  const report = await running;
  expect(report.victims.map(({ id, died }) => [id, died])).toEqual([['a', false], ['b', true]]);
  expect(steps(report)).toContain('stuck a');
  expect(world.clock.waits.size).toBe(0);
});

it('all of them stuck: it ends, and says that nobody is left', async () => {
  const world = new FakePool(['a', 'b'].map((id) => new FakeWorker(id, 100, false)), 800);
  const running = world.run();
  for (let turn = 0; turn < 3; turn++) {
    await settle();
    world.clock.advance(2000);
  }
  expect(await running).toMatchObject({ outcome: 'no-candidate', victims: [{ died: false }, { died: false }], after: { short: true } });
});

it('one that is dying already and covers the need is waited for, and nobody else dies', async () => {
  const world = new FakePool([new FakeWorker('a', 100, false), new FakeWorker('b', 100)], 800);
  world.workers[0]?.kill({ for: 'request' });
  const running = world.run();
  await settle();
  world.workers[0]?.end();
  expect(await running).toMatchObject({ outcome: 'relieved', victims: [], candidates: [{ id: 'b' }] });
});

it('one that is dying already but does not end in time counts no more', async () => {
  const world = new FakePool([new FakeWorker('a', 100, false), new FakeWorker('b', 100)], 800);
  world.workers[0]?.kill({ for: 'request' });
  const running = world.run();
  await settle();
  world.clock.advance(2000);
  expect(idsOf((await running).victims)).toEqual(['b']);
});

it('one that is dying already and does not cover the need is joined by another', async () => {
  const world = new FakePool([new FakeWorker('a', 10, false), new FakeWorker('b', 190)], 800);
  world.workers[0]?.kill({ for: 'request' });
  expect(idsOf((await world.run()).victims)).toEqual(['b']);
});

it.each<[string, FakeWorker[], KillPolicy]>([
  ['all are protected', [new FakeWorker('a', 300)], { name: 'spare', rank: () => [] }],
  ['there is none', [], inOrder],
])('nobody may be killed: %s', async (_what, workers, policy) => {
  const report = await new FakePool(workers, 1000, policy).run();
  expect(report).toMatchObject({ outcome: 'no-candidate', victims: [], after: { short: true } });
  expect(idsOf(report.candidates)).toEqual(idsOf(workers));
});

it('closing in between: the victim under way is waited for, there is no next one', async () => {
  const world = new FakePool([new FakeWorker('a', 60), new FakeWorker('b', 100)], 900);
  world.onVictim = () => { world.closing = true; };
  expect(await world.run()).toMatchObject({ outcome: 'closed', victims: [{ id: 'a', died: true }] });
  expect(await world.run()).toMatchObject({ outcome: 'closed', victims: [] });
});

it('unreadable, at once or in between, kills nobody more', async () => {
  const world = new FakePool([new FakeWorker('a', 60), new FakeWorker('b', 100)], 900);
  world.onVictim = () => { world.readable = false; };
  expect(await world.run()).toMatchObject({ outcome: 'unreadable', victims: [{ id: 'a', died: true }] });
  expect(await world.run()).toMatchObject({ outcome: 'unreadable', victims: [], before: { usage: breach.usage, limits: breach.limits } });
});

it('with no descriptor left to look anew, one victim is chosen by what the thread saw', async () => {
  const world = new FakePool([new FakeWorker('a', 60), new FakeWorker('b', 100)], 900);
  world.evidence = world.measure(true);
  world.readable = false;
  world.onVictim = () => { world.readable = true; };
  expect(await world.run()).toMatchObject({ victims: [{ id: 'a', died: true }, { id: 'b' }] });
  world.readable = false;
  expect(await world.run()).toMatchObject({ outcome: 'no-candidate', victims: [] });
});

it('a limit that is raised in mid-round ends it', async () => {
  const world = new FakePool('abc'.split('').map((id) => new FakeWorker(id, 10)), 1000);
  world.onVictim = () => { world.high = 5000; };
  expect(await world.run()).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a' }], after: { markBytes: 5000 } });
});

it('a policy that fails, though only once, is on record, and its substitute decides', async () => {
  let calls = 0;
  const shaky: KillPolicy = { name: 'shaky', rank: (all, what) => {
    if (++calls === 1) throw new Error('oops');
    return inOrder.rank(all, what);
  } };
  const report = await new FakePool([new FakeWorker('a', 60), new FakeWorker('b', 60)], 900, shaky).run();
  expect(report).toMatchObject({ outcome: 'relieved', policy: 'byStartTime', policyError: 'the policy "shaky" was not used: it threw Error: oops' });
  expect(report.victims).toHaveLength(2);
});

it('passes over candidates below 1 % of the mark while a larger one is there', async () => {
  expect(idsOf((await new FakePool([new FakeWorker('tiny', 9), new FakeWorker('large', 100)], 850).run()).victims)).toEqual(['large']);
});

it('gives the wall-clock time of the notice, also when that clock was set after the start', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2030, 0, 1));
  const report = await new FakePool([], 0).run();
  now.mockRestore();
  expect(report.atIso).toBe('2029-12-31T23:59:59.990Z');
  expect(report.timeline[0]).toEqual({ atMs: 0, step: 'noticed' });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

it('uses real time by default, and leaves no timer', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  expect(await new FakePool([new FakeWorker('a', 100, false)], 900).runInRealTime(1)).toMatchObject({ outcome: 'no-candidate' });
  expect(await new FakePool([new FakeWorker('a', 100)], 900).runInRealTime(600_000)).toMatchObject({ outcome: 'relieved' });
  // Another's may end meanwhile.
  expect(timers()).toBeLessThanOrEqual(before);
});

it('in any pool: ends, relieves if it can, kills each once and none too many, in the order of time', async () => {
  const worker = fc.record({ bytes: fc.integer({ min: 0, max: 300 }), obeys: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(worker, { maxLength: 8 }), fc.integer({ min: 0, max: 1100 }), async (given, otherBytes) => {
      const world = new FakePool(given.map(({ bytes, obeys }, index) => new FakeWorker(`w${index}`, bytes, obeys)), otherBytes);
      const running = world.run();
      for (let turn = 0; turn < 2 * given.length + 2; turn++) {
        await settle();
        world.clock.advance(2000);
      }
      const { outcome, victims, timeline, after } = await running;
      expect(new Set(idsOf(victims)).size).toBe(victims.length);
      expect(outcome).toBe(after.short ? 'no-candidate' : 'relieved');
      if (outcome === 'no-candidate') expect(victims).toHaveLength(given.length);
      const last = world.workers.find(({ id }) => id === victims.at(-1)?.id);
      if (outcome === 'relieved' && last?.alive === false) expect((after.usage.pinnedBytes ?? 0) + last.bytes).toBeGreaterThan(950);
      const times = timeline.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(world.clock.waits.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});
