import fs from 'node:fs';
import { KernelKillCounter } from '../../../lib/supervisor/containment/kernel-kill-counter';

function counting(start: number | undefined): { counter: KernelKillCounter; set: (to: number | undefined) => void } {
  let count = start;
  const counter = new KernelKillCounter([() => count]);
  return { counter, set: (to) => void (count = to) };
}

it('counts from its start on, and answers for each kill once', () => {
  const { counter, set } = counting(5);
  expect([counter.total(), counter.take()]).toEqual([0, false]);
  set(7);
  expect([counter.total(), counter.take(), counter.take(), counter.take(), counter.total()]).toEqual([2, true, true, false, 2]);
});

it('takes the first source that can tell', () => {
  expect(new KernelKillCounter([() => undefined, () => 3, () => { throw new Error('not asked'); }]).total()).toBe(0);
});

it('where nothing tells, the total is not known and nobody is accused', () => {
  const counter = new KernelKillCounter([() => undefined, () => undefined]);
  expect([counter.total(), counter.take()]).toEqual([undefined, false]);
});

it('a source that cannot be read for a moment is not 0, and loses nothing', () => {
  const { counter, set } = counting(5);
  set(undefined);
  expect([counter.total(), counter.take()]).toEqual([undefined, false]);
  set(6);
  expect([counter.total(), counter.take()]).toEqual([1, true]);
});

it('one that shrinks goes on from there: no kill is made up, none that follows is missed', () => {
  const { counter, set } = counting(100);
  set(101);
  expect(counter.take()).toBe(true);
  set(3);
  expect([counter.total(), counter.take()]).toEqual([expect.any(Number), false]);
  expect(counter.total()).toBeGreaterThanOrEqual(0);
  set(4);
  expect([counter.take(), counter.take()]).toEqual([true, false]);
});

it('a number that is longer than any counter is held, and no kill', () => {
  jest.spyOn(fs, 'readFileSync').mockReturnValue(`oom_kill ${'9'.repeat(400)}\n`);
  const counter = new KernelKillCounter();
  expect([counter.total(), counter.take()]).toEqual([0, false]);
  jest.restoreAllMocks();
});

it('finds a source on this machine', () => {
  expect(new KernelKillCounter().total()).toBe(0);
});
