import { advice } from '../../../lib/supervisor/reports/advice';
import type { ReliefReport, TimelineEntry } from '../../../lib/supervisor/types';
import { candidate, GiB, MiB } from '../../policy/candidates';
import { decision, jobs, reportOf, state, victim } from './reports-of';

const stuckIn = (stuckState: string, waitsFor?: string): Partial<ReliefReport> => ({ victims: [victim('a', { died: false, stuck: { state: stuckState, ...(waitsFor !== undefined && { waitsFor }) } })] });
const native = (timeline: TimelineEntry[], atMs: number): Partial<ReliefReport> => ({ decisions: [decision(jobs, { by: 'native', victim: 'build-7', atMs })], timeline });
const none = { victims: [], decisions: [] };

it('says nothing where nothing stands out', () => {
  expect(advice(reportOf())).toEqual([]);
});

it.each<[string, Partial<ReliefReport>, string]>([
  ['everybody is protected', { ...none, outcome: 'no-candidate', ranking: [] }, 'The policy byStartTime protects everybody'],
  ['not enough may be killed', { outcome: 'no-candidate' }, 'What may be killed was not enough'],
  ['no worker holds it', { ...none, outcome: 'no-candidate', candidates: [], ranking: [] }, 'The memory is not held by workers that could be killed. Raise'],
  ['shared memory holds it', { ...none, outcome: 'no-candidate', candidates: [], ranking: [], before: state(GiB, { usage: { pinnedBytes: GiB, shmemBytes: 900 * MiB } }) }, '900 MiB of it is shared memory or files in a tmpfs'],
  ['unreadable', { ...none, outcome: 'unreadable' }, 'Its files could not be read'],
  ['a victim that sleeps in the kernel', stuckIn('D', 'nfs_wait'), "a did not die: it sleeps in the kernel (nfs_wait) and cannot be killed before that ends, mostly a disk, NFS or FUSE that does not answer. Look at that; 'cat /proc/4711/stack'"],
  ['a zombie', stuckIn('Z'), 'a did not die: its main process is dead, but not reaped'],
  ['a victim that was stopped', stuckIn('t'), 'a did not die: it was stopped, or a debugger holds it'],
  ['a victim that runs on', stuckIn('R'), 'a did not die: its state was still R'],
  ['a victim of unknown state', { victims: [victim('a', { died: false })] }, 'a did not die: its state was still unknown'],
  ['JavaScript never came', native([{ atMs: 0, step: 'noticed' }, { atMs: 160, step: 'ended' }], 101), "The supervisor's JavaScript was blocked for 101 ms or longer"],
  ['JavaScript came late', native([{ atMs: 0, step: 'noticed' }, { atMs: 2830, step: 'leased' }], 101), "The supervisor's JavaScript was blocked for 2.8 s or longer"],
  ['JavaScript stopped half way', native([{ atMs: 0, step: 'noticed' }, { atMs: 5, step: 'leased' }, { atMs: 20, step: 'reclaimed', id: 'x' }], 200), "The supervisor's JavaScript was blocked for 180 ms or longer"],
  ['JavaScript was slow', { timeline: [{ atMs: 0, step: 'noticed' }, { atMs: 80, step: 'leased' }] }, "The supervisor's JavaScript took 80 ms to begin"],
  ['the policy failed', { policyError: 'x' }, 'Mend the policy: as long as it fails, byStartTime chooses in its place.'],
  ['a worker larger than half the mark', { victims: [victim('a', { freeableBytes: 600 * MiB })] }, 'a (600 MiB) held more than half of what the pool jobs may hold'],
  ['many small victims', { victims: ['a', 'b', 'c'].map((id) => victim(id, { freeableBytes: 9 * MiB })) }, '3 workers died, each holding less than a tenth of the mark'],
  ['a worker over its own mark', { limit: { level: 'worker', id: 'build-7' } }, 'If its work needs more, give it a higher mark'],
  ['a death that gave little', { timeline: [{ atMs: 9, step: 'freed', id: 'build-7', bytes: 20 * MiB }] }, 'The death of build-7 gave back 20 MiB of 412 MiB'],
  ['a limit that was hit again', { timeline: [{ atMs: 9, step: 'extended' }, { atMs: 11, step: 'extended' }] }, 'The limit was hit 2 more times during the round'],
  ['a mark that was raised', { after: state(640 * MiB, { markBytes: 2 * GiB }) }, 'The mark was raised during the round. Raised before, it would have spared the victims.'],
  ['a mark that was lowered', { after: state(640 * MiB, { markBytes: 700 * MiB }) }, 'The mark was lowered during the round'],
  ['a reclaimer that failed', { reclaimed: [{ name: 'cache', askedBytes: 1, givenBytes: 0, tookMs: 1, error: 'it threw' }] }, 'cache gave back nothing when it was needed: it threw.'],
  ['a worker that could not be warned', { warned: [{ id: 'a', how: 'ipc', error: 'gone' }] }, 'a could not be warned (by message): gone.'],
  ['a work that dies again and again', { candidates: [candidate('build-7', { attempt: 2 })] }, 'The work of build-7 was on its attempt 3'],
])('%s', (_what, given, expected) => {
  expect(advice(reportOf(given))).toEqual([expect.stringContaining(expected)]);
});

it('is bounded', () => {
  const victims = Array.from({ length: 50 }, (_, at) => victim(`v${at}`, { died: false, stuck: { state: 'D' } }));
  const warned = victims.map(({ id }) => ({ id, how: 'ipc' as const, error: 'gone' }));
  expect(advice(reportOf({ victims, warned, policyError: 'x', outcome: 'no-candidate' })).length).toBeLessThanOrEqual(8);
});
