import { EventEmitter } from 'node:events';
import type { MonitorEvents } from '../../../lib/monitor/types';
import type { LimitLevel, LimitScope } from '../../../lib/supervisor/containment/types';
import type { Clock } from '../../../lib/clock';
import { ReliefDesk, type ReliefDeskContext } from '../../../lib/supervisor/relief/relief-desk';
import type { PlannedKill } from '../../../lib/supervisor/takeover/planned-kill';
import type { PoolState, ReliefReport, Reclaimed } from '../../../lib/supervisor/types';
import type { WorkerProcess } from '../../../lib/supervisor/worker-process';
import { need } from '../../policy/candidates';
import { failOnRejections, inOrder, settle } from '../../support/fake-round';
import { FakeWorker } from '../../support/fixture-pool';

failOnRejections();

let told: [string, unknown][];
let workers: FakeWorker[];
let desk: ReliefDesk;
let onTold: (name: string) => void;

/** The one of jest: `node:timers/promises` is real. */
const clock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('aborted'));
    });
  }),
};

function deskWith(more: Partial<ReliefDeskContext> = {}): ReliefDesk {
  return new ReliefDesk({
    pool: 'pool', policy: inOrder, victimTimeoutMs: 600_000, takeoverMs: 100, takeoverUnderInspector: true, dryRun: false, clock,
    reclaim: () => Promise.resolve([]), warn: () => Promise.resolve({ warned: [], waitMs: 0 }), onBusy: () => undefined, workers: () => workers.filter(({ alive }) => alive) as unknown as WorkerProcess[],
    emit: (name, ...[argument]) => {
      told.push([name, argument]);
      onTold(name);
    },
    ...more,
  });
}
/** Short for as long as one of its workers lives. Its native thread does what the test says. */
function watch(level: LimitLevel, id?: string) {
  const isShort = (): boolean => workers.some(({ alive, facts }) => alive && (level === 'pool' || (level === 'group' ? facts.group : facts.id) === id));
  const measure = (): PoolState => ({ usage: { pinnedBytes: 900 }, limits: { highBytes: 1000 }, short: isShort(), markBytes: 1000, bytesToFree: isShort() ? 100 : 0 });
  const monitor = Object.assign(new EventEmitter<MonitorEvents>(), { state: 'ok', start: jest.fn(), stop: jest.fn() });
  const log: PlannedKill[] = [];
  const watchId = 7 + scopes++;
  const takeover = {
    watchId, owns: (id: number) => id === watchId, cgroup: '/pool', untold: () => [...log], log, arm: jest.fn<undefined, [number[]]>(), disarm: jest.fn(), lease: jest.fn(), release: jest.fn(), seeEnd: jest.fn(), claim: () => 'claimed', kills: () => log.splice(0),
  };
  const scope = { level, ...(id !== undefined && { id }), monitor, takeover, gauge: { measure, judge: () => undefined } };
  desk.watch(scope as unknown as LimitScope);
  return scope;
}
type Scope = ReturnType<typeof watch>;
let scopes = 0;
const add = (id: string, { obeys = true, group = 'default', graceMs = 0 } = {}): FakeWorker => {
  const worker = new FakeWorker(id, 100, obeys);
  worker.facts.group = group;
  worker.facts.graceMs = graceMs;
  worker.victim = workers.push(worker);
  return worker;
};
const breach = ({ monitor }: Scope): void => void monitor.emit('breach', { ...need(0).breach, detectedAtMs: performance.now() });
const reports = (): ReliefReport[] => told.flatMap(([name, argument]) => (name === 'relief' ? [argument as ReliefReport] : []));
const leases = ({ takeover }: Scope): number => takeover.lease.mock.calls.length;
const advance = async (ms: number): Promise<void> => {
  await settle();
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  told = [];
  workers = [];
  onTold = () => undefined;
  desk = deskWith();
});
afterEach(async () => {
  for (const worker of workers) worker.end();
  desk.stop();
  await advance(20);
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('leases', () => {
  it('are taken when a shortage is heard, renewed while the round waits, and given up at its end', async () => {
    const pool = watch('pool');
    const slow = add('slow', { obeys: false });
    breach(pool);
    expect(leases(pool)).toBe(1);
    await advance(0);
    const before = leases(pool);
    await advance(1000);
    expect(leases(pool) - before).toBeGreaterThanOrEqual(39);
    expect(pool.takeover.release.mock.calls).toEqual([]);
    slow.end();
    await advance(0);
    expect([reports().length, pool.takeover.release.mock.calls.length]).toEqual([1, 1]);
    const after = leases(pool);
    await advance(1000);
    expect(leases(pool)).toBe(after);
  });

  it('end with the shortage, in the native thread as well, before anybody is told', async () => {
    const pool = watch('pool');
    const slow = add('slow', { obeys: false });
    let ends = 0;
    onTold = (name) => {
      if (name === 'relief') ends = pool.takeover.seeEnd.mock.calls.length;
    };
    breach(pool);
    await advance(0);
    expect(pool.takeover.seeEnd.mock.calls).toEqual([]);
    slow.end();
    await advance(0);
    expect([reports().length, ends, pool.takeover.seeEnd.mock.calls.length]).toEqual([1, 1, 1]);
  });

  it('also of limits that wait for their round, and of no others', async () => {
    const [pool, group, idle] = [watch('pool'), watch('group', 'g'), watch('group', 'idle')];
    const slow = add('slow', { obeys: false });
    breach(pool);
    await advance(0);
    breach(group);
    await advance(1000);
    expect(leases(group)).toBeGreaterThanOrEqual(40);
    expect(leases(idle)).toBe(0);
    slow.end();
    await advance(0);
    expect([group.takeover.release.mock.calls.length, idle.takeover.release.mock.calls.length]).toEqual([1, 0]);
  });

  it('are taken while a limit rests at which nobody can be killed: JavaScript has decided', async () => {
    desk.stop();
    desk = deskWith({ policy: { name: 'nobody', rank: () => [] } });
    const pool = watch('pool');
    add('a');
    breach(pool);
    await advance(0);
    const before = leases(pool);
    breach(pool);
    await advance(400);
    expect([leases(pool) - before, desk.counts.reliefRounds]).toEqual([1, 1]);
    await advance(100);
    expect([desk.counts.reliefRounds, pool.takeover.seeEnd.mock.calls.length]).toEqual([2, 0]);
  });

  it('are given up also when the round fails', async () => {
    desk.stop();
    desk = deskWith({ warn: () => Promise.reject(new Error('unforeseen')) });
    const pool = watch('pool');
    add('a');
    breach(pool);
    await advance(0);
    expect([told.map(([name]) => name), pool.takeover.release.mock.calls.length]).toEqual([['breach', 'degraded'], 1]);
  });

  it('while a reclaimer never settles they go on, and stop() cannot end that', async () => {
    let settleReclaimer!: (all: Reclaimed[]) => void;
    desk.stop();
    desk = deskWith({ reclaim: () => new Promise((resolve) => { settleReclaimer = resolve; }) });
    const pool = watch('pool');
    add('a');
    breach(pool);
    await advance(1000);
    expect(leases(pool)).toBeGreaterThanOrEqual(40);
    desk.stop();
    settleReclaimer([{ name: 'slow', askedBytes: 100, givenBytes: 0, tookMs: 1000 }]);
    await advance(0);
    expect([desk.rounds, reports()]).toMatchObject([undefined, [{ outcome: 'closed', victims: [] }]]);
  });
});

describe('plans', () => {
  it('are armed for those that are watched, when a worker has come', async () => {
    const [pool, group] = [watch('pool'), watch('group', 'g')];
    add('a');
    add('b', { group: 'g' });
    desk.workersChanged();
    await advance(20);
    expect([pool.takeover.arm.mock.lastCall, group.takeover.arm.mock.lastCall]).toEqual([[[1, 2]], [[2]]]);
    desk.stop();
    desk.stop();
    expect([pool.takeover.disarm.mock.calls.length, group.takeover.disarm.mock.calls.length]).toEqual([1, 1]);
  });

  it.each<[string, Partial<ReliefDeskContext>]>([['in a dry run', { dryRun: true }], ['without a takeover', { takeoverMs: Infinity }]])('are never armed %s, however full the pool', async (_, more) => {
    desk.stop();
    desk = deskWith(more);
    const pool = watch('pool');
    add('a');
    desk.workersChanged();
    await advance(2000);
    expect(pool.takeover.arm.mock.calls).toEqual([]);
  });
});

describe('a kill by the native thread', () => {
  const kill: PlannedKill = { victim: 1, noticedAtMs: 1, decidedAtMs: 4, signalledAtMs: 5, exitedAtMs: 9, usage: {}, limits: { highBytes: 1000 }, bytesToFree: 100, dyingBytes: 0, freeableBytes: 100 };

  it('is in the report whose id its exit is told with, before the round, in it, and with the next id after it', async () => {
    const [pool, group] = [watch('pool'), watch('group', 'g')];
    const a = add('a');
    desk.workersChanged();
    await advance(20);
    const facts = desk.killedBy(pool.takeover.watchId);
    expect(facts).toMatchObject({ for: 'relief', level: 'pool' });
    expect(desk.killedBy(group.takeover.watchId)).toMatchObject({ level: 'group' });
    pool.takeover.log.push(kill);
    a.end();
    breach(pool);
    await advance(0);
    const [report] = reports();
    expect(report).toMatchObject({ reportId: facts?.for === 'relief' && facts.reportId, victims: [{ id: 'a', by: 'native', died: true }] });
    expect(told.map(([name]) => name)).toEqual(['breach', 'victim', 'relief']);
    expect(desk.killedBy(pool.takeover.watchId)).not.toEqual(facts);
  });

  it.each([undefined, 0, -1, NaN, 99])('of the watch %d, which is none of these: nobody knows', (id) => {
    watch('pool');
    expect(desk.killedBy(id)).toBeUndefined();
  });

  it('is told also when the shortage was over before anybody could hear of it', async () => {
    const pool = watch('pool');
    const a = add('a');
    desk.workersChanged();
    await advance(20);
    pool.takeover.log.push(kill);
    a.end();
    pool.monitor.emit('breach', { ...need(0).breach, short: false });
    await advance(0);
    expect(reports()).toMatchObject([{ outcome: 'relieved', breach: { short: true, takenOver: 1, cgroup: '/pool' }, victims: [{ id: 'a', by: 'native' }] }]);
  });

  it('is told also when stop() comes before the breach, and its exit by the same report', async () => {
    const pool = watch('pool');
    const a = add('a');
    desk.workersChanged();
    await advance(20);
    pool.takeover.log.push(kill);
    a.end();
    desk.stop();
    const facts = desk.killedBy(pool.takeover.watchId);
    await desk.rounds;
    expect(reports()).toMatchObject([{ outcome: 'closed', reportId: facts?.for === 'relief' && facts.reportId, victims: [{ id: 'a', by: 'native', died: true }] }]);
    expect(facts).toMatchObject({ level: 'pool' });
  });
});

describe('grace', () => {
  it.each<[LimitLevel, string | undefined, boolean]>([['pool', undefined, true], ['group', 'h', true], ['worker', 'w', false]])('is cut short when the limit of a %s waits %s: %s', async (level, id, isCut) => {
    const [scope, other] = [watch('group', 'g'), watch(level, id)];
    const a = add('a', { group: 'g', graceMs: 3_600_000 });
    add('w', { group: 'h' });
    breach(scope);
    await advance(20);
    expect([a.asks.length, a.kills.length]).toEqual([1, 0]);
    breach(other);
    await advance(30);
    expect(a.kills.length).toBe(isCut ? 1 : 0);
  });
});

describe('stop()', () => {
  it.each(['breach', 'victim', 'relief'])('in a listener of %j: the round ends, nothing begins, and it may be stopped again', async (event) => {
    const [pool, group] = [watch('pool'), watch('group', 'g')];
    onTold = (name) => {
      if (name === event) desk.stop();
    };
    add('a');
    add('b', { group: 'g' });
    breach(group);
    breach(pool);
    await advance(1000);
    expect(desk.rounds).toBeUndefined();
    expect(desk.counts.reliefRounds).toBeLessThanOrEqual(1);
    expect([pool, group].map(({ monitor }) => monitor.stop.mock.calls.length)).toEqual([1, 1]);
    const armed = (): number => pool.takeover.arm.mock.calls.length + group.takeover.arm.mock.calls.length;
    const before = armed();
    desk.stop();
    desk.workersChanged();
    await advance(1000);
    expect(armed()).toBe(before);
  });
});

it('a limit that could not be watched at first is watched by a second try, and told of once', async () => {
  const pool = watch('pool');
  desk.unwatch(pool as unknown as LimitScope);
  pool.monitor.removeAllListeners();
  pool.monitor.start.mockImplementationOnce(() => { throw new Error('EMFILE'); });
  expect(() => { desk.watch(pool as unknown as LimitScope); }).toThrow('EMFILE');
  desk.watch(pool as unknown as LimitScope);
  add('a');
  breach(pool);
  await advance(0);
  expect([told.map(([name]) => name), desk.counts.shortBreaches]).toEqual([['breach', 'victim', 'relief'], 1]);
});
