import type { Clock } from '../../../lib/clock';
import type { LimitScope } from '../../../lib/supervisor/containment/types';
import { Helpless } from '../../../lib/supervisor/relief/helpless';
import { need } from '../../policy/candidates';

const clock: Clock = { now: () => performance.now(), wait: () => Promise.resolve() };
const [pool, group] = [{ level: 'pool' }, { level: 'group' }] as LimitScope[] as [LimitScope, LimitScope];
const breach = (sequence: number) => ({ ...need(0).breach, sequence });
let looks: [string, number][];
let helpless: Helpless;
beforeEach(() => {
  jest.useFakeTimers();
  looks = [];
  helpless = new Helpless(clock, ({ level }, { sequence }) => void looks.push([level, sequence]));
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});
const holds = (sequence: number, scope = pool): boolean => helpless.holds(scope, breach(sequence));

it('holds nothing of a limit that is not known, and nothing after the rest', () => {
  expect([helpless.has(pool), holds(1)]).toEqual([false, false]);
  helpless.add(pool, helpless.changes, true);
  jest.advanceTimersByTime(500);
  expect([helpless.has(pool), holds(2), looks]).toEqual([true, false, []]);
});

it('what comes in the rest is looked at once after it, the last of it', () => {
  helpless.add(pool, helpless.changes, true);
  jest.advanceTimersByTime(100);
  expect([holds(1), holds(2), holds(1, group)]).toEqual([true, true, false]);
  jest.advanceTimersByTime(399);
  expect(looks).toEqual([]);
  jest.advanceTimersByTime(1);
  expect([looks, holds(3)]).toEqual([[['pool', 2]], false]);
});

it('ends the rest when somebody has come, with a look where one was held back', () => {
  helpless.add(pool, helpless.changes, true);
  helpless.add(group, helpless.changes, true);
  holds(1);
  helpless.changed();
  helpless.changed();
  expect([looks, holds(2), holds(3, group), helpless.has(pool)]).toEqual([[['pool', 1]], false, false, true]);
});

it.each<[string, () => void]>([
  ['somebody has come since its round began', () => { helpless.changed(); }],
  ['it was over since its round began', () => { helpless.delete(pool); }],
])('does not begin to rest when %s', (_what, happen) => {
  const { changes } = helpless;
  happen();
  helpless.add(pool, changes, true);
  expect([holds(1), helpless.has(pool)]).toEqual([false, true]);
});

it('does not rest where it may not', () => {
  helpless.add(pool, helpless.changes, false);
  expect(holds(1)).toBe(false);
});

it('forgets one that is over, and what was held back', () => {
  helpless.add(pool, helpless.changes, true);
  holds(1);
  helpless.delete(pool);
  jest.advanceTimersByTime(1000);
  expect([looks, helpless.has(pool), holds(2)]).toEqual([[], false, false]);
});
