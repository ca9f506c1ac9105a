import { RoundRecord } from '../../../lib/supervisor/relief/round-record';
import type { PoolState, ReliefReport } from '../../../lib/supervisor/types';
import { candidate } from '../../policy/candidates';
import { breach } from '../../support/fake-round';
import { FakeClock } from '../../support/fixture-pool';

const state: PoolState = { usage: {}, limits: {}, short: true, markBytes: 1000, bytesToFree: 1 };
const clock = new FakeClock();
let record: RoundRecord;
beforeEach(() => {
  clock.nowMs = 1000;
  record = new RoundRecord(breach, { reportId: 'r', pool: 'pool', level: 'worker', id: 'w', dryRun: true }, clock);
});
const report = (): ReliefReport => record.report('relieved', state, { ...state, short: false }, 'chosen');

it('without anything: whose limit, what was heard, and the policy that was not asked', () => {
  expect(report()).toMatchObject({
    schemaVersion: 1, reportId: 'r', pool: 'pool', limit: { level: 'worker', id: 'w' }, breach, dryRun: true, outcome: 'relieved', policy: 'chosen', ranking: [], candidates: [], victims: [],
    timeline: [{ atMs: 0, step: 'noticed' }],
  });
  expect(report()).not.toHaveProperty('policyError');
});

it('measures time from the notice, and sorts what is told late; at the same time the order stays', () => {
  record.mark('leased');
  clock.advance(5);
  record.mark('measured');
  record.mark('decided', { id: 'a', atMs: 12 });
  record.mark('signalled', { id: 'a', atMs: 12 });
  record.mark('exited', { id: 'a', atMs: -1 });
  expect(report().timeline.map(({ step, atMs }) => [step, atMs])).toEqual([['exited', -1], ['noticed', 0], ['leased', 10], ['decided', 12], ['signalled', 12], ['measured', 15]]);
});

it('extensions one after the other are one, and others once something else has happened', () => {
  for (const step of ['extended', 'extended', 'measured', 'extended', 'extended'] as const) record.mark(step);
  expect(report().timeline.map(({ step }) => step)).toEqual(['noticed', 'extended', 'measured', 'extended']);
});

it('keeps each candidate as it was seen first, and the first ranking', () => {
  record.weigh([candidate('a', { freeableBytes: 1 })], { ranking: [{ id: 'a', reason: 'first' }], policy: 'p' });
  record.weigh([candidate('a', { freeableBytes: 2 }), candidate('b')], { ranking: [{ id: 'b', reason: 'second' }], policy: 'p' });
  expect(report()).toMatchObject({ candidates: [{ id: 'a', freeableBytes: 1 }, { id: 'b' }], ranking: [{ reason: 'first' }], policy: 'p' });
});

it('that a policy failed is told, the first time, whenever it was', () => {
  const ranking = [{ id: 'a', reason: 'x' }];
  record.weigh([], { ranking, policy: 'p' });
  for (const policyError of ['one', 'two']) record.weigh([], { ranking: [], policy: 'byStartTime', policyError });
  expect(report()).toMatchObject({ ranking, policy: 'byStartTime', policyError: 'one' });
});

it('a report that was made does not change any more in its time line', () => {
  const made = report();
  record.mark('ended');
  expect(made.timeline).toHaveLength(1);
});
