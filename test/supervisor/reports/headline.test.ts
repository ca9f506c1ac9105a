import { headline } from '../../../lib/supervisor/reports/headline';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { candidate } from '../../policy/candidates';
import { reportOf, victim } from './reports-of';

const none = { victims: [], decisions: [] };
const stuck = victim('b', { died: false });

it.each<[Partial<ReliefReport>, string]>([
  [{}, 'Spillway killed the worker build-7 because the pool jobs ran short of memory; the shortage is over.'],
  [{ victims: [victim('a'), victim('b')] }, 'Spillway killed the workers a and b because the pool jobs ran short of memory; the shortage is over.'],
  [{ victims: ['a', 'b', 'c', 'd', 'e'].map((id) => victim(id)), limit: { level: 'group', id: 'free' } }, 'Spillway killed 5 workers (a, b, c and 2 more) because the group free of the pool jobs ran short of memory; the shortage is over.'],
  [{ victims: [victim('a', { signal: 'SIGTERM' }), victim('b')] }, 'Spillway killed the worker b and ended the worker a because the pool jobs ran short of memory; the shortage is over.'],
  [{ victims: [victim('a'), stuck] }, 'Spillway killed the worker a and tried to kill the worker b, which did not die, because the pool jobs ran short of memory; the shortage is over.'],
  [{ victims: [stuck], outcome: 'no-candidate' }, 'Spillway tried to kill the worker b, which did not die, because the pool jobs ran short of memory; that was not enough, and nobody else may be killed.'],
  [{ limit: { level: 'worker', id: 'a' }, victims: [victim('a')] }, 'Spillway killed the worker a because it used more memory than its own mark allows; the shortage is over.'],
  [{ outcome: 'closed' }, 'Spillway killed the worker build-7 because the pool jobs ran short of memory; then the supervisor was closed, before the shortage was over.'],
  [{ outcome: 'unreadable' }, 'Spillway killed the worker build-7 because the pool jobs ran short of memory; after that its memory could not be read any more.'],
  [{ ...none }, 'The pool jobs ran short of memory, and the shortage passed without a kill.'],
  [{ ...none, outcome: 'closed' }, 'The supervisor was closed while the pool jobs was short of memory; nobody was killed for it.'],
  [{ ...none, outcome: 'unreadable' }, 'Spillway could not read how much memory the pool jobs uses, and killed nobody.'],
  [{ ...none, outcome: 'no-candidate' }, 'The pool jobs is short of memory, and Spillway killed nobody: none of the workers that may be killed was left.'],
  [{ ...none, outcome: 'no-candidate', ranking: [] }, 'The pool jobs is short of memory, and Spillway killed nobody: all 3 workers are protected by the policy.'],
  [{ ...none, outcome: 'no-candidate', ranking: [], candidates: [candidate('a')] }, 'The pool jobs is short of memory, and Spillway killed nobody: its only worker is protected by the policy.'],
  [{ ...none, outcome: 'no-candidate', ranking: [], candidates: [] }, 'The pool jobs is short of memory, and Spillway killed nobody: there is no worker left to kill.'],
  [{ dryRun: true, outcome: 'dry-run' }, 'Dry run: the pool jobs ran short of memory, and Spillway would have killed the worker build-7.'],
  [{ ...none, dryRun: true, outcome: 'no-candidate' }, 'Dry run: the pool jobs ran short of memory, and Spillway would have killed nobody.'],
  [{ pool: 'a\x1b[2J\n', victims: [victim('x'.repeat(100))] }, `Spillway killed the worker ${'x'.repeat(63)}… because the pool a?[2J? ran short of memory; the shortage is over.`],
])('%j', (given, expected) => {
  expect(headline(reportOf(given))).toBe(expected);
});
