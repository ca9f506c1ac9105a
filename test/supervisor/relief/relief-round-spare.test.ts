import type { Reclaimed } from '../../../lib/supervisor/types';
import { warnWorkers, type Warning } from '../../../lib/supervisor/shed/warn-workers';
import { idsOf } from '../../policy/candidates';
import { FakePool, failOnRejections, inOrder, settle, steps } from '../../support/fake-round';
import { FakeWorker } from '../../support/fixture-pool';

failOnRejections();

const given = (name: string, givenBytes: number): Reclaimed => ({ name, askedBytes: 50, givenBytes, tookMs: 1 });
const nobody: Warning = { warned: [], waitMs: 0 };

describe('reclaimers', () => {
  it('come first, and what they gave is measured anew: nobody dies', async () => {
    const world = new FakePool([new FakeWorker('a', 100)], 900);
    const warn = jest.fn(() => Promise.resolve(nobody));
    const report = await world.run({ warn, reclaim: (bytes) => {
      expect(bytes).toBe(50);
      world.otherBytes -= 60;
      return Promise.resolve([given('cache', 60), given('pool', 0)]);
    } });
    expect(report).toMatchObject({ outcome: 'relieved', victims: [], reclaimed: [{ name: 'cache' }, { name: 'pool' }], before: { short: true }, after: { short: false } });
    expect(steps(report)).toEqual(['noticed', 'leased', 'measured', 'reclaimed cache', 'reclaimed pool', 'measured', 'ended']);
    expect(report.timeline.find(({ step }) => step === 'reclaimed')).toMatchObject({ id: 'cache', bytes: 60 });
    expect(warn).not.toHaveBeenCalled();
  });

  it('are asked once in a round, however many victims follow; what they claim to have given is not believed', async () => {
    const world = new FakePool('abc'.split('').map((id) => new FakeWorker(id, 60)), 900);
    const reclaim = jest.fn(() => Promise.resolve([given('liar', 2 ** 53 - 1)]));
    const report = await world.run({ reclaim });
    expect([idsOf(report.victims), reclaim.mock.calls.length, report.reclaimed.length]).toEqual([['a', 'b', 'c'], 1, 1]);
  });

  it('while one takes its time the pool may close: nobody dies', async () => {
    const world = new FakePool([new FakeWorker('a', 100)], 900);
    let answer!: (all: Reclaimed[]) => void;
    const running = world.run({ reclaim: () => new Promise((resolve) => { answer = resolve; }) });
    await settle();
    world.closing = true;
    answer([given('slow', 0)]);
    expect(await running).toMatchObject({ outcome: 'closed', victims: [] });
  });
});

describe('warned workers', () => {
  /** A pool with workers that want to be told, by the real `warnWorkers`. */
  const warnable = (shed: 'ipc' | 'signal', ...workers: FakeWorker[]) => {
    const world = new FakePool(workers, 800);
    for (const { facts } of workers) facts.shed = shed;
    return { world, warn: (all: Parameters<typeof warnWorkers>[0], bytes: number) => warnWorkers(all, bytes, world.clock) };
  };

  it('are waited for, at most for as long as they have', async () => {
    const { world, warn } = warnable('signal', new FakeWorker('a', 100), new FakeWorker('b', 100));
    const running = world.run({ warn });
    for (let ms = 0; ms < 90; ms += 10) {
      await settle();
      expect(world.told).toEqual([]);
      world.clock.advance(8);
    }
    await settle();
    world.clock.advance(40);
    const report = await running;
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a' }], warned: [{ id: 'a', how: 'signal' }, { id: 'b', how: 'signal' }] });
    expect(steps(report).slice(0, 7)).toEqual(['noticed', 'leased', 'measured', 'warned a', 'warned b', 'measured', 'decided a']);
    expect(world.clock.waits.size).toBe(0);
  });

  it.each<[string, string, (world: FakePool) => void]>([
    ['relieved', 'relieved', (world) => { world.otherBytes = 0; }],
    ['closing', 'closed', (world) => { world.closing = true; }],
    ['unreadable', 'unreadable', (world) => { world.readable = false; }],
  ])('are not waited for any longer when it is %s', async (_, outcome, change) => {
    const { world, warn } = warnable('signal', new FakeWorker('a', 100), new FakeWorker('b', 100));
    const running = world.run({ warn });
    await settle();
    change(world);
    world.clock.advance(10);
    expect(await running).toMatchObject({ outcome, victims: [] });
    expect(world.clock.now()).toBeLessThan(1050);
    expect(world.clock.waits.size).toBe(0);
  });

  it('are told once in a round', async () => {
    const world = new FakePool('abc'.split('').map((id) => new FakeWorker(id, 60)), 900);
    const warn = jest.fn(() => Promise.resolve(nobody));
    expect(idsOf((await world.run({ warn })).victims)).toEqual(['a', 'b', 'c']);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('telling them took its time, for one does not read: what was measured before counts no more', async () => {
    const { world, warn } = warnable('ipc', new FakeWorker('deaf', 100), new FakeWorker('b', 100));
    const send = (): boolean => true;
    for (const worker of world.workers) worker.warnTarget = () => ({ id: worker.id, how: 'ipc', shedMs: 100, child: { connected: true, send }, signal: () => true });
    const running = world.run({ warn });
    await settle();
    world.otherBytes -= 200;
    world.clock.advance(100);
    expect(await running).toMatchObject({ outcome: 'relieved', victims: [] });
    expect(world.told).toEqual([]);
  });
});

describe('grace', () => {
  const graceful = (level: 'pool' | 'group' | 'worker', graceMs: number): FakePool => {
    const world = new FakePool([new FakeWorker('a', 100, true)], 900, inOrder, level === 'pool' ? { level } : { level, id: 'a' });
    for (const { facts } of world.workers) facts.graceMs = graceMs;
    return world;
  };
  const kill = (level: string) => ({ for: 'relief', level, reportId: 'report-1' });

  it.each(['group', 'worker'] as const)('for the limit of a %s: SIGTERM, and no SIGKILL if it goes', async (level) => {
    const world = graceful(level, 500);
    const [a] = world.workers;
    const running = world.run();
    await settle();
    expect([a?.asks, a?.kills]).toEqual([[kill(level)], []]);
    a?.end();
    const report = await running;
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a', signal: 'SIGTERM', died: true }] });
    expect(steps(report).filter((step) => step === 'signalled a')).toHaveLength(1);
    expect([a?.kills, world.clock.waits.size]).toEqual([[], 0]);
  });

  it('SIGKILL after it', async () => {
    const world = graceful('group', 500);
    const [a] = world.workers;
    const running = world.run();
    await settle();
    for (let ms = 0; ms < 480; ms += 10) {
      world.clock.advance(10);
      await settle();
      expect(a?.kills).toEqual([]);
    }
    world.clock.advance(30);
    const report = await running;
    expect([report.victims, a?.kills]).toMatchObject([[{ signal: 'SIGTERM', died: true }], [kill('group')]]);
    expect(steps(report).filter((step) => step === 'signalled a')).toHaveLength(2);
  });

  it('SIGKILL as soon as a limit above is short', async () => {
    const world = graceful('worker', 3_600_000);
    let pressing = false;
    const running = world.run({ pressing: () => pressing });
    await settle();
    expect(world.workers[0]?.kills).toEqual([]);
    pressing = true;
    world.clock.advance(10);
    expect((await running).victims).toMatchObject([{ signal: 'SIGTERM', died: true }]);
    expect([world.workers[0]?.kills, world.clock.waits.size]).toEqual([[kill('worker')], 0]);
  });

  it.each<[string, FakePool, () => boolean]>([
    ['the pool', graceful('pool', 500), () => false],
    ['a limit that presses from the start', graceful('group', 500), () => true],
    ['a worker without any', graceful('group', 0), () => false],
  ])('none for %s', async (_, world, pressing) => {
    expect((await world.run({ pressing })).victims).toMatchObject([{ signal: 'SIGKILL', died: true }]);
    expect(world.workers[0]?.asks).toEqual([]);
  });
});

describe('a dry run', () => {
  it('tells of the one that would die, and signals nobody', async () => {
    const world = new FakePool([new FakeWorker('a', 100), new FakeWorker('b', 100)], 900);
    const report = await world.run({ dryRun: true });
    expect(report).toMatchObject({ outcome: 'dry-run', dryRun: true, victims: [{ id: 'a', died: false }], decisions: [{ victim: 'a', bytesToFree: 150 }], after: { short: true } });
    expect(world.told).toEqual(report.victims);
    expect(world.workers.map(({ kills, asks }) => [...kills, ...asks])).toEqual([[], []]);
    expect(steps(report)).toEqual(['noticed', 'leased', 'measured', 'decided a', 'ended']);
  });

  it('with nobody to choose says so', async () => {
    expect(await new FakePool([], 1000).run({ dryRun: true })).toMatchObject({ outcome: 'no-candidate', victims: [], decisions: [] });
  });
});

describe('extend()', () => {
  it('in mid-round: another look before the end', async () => {
    const world = new FakePool([new FakeWorker('a', 100), new FakeWorker('b', 100)], 800);
    let looks = 0;
    const round = world.start({ gauge: { judge: world.judge, measure: (wasShort) => {
      const state = world.measure(wasShort);
      // At its last look: more has come since.
      if (state?.short === false && ++looks === 1) {
        world.otherBytes += 100;
        round.extend();
      }
      return state;
    } } });
    const report = await round.run();
    expect(report).toMatchObject({ outcome: 'relieved', after: { short: false } });
    expect(idsOf(report.victims)).toEqual(['a', 'b']);
  });

  it('a storm is one entry, until something else happens', async () => {
    const world = new FakePool([new FakeWorker('a', 100, false)], 900);
    const round = world.start({});
    const running = round.run();
    await settle();
    for (let times = 0; times < 1000; times++) round.extend();
    world.workers[0]?.end();
    expect(steps(await running).filter((step) => step === 'extended')).toHaveLength(1);
  });
});

it('decides by numbers that are no numbers: nobody dies', async () => {
  for (const bytesToFree of [NaN, -Infinity, -1, 0]) {
    const world = new FakePool([new FakeWorker('a', 100)], 900);
    const state = { usage: {}, limits: {}, short: true, markBytes: NaN, bytesToFree };
    expect(await world.run({ gauge: { measure: () => state, judge: () => undefined } })).toMatchObject({ outcome: 'no-candidate', victims: [] });
  }
});
