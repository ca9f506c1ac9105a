import inspector from 'node:inspector';
import type { KillPolicy } from '../../../lib/policy';
import type { LimitScope } from '../../../lib/supervisor/containment/types';
import { PlanKeeper } from '../../../lib/supervisor/takeover/plan-keeper';
import type { WorkerProcess } from '../../../lib/supervisor/worker-process';
import { idsOf } from '../../policy/candidates';
import { inOrder } from '../../support/fake-round';
import { FakeWorker } from '../../support/fixture-pool';

let workers: FakeWorker[];
let pinnedBytes: number;
let readable: boolean;
let rank: jest.Mock<ReturnType<KillPolicy['rank']>, Parameters<KillPolicy['rank']>>;
let scopes: ReturnType<typeof scopeOf>[];
let keeper: PlanKeeper;
let url: string | undefined;

function scopeOf(group?: string) {
  const measure = () => (readable ? { usage: { pinnedBytes }, limits: { highBytes: 1000 }, short: false, markBytes: 1000, bytesToFree: 5 } : undefined);
  const takeover = { arm: jest.fn<undefined, [number[]]>(), disarm: jest.fn(), untold: jest.fn<object[], []>(() => []), cgroup: '/pool' };
  return { level: group === undefined ? 'pool' : 'group', id: group, gauge: { measure, judge: () => undefined }, takeover };
}
type Scope = ReturnType<typeof scopeOf>;
const asScope = (scope: Scope): LimitScope => scope as unknown as LimitScope;
const keep = (underInspector = false): PlanKeeper => new PlanKeeper({
  policy: { name: 'test', rank },
  scopes: () => scopes.map(asScope),
  workersOf: ({ id }) => workers.filter(({ facts }) => id === undefined || facts.group === id) as unknown as WorkerProcess[],
  underInspector,
});
const add = (id: string, group = 'default'): FakeWorker => {
  const worker = new FakeWorker(id, 100);
  worker.victim = workers.length + 1;
  worker.facts.group = group;
  workers.push(worker);
  return worker;
};
const plans = ({ takeover }: Scope = pool()): number[][] => takeover.arm.mock.calls.map(([victims]) => victims);
const pool = (): Scope => scopes[0] ?? scopeOf();
/** Touches it, and lets it make its plan. */
const refresh = (): void => {
  keeper.touch();
  jest.advanceTimersByTime(20);
};

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(inspector, 'url').mockImplementation(() => url);
  url = undefined;
  workers = [];
  pinnedBytes = 100;
  readable = true;
  rank = jest.fn((...args) => inOrder.rank(...args));
  scopes = [scopeOf()];
  keeper = keep();
});
afterEach(() => {
  keeper.stop();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('when plans are made', () => {
  it('makes one at once, for JavaScript may be blocked next, and one of many touches after it', () => {
    add('a');
    for (let times = 0; times < 1000; times++) keeper.touch();
    expect(plans()).toEqual([[1]]);
    jest.advanceTimersByTime(20);
    expect([plans(), jest.getTimerCount()]).toEqual([[[1], [1]], 1]);
  });

  it('makes at most one in 20 ms', () => {
    for (let ms = 0; ms < 1000; ms++) {
      keeper.touch();
      jest.advanceTimersByTime(1);
    }
    expect(plans().length).toBeGreaterThan(40);
    expect(plans().length).toBeLessThanOrEqual(51);
  });

  it('spends a fifth of the time on it at most', () => {
    rank.mockImplementation((...args) => {
      jest.setSystemTime(Date.now());
      jest.advanceTimersByTime(10); // a slow policy
      return inOrder.rank(...args);
    });
    for (let ms = 0; ms < 2000; ms += 10) {
      keeper.touch();
      jest.advanceTimersByTime(10);
    }
    expect(plans().length).toBeGreaterThan(20);
    expect(plans().length).toBeLessThanOrEqual(42);
  });

  it('however long one takes, the next comes half a second after it at most: a plan without a new worker kills its neighbours', () => {
    rank.mockImplementation((...args) => {
      jest.advanceTimersByTime(400); // preempted, on a machine that is overloaded
      return inOrder.rank(...args);
    });
    keeper.touch();
    add('late');
    keeper.touch();
    jest.advanceTimersByTime(500);
    expect(plans().at(-1)).toEqual([1]);
  });

  it.each([[500, 0], [501, 4], [NaN, 0], [Infinity, 4]])('with %d bytes of 1000, %d in the next second without a touch', (bytes, count) => {
    pinnedBytes = bytes;
    jest.advanceTimersByTime(1100);
    expect(plans()).toHaveLength(count);
  });

  it('nobody can tell how the limit stands: no plan by itself, but one when touched', () => {
    readable = false;
    jest.advanceTimersByTime(1100);
    expect(plans()).toEqual([]);
    refresh();
    expect(rank.mock.calls[0]?.[1]).toMatchObject({ bytesToFree: 0, minVictimBytes: 0, breach: { usage: {}, limits: {} } });
  });
});

describe('who is in a plan', () => {
  it('all that the policy ranks, in its order, without those that are protected or cannot be named, and last those that die', () => {
    for (const id of 'abcde') add(id);
    const [, b, , d] = workers;
    if (b) b.dying = true;
    if (d) d.victim = undefined;
    rank.mockImplementation((all) => inOrder.rank(all.filter(({ id }) => id !== 'e').toReversed(), {} as never));
    refresh();
    expect(plans()).toEqual([[3, 1, 2]]);
    expect(rank.mock.calls[0]).toMatchObject([[{ id: 'a' }, { id: 'c' }, { id: 'd' }, { id: 'e' }], { bytesToFree: 5, dyingBytes: 0, minVictimBytes: 10, breach: { short: true } }]);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => { throw new Error('oops'); }],
    ['returns strangers', () => [{ id: 'x', reason: 'a stranger' }]],
    ['returns one twice', () => ['a', 'a'].map((id) => ({ id, reason: 'twice' }))],
    ['returns nothing', () => undefined],
  ])('of a policy that %s: as byStartTime() has it, which the plan says', (_, bad) => {
    add('a');
    rank.mockImplementation(bad as never);
    refresh();
    expect(plans()).toEqual([[1]]);
    expect(keeper.planFor(asScope(pool()), 1)?.ranking).toMatchObject({ policy: 'byStartTime', policyError: expect.stringContaining('"test" was not used') as string });
  });

  it('a group has only its own; the pool has all', () => {
    const group = scopeOf('g');
    scopes.push(group, scopeOf('empty'));
    add('a');
    add('b', 'g');
    refresh();
    expect(scopes.map(plans)).toEqual([[[1, 2]], [[2]], [[]]]);
  });

  it('one that the native thread does not kill for has none', () => {
    scopes.push({ ...scopeOf('w'), takeover: undefined } as never);
    add('a');
    refresh();
    expect([plans(), rank.mock.calls.length]).toEqual([[[1]], 1]);
  });
});

describe('those that are dying', () => {
  it('stay in the plan, behind all others, so that nobody dies for what they are about to give back', () => {
    const [a] = ['a', 'b'].map((id) => add(id));
    refresh();
    if (a) a.dying = true;
    refresh();
    expect(plans()).toEqual([[1, 2], [2, 1]]);
    expect([keeper.planFor(asScope(pool()), 2)?.ids, idsOf(rank.mock.calls.at(-1)?.[0] ?? [])]).toEqual([new Map([[2, 'b']]), ['b']]);
  });

  it('are not waited for when they do not die, nor named when they have no name', () => {
    for (const id of ['stuck', 'nameless', 'c']) Object.assign(add(id), { dying: id !== 'c', stuck: id === 'stuck', ...(id === 'nameless' && { victim: undefined }) });
    refresh();
    expect(plans()).toEqual([[3]]);
  });
});

describe('planFor()', () => {
  it('knows the last plan', () => {
    const scope = asScope(pool());
    const a = add('a');
    expect(keeper.planFor(scope, 1)).toBeUndefined();
    refresh();
    expect([idsOf(keeper.planFor(scope, 1)?.candidates ?? []), keeper.planFor(scope, 1)?.ids]).toEqual([['a'], new Map([[1, 'a']])]);
    a.dying = true;
    add('b');
    refresh();
    expect(keeper.planFor(scope, 2)?.ids).toEqual(new Map([[2, 'b']]));
    expect(keeper.planFor(scope, 1)).toBeUndefined();
    expect(keeper.planFor(asScope(scopeOf()), 2)).toBeUndefined();
  });

  it('knows whom the native thread has killed while the next plan was made, until that is told', () => {
    const scope = pool();
    const a = add('a');
    add('b');
    refresh();
    // It claims a victim first: by then JavaScript passes it over.
    scope.takeover.untold.mockImplementationOnce(() => {
      a.dying = true;
      return [];
    }).mockReturnValue([{}]);
    refresh();
    expect([plans().at(-1), keeper.planFor(asScope(scope), 1)?.ids.get(1), keeper.planFor(asScope(scope), 2)?.ids.size]).toEqual([[2, 1], 'a', 1]);
    scope.takeover.untold.mockReturnValue([]);
    refresh();
    expect(keeper.planFor(asScope(scope), 1)).toBeUndefined();
  });

  it('keeps the plan that the native thread has killed by until that is told', () => {
    const scope = pool();
    add('a');
    refresh();
    scope.takeover.untold.mockReturnValue([{}]);
    add('b');
    pinnedBytes = 900;
    refresh();
    jest.advanceTimersByTime(5000);
    expect([plans(), keeper.planFor(asScope(scope), 1)?.ids]).toEqual([[[1]], new Map([[1, 'a']])]);
    scope.takeover.untold.mockReturnValue([]);
    refresh();
    expect(plans()).toEqual([[1], [1, 2]]);
  });
});

describe('an inspector', () => {
  it('that is attached: all is disarmed, until it has gone', () => {
    add('a');
    url = 'ws://127.0.0.1:9229/x';
    refresh();
    expect([plans(), pool().takeover.disarm.mock.calls.length]).toEqual([[], 1]);
    url = undefined;
    refresh();
    expect(plans()).toEqual([[1]]);
  });

  it('that comes, and goes: noticed without a touch, also in an empty pool', () => {
    add('a');
    refresh();
    url = 'ws://127.0.0.1:9229/x';
    jest.advanceTimersByTime(300);
    expect(pool().takeover.disarm.mock.calls).toHaveLength(1);
    url = undefined;
    jest.advanceTimersByTime(300);
    expect(plans()).toEqual([[1], [1]]);
  });

  it('does not matter where the user says so', () => {
    keeper.stop();
    keeper = keep(true);
    add('a');
    url = 'ws://127.0.0.1:9229/x';
    refresh();
    expect(plans()).toEqual([[1]]);
  });
});

describe('stop()', () => {
  it('disarms all, leaves no timer, and nothing is armed after it; twice is fine', () => {
    scopes.push(scopeOf('g'));
    add('a');
    refresh();
    pinnedBytes = 900;
    keeper.touch();
    keeper.stop();
    expect([scopes.map(({ takeover }) => takeover.disarm.mock.calls.length), jest.getTimerCount()]).toEqual([[1, 1], 0]);
    keeper.stop();
    keeper.touch();
    jest.advanceTimersByTime(1000);
    expect([plans(), jest.getTimerCount()]).toEqual([[[1], [1]], 0]);
  });

  it('in the policy: nothing is armed any more', () => {
    scopes.push(scopeOf('g'));
    add('a');
    rank.mockImplementationOnce((...args) => {
      keeper.stop();
      return inOrder.rank(...args);
    });
    refresh();
    expect(scopes.map(plans)).toEqual([[], []]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
