import { EventEmitter } from 'node:events';
import type { Breach, MonitorEvents } from '../../../lib/monitor/types';
import type { KillPolicy } from '../../../lib/policy';
import type { LimitLevel, LimitScope } from '../../../lib/supervisor/containment/types';
import { ReliefDesk } from '../../../lib/supervisor/relief/relief-desk';
import { ReliefRound } from '../../../lib/supervisor/relief/relief-round';
import type { PoolState, ReliefReport } from '../../../lib/supervisor/types';
import type { WorkerProcess } from '../../../lib/supervisor/worker-process';
import { SpillwayError } from '../../../lib/errors';
import { need } from '../../policy/candidates';
import { FakeWorker } from '../../support/fixture-pool';

class FakeMonitor extends EventEmitter<MonitorEvents> {
  state = 'ok';
  start = jest.fn(() => this);
  stop = jest.fn();
}

const inOrder: KillPolicy = { name: 'inOrder', rank: (all) => all.map(({ id }) => ({ id, reason: 'in order' })) };
let told: [string, unknown][];
let workers: FakeWorker[];
let desk: ReliefDesk;
beforeEach(() => {
  told = [];
  workers = [];
  desk = new ReliefDesk({
    pool: 'pool', policy: inOrder, victimTimeoutMs: 600_000, takeoverMs: 100, takeoverUnderInspector: false, dryRun: false,
    reclaim: () => Promise.resolve([]), warn: () => Promise.resolve({ warned: [], waitMs: 0 }), onBusy: () => undefined, workers: () => workers.filter(({ alive }) => alive) as unknown as WorkerProcess[],
    emit: (name, ...[argument]) => void told.push([name, argument]),
  });
});
afterEach(() => {
  for (const worker of workers) worker.end();
  desk.stop();
  jest.restoreAllMocks();
});

/** Short for as long as somebody lives, or as is said. */
function scopeOf(level: LimitLevel, id?: string, short?: () => boolean): LimitScope & { monitor: FakeMonitor } {
  const isShort = short ?? (() => workers.some(({ alive, facts }) => alive && (level === 'pool' || (level === 'group' ? facts.group : facts.id) === id)));
  const measure = (): PoolState => ({ usage: {}, limits: { highBytes: 1000 }, short: isShort(), markBytes: 1000, bytesToFree: isShort() ? 100 : 0 });
  const monitor = new FakeMonitor();
  return { level, ...(id !== undefined && { id }), monitor: monitor as unknown as LimitScope['monitor'] & FakeMonitor, gauge: { measure, judge: () => undefined } };
}
function watch(...args: Parameters<typeof scopeOf>): LimitScope & { monitor: FakeMonitor } {
  const scope = scopeOf(...args);
  desk.watch(scope);
  return scope;
}
const add = (id: string, { obeys = true, group = 'default' } = {}): FakeWorker => {
  const worker = new FakeWorker(id, 100, obeys);
  worker.facts.group = group;
  workers.push(worker);
  return worker;
};
const breach = (scope: { monitor: FakeMonitor }, more: Partial<Breach> = {}): void => {
  scope.monitor.emit('breach', { ...need(0).breach, detectedAtMs: performance.now(), ...more } as Breach);
};
const names = (): string[] => told.map(([name]) => name);
const reports = (): ReliefReport[] => told.flatMap(([name, argument]) => (name === 'relief' ? [argument as ReliefReport] : []));
const limits = (): (string | undefined)[] => reports().map(({ limit }) => limit.id ?? limit.level);

it('one breach: one round, and every step is told', async () => {
  const pool = watch('pool');
  add('a');
  breach(pool);
  expect(desk.rounds).toBeDefined();
  await desk.rounds;
  expect([names(), desk.rounds, desk.counts]).toEqual([['breach', 'victim', 'relief'], undefined, { shortBreaches: 1, churnBreaches: 0, stallBreaches: 0, reliefRounds: 1 }]);
});

it('one that is not short is counted and told, and starts nothing', () => {
  const pool = watch('pool');
  add('a');
  breach(pool, { short: false });
  expect([names(), desk.rounds, desk.counts]).toEqual([['breach'], undefined, { shortBreaches: 0, churnBreaches: 1, stallBreaches: 0, reliefRounds: 0 }]);
});

it('a stall that is not short is counted and told, and starts nothing; one that is starts a round', async () => {
  const pool = watch('pool');
  add('a');
  const stall = { source: 'pressure' } as Partial<Breach>;
  breach(pool, { ...stall, short: false });
  expect([names(), desk.rounds, desk.counts]).toEqual([['breach'], undefined, { shortBreaches: 0, churnBreaches: 0, stallBreaches: 1, reliefRounds: 0 }]);
  breach(pool, stall);
  breach(pool);
  await desk.rounds;
  expect([reports().length, desk.counts]).toEqual([1, { shortBreaches: 2, churnBreaches: 0, stallBreaches: 1, reliefRounds: 1 }]);
});

it('never two rounds: the second begins when the first is over', async () => {
  const [pool, group] = [watch('pool'), watch('group', 'g')];
  const slow = add('slow', { obeys: false });
  const other = add('other', { group: 'g' });
  breach(pool);
  await Promise.resolve();
  breach(group);
  await new Promise(setImmediate);
  expect([slow.dying, other.dying, desk.counts.reliefRounds]).toEqual([true, false, 1]);
  slow.end();
  await desk.rounds;
  // The pool's own went on to the next worker, so the group's found nothing to do.
  expect([limits(), desk.counts.reliefRounds, other.kills.length]).toEqual([['pool'], 2, 1]);
});

it('the narrowest limit comes first, whichever was heard first', async () => {
  const scopes = [watch('pool'), watch('group', 'g'), watch('worker', 'c')];
  add('a');
  add('b', { group: 'g' });
  add('c', { group: 'g' });
  for (const scope of scopes) breach(scope);
  await desk.rounds;
  expect(reports().map(({ limit, victims }) => [limit.level, victims.map(({ id }) => id)])).toEqual([['worker', ['c']], ['group', ['b']], ['pool', ['a']]]);
});

it('a breach of the same limit in the course of its round needs no other', async () => {
  const pool = watch('pool');
  const slow = add('slow', { obeys: false });
  breach(pool);
  await Promise.resolve();
  for (let times = 0; times < 10; times++) breach(pool);
  slow.end();
  await desk.rounds;
  expect(desk.counts).toEqual({ shortBreaches: 11, churnBreaches: 0, stallBreaches: 0, reliefRounds: 1 });
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('a breach that comes %d turns of the microtask queue after the report begins a round of its own', async (turns) => {
  const pool = watch('pool');
  add('a');
  breach(pool);
  while (reports().length === 0) await Promise.resolve();
  add('b');
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  breach(pool);
  await new Promise(setImmediate);
  expect(reports().map(({ victims }) => victims.map(({ id }) => id))).toEqual([['a'], ['b']]);
});

it('many breaches before a round wait for one, the last of them', async () => {
  const pool = watch('pool');
  add('a');
  for (const sequence of [1, 2, 3]) breach(pool, { sequence });
  await desk.rounds;
  expect(reports().map((report) => report.breach.sequence)).toEqual([3]);
});

it('with nobody to kill it is told once, until that has changed', async () => {
  const pool = watch('pool', undefined, () => true);
  const again = async (): Promise<number> => {
    breach(pool);
    await desk.rounds;
    return reports().length;
  };
  expect([await again(), await again(), await again()]).toEqual([1, 1, 1]);
  expect(reports()[0]?.outcome).toBe('no-candidate');
  pool.monitor.emit('clear');
  expect([await again(), await again()]).toEqual([2, 2]);
  add('a');
  desk.workersChanged();
  expect([await again(), await again()]).toEqual([3, 4]);
  expect(reports().map(({ victims }) => victims.length)).toEqual([0, 0, 1, 0]);
});

describe('a limit at which nobody can be killed', () => {
  const lookAt = async (scope: { monitor: FakeMonitor }, ms: number): Promise<number> => {
    jest.spyOn(performance, 'now').mockReturnValue(ms);
    breach(scope);
    await desk.rounds;
    return desk.counts.reliefRounds;
  };

  it('is looked at twice a second, however often the kernel counts it', async () => {
    const pool = watch('pool', undefined, () => true);
    const looks: number[] = [];
    for (let ms = 0; ms <= 1000; ms += 25) looks.push(await lookAt(pool, ms));
    expect([looks.length, looks.at(-1), desk.counts.shortBreaches]).toEqual([41, 3, 41]);
  });

  it('is looked at once more when a worker comes or changes, and after its shortage was over', async () => {
    const pool = watch('pool', undefined, () => true);
    expect([await lookAt(pool, 0), await lookAt(pool, 1)]).toEqual([1, 1]);
    desk.workersChanged();
    expect([await lookAt(pool, 2), await lookAt(pool, 3)]).toEqual([2, 2]);
    pool.monitor.emit('clear');
    expect([await lookAt(pool, 4), await lookAt(pool, 5)]).toEqual([3, 3]);
  });

  it('is looked at at once when a listener sees to it that there is somebody', async () => {
    const pool = watch('pool', undefined, () => true);
    told.push = (...entries) => {
      if (entries[0]?.[0] === 'relief') desk.workersChanged();
      return Array.prototype.push.apply(told, entries);
    };
    expect([await lookAt(pool, 0), await lookAt(pool, 1), await lookAt(pool, 2)]).toEqual([1, 2, 2]);
  });

  it('is looked at each time while its files cannot be read', async () => {
    const scope = scopeOf('pool', undefined, () => true);
    scope.gauge = { measure: () => undefined, judge: () => undefined };
    desk.watch(scope);
    expect([await lookAt(scope, 0), await lookAt(scope, 1)]).toEqual([1, 2]);
  });
});

it('a shortage that is over before its round is not told', async () => {
  const pool = watch('pool', undefined, () => false);
  add('a');
  breach(pool);
  await desk.rounds;
  expect([names(), desk.counts.reliefRounds]).toEqual([['breach'], 1]);
});

it('a worker over its own mark dies, whatever the policy says, and nobody else', async () => {
  const scope = watch('worker', 'b');
  const [a, b] = [add('a'), add('b')];
  breach(scope, { limits: { highBytes: 1024 } });
  await desk.rounds;
  expect([a.alive, b.kills]).toEqual([true, [{ for: 'relief', reportId: reports()[0]?.reportId, level: 'worker' }]]);
  expect(reports()[0]).toMatchObject({ policy: 'ownMark', ranking: [{ id: 'b', reason: 'over its own mark of 1 KiB' }], outcome: 'relieved' });
});

describe('stop()', () => {
  it('ends the watch over all, and what is heard later starts nothing', () => {
    const scopes = [watch('pool'), watch('group', 'g')];
    add('a');
    desk.stop();
    for (const scope of scopes) breach(scope);
    expect([desk.rounds, scopes.map(({ monitor }) => monitor.stop.mock.calls.length)]).toEqual([undefined, [1, 1]]);
    const late = watch('pool');
    expect(late.monitor.start.mock.calls).toEqual([]);
  });

  it('in the course of a round: it ends before its next victim, and those that wait never begin', async () => {
    const [pool, group] = [watch('pool'), watch('group', 'g')];
    const slow = add('slow', { obeys: false });
    add('other', { group: 'g' });
    breach(pool);
    await new Promise(setImmediate);
    breach(group);
    desk.stop();
    slow.end();
    await desk.rounds;
    expect(reports().map(({ outcome, victims }) => [outcome, victims.map(({ id }) => id)])).toEqual([['closed', ['slow']]]);
    expect(desk.counts.reliefRounds).toBe(1);
  });
});

describe('scopes', () => {
  it.each<[LimitLevel, string | undefined, string]>([['pool', undefined, 'the pool'], ['group', 'g', 'the group g'], ['worker', 'w', 'the worker w']])('somebody removes that of a %s: it is told, once', (level, id, text) => {
    const scope = watch(level, id);
    const removal = { counters: undefined, exact: true } as unknown as MonitorEvents['removed'][0];
    scope.monitor.emit('removed', removal);
    scope.monitor.emit('removed', removal);
    expect(told).toEqual([['degraded', expect.objectContaining({ code: 'ERR_SPILLWAY_CGROUP_NOT_FOUND', message: expect.stringContaining(`${text};`) as string })]]);
  });

  it('one that goes on purpose is not told, and waits for no round', async () => {
    const [pool, scope] = [watch('pool'), watch('worker', 'b')];
    const slow = add('slow', { obeys: false });
    const b = add('b');
    breach(pool);
    await Promise.resolve();
    breach(scope);
    desk.unwatch(scope);
    scope.monitor.emit('removed', {} as MonitorEvents['removed'][0]);
    b.end();
    slow.end();
    await desk.rounds;
    expect([desk.counts.reliefRounds, names().includes('degraded'), scope.monitor.stop.mock.calls.length]).toEqual([1, false, 1]);
  });

  it('is watched once, however often it is asked for', async () => {
    const pool = watch('pool');
    desk.watch(pool);
    add('a');
    breach(pool);
    await desk.rounds;
    expect([pool.monitor.start.mock.calls.length, names()]).toEqual([1, ['breach', 'victim', 'relief']]);
  });

  it('what cannot be watched throws, and is not watched', () => {
    const scope = scopeOf('pool');
    scope.monitor.start.mockImplementation(() => { throw new Error('EMFILE'); });
    expect(() => { desk.watch(scope); }).toThrow('EMFILE');
    desk.stop();
    expect(scope.monitor.stop.mock.calls).toEqual([]);
  });

  it('what the monitor cannot do is told', () => {
    const error = new SpillwayError('ERR_SPILLWAY_SYSTEM', 'of the monitor');
    watch('pool').monitor.emit('degraded', error);
    expect(told).toEqual([['degraded', error]]);
  });
});

it('a round that fails is told, and the next one works', async () => {
  const pool = watch('pool');
  const cause = new Error('unforeseen');
  jest.spyOn(ReliefRound.prototype, 'run').mockRejectedValueOnce(cause);
  add('a');
  breach(pool);
  await desk.rounds;
  breach(pool);
  await desk.rounds;
  expect(told.find(([name]) => name === 'degraded')?.[1]).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause });
  expect(reports().map(({ outcome }) => outcome)).toEqual(['relieved']);
});
