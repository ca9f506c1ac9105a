import { Cgroup } from '../../../lib/cgroup/cgroup';
import { OomLedger } from '../../../lib/supervisor/containment/oom-ledger';
import { eventsText, FixtureCgroup } from '../../support/fixture-cgroup';

let fixture: FixtureCgroup;
let ledger: OomLedger;
const setOoms = (oom: number): void => void fixture.write('memory.events.local', eventsText({ oom, oom_kill: 99 }));
const others = () => true;
const nobody = () => false;
beforeEach(() => {
  fixture = new FixtureCgroup();
  setOoms(5);
  ledger = new OomLedger(new Cgroup(fixture.directory));
});
afterEach(() => {
  fixture.remove();
});

it('what was there before it answers for nobody', () => {
  expect([ledger.take(nobody), ledger.take(others)]).toEqual([false, false]);
});

it('one oom answers for one victim', () => {
  setOoms(6);
  expect([ledger.take(nobody), ledger.take(nobody)]).toEqual([true, false]);
});

it('with nobody waiting, the rest is forgotten', () => {
  setOoms(9);
  expect([ledger.take(nobody), ledger.take(nobody)]).toEqual([true, false]);
});

it('with others waiting, the rest is kept for them', () => {
  setOoms(8);
  expect([ledger.take(others), ledger.take(others), ledger.take(nobody), ledger.take(nobody)]).toEqual([true, true, true, false]);
});

it('forgets what needs no victim any more', () => {
  setOoms(7);
  ledger.forget(nobody);
  expect(ledger.take(nobody)).toBe(false);
  setOoms(8);
  expect(ledger.take(nobody)).toBe(true);
});

it('does not forget while others wait for it', () => {
  setOoms(6);
  ledger.forget(others);
  expect([ledger.take(nobody), ledger.take(nobody)]).toEqual([true, false]);
});

it('does not ask for others when there is nothing to take', () => {
  const ask = jest.fn(nobody);
  ledger.take(ask);
  ledger.forget(ask);
  expect(ask).not.toHaveBeenCalled();
});

it('a file without the key tells of none', () => {
  fixture.write('memory.events.local', 'high 7\n');
  expect(ledger.take(nobody)).toBe(false);
});

it('a cgroup that cannot be read is an error, not a verdict', () => {
  fixture.delete('memory.events.local');
  expect(() => ledger.take(nobody)).toThrow(expect.objectContaining({ name: 'SpillwayError' }) as Error);
});
