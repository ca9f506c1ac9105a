import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { explain } from '../../../lib/supervisor/reports/explain';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { candidate, GiB, MiB } from '../../policy/candidates';
import { arbitraryReport } from './arbitrary-report';
import { breachOf, decision, jobs, reportOf, state, victim } from './reports-of';

/** JavaScript was blocked; idle memory and a warning were tried. */
const takenOver = reportOf({
  before: state(1200 * MiB), after: state(700 * MiB),
  reclaimed: [
    { name: 'warm pool', askedBytes: 227 * MiB, givenBytes: 10 * MiB, tookMs: 3.2 },
    { name: 'cache', askedBytes: 217 * MiB, givenBytes: 0, tookMs: 50, error: 'it took longer than 50 ms' },
  ],
  warned: [{ id: 'build-3', how: 'ipc' }, { id: 'db', how: 'signal', error: 'ESRCH' }],
  victims: [victim('build-7', { by: 'native', freeableBytes: 600 * MiB, reason: 'busy with a task that can be retried, started last of 2 such workers' })],
  decisions: [decision(jobs, { atMs: 112, by: 'native', victim: 'build-7' })],
  timeline: [
    { atMs: 0, step: 'noticed' }, { atMs: 1.5, step: 'leased' }, { atMs: 1.6, step: 'measured' }, { atMs: 5.1, step: 'reclaimed', id: 'warm pool', bytes: 10 * MiB }, { atMs: 5.3, step: 'warned', id: 'build-3' },
    { atMs: 112, step: 'decided', id: 'build-7' }, { atMs: 112.1, step: 'signalled', id: 'build-7' }, { atMs: 160, step: 'exited', id: 'build-7' },
    { atMs: 161, step: 'freed', id: 'build-7', bytes: 500 * MiB }, { atMs: 161.4, step: 'ended' },
  ],
});

const nobodyMayDie = reportOf({
  outcome: 'no-candidate', after: state(1050 * MiB), ranking: [], victims: [], policy: 'careful', decisions: [decision(jobs, { atMs: 1.4 })],
  timeline: [{ atMs: 0, step: 'noticed' }, { atMs: 1, step: 'leased' }, { atMs: 1.2, step: 'measured' }, { atMs: 1.5, step: 'ended' }],
});

const stuckInGroup = reportOf({
  limit: { level: 'group', id: 'tenant-7' },
  victims: [victim('build-7', { died: false, stuck: { state: 'D', waitsFor: 'nfs_wait_bit_killable' } }), victim('build-3', { freeableBytes: 300 * MiB, pid: 4710 })],
  decisions: [decision(jobs, { victim: 'build-7' }), decision(jobs.slice(0, 2), { victim: 'build-3', atMs: 2003, dyingBytes: 400 * MiB })],
  timeline: [
    { atMs: 0, step: 'noticed' }, { atMs: 1.2, step: 'leased' }, { atMs: 2.5, step: 'decided', id: 'build-7' }, { atMs: 2.6, step: 'signalled', id: 'build-7' }, { atMs: 2002.7, step: 'stuck', id: 'build-7' },
    { atMs: 2003, step: 'decided', id: 'build-3' }, { atMs: 2003.2, step: 'signalled', id: 'build-3' }, { atMs: 2031, step: 'exited', id: 'build-3' }, { atMs: 2032, step: 'freed', id: 'build-3', bytes: 290 * MiB }, { atMs: 2032.1, step: 'ended' },
  ],
});

const ownMark = reportOf({
  limit: { level: 'worker', id: 'build-7' }, before: state(130 * MiB, { markBytes: 128 * MiB }), after: state(0, { usage: {}, markBytes: 128 * MiB }), policy: 'ownMark',
  candidates: [candidate('build-7', { freeableBytes: 128 * MiB, attempt: 2 })], ranking: [{ id: 'build-7', reason: 'over its own mark of 128 MiB' }],
  victims: [victim('build-7', { signal: 'SIGTERM', freeableBytes: 128 * MiB, reason: 'over its own mark of 128 MiB' })],
});

const dryRun = reportOf({
  dryRun: true, outcome: 'dry-run', after: state(1044 * MiB), victims: [victim('build-7', { died: false, freeableBytes: 412 * MiB })],
  timeline: [{ atMs: 0, step: 'noticed' }, { atMs: 1, step: 'leased' }, { atMs: 1.2, step: 'measured' }, { atMs: 2.5, step: 'decided', id: 'build-7' }, { atMs: 2.6, step: 'ended' }],
});

/** Five hundred small workers, a policy that fails, and a mark that is raised meanwhile; without cgroups. */
const crowd = reportOf({
  before: state(1044 * MiB), after: state(1044 * MiB, { markBytes: 2 * GiB }), policyError: 'the policy "mine" was not used: it threw Error: oops',
  breach: breachOf(state(1044 * MiB), { source: 'threshold', usedBytes: 1044 * MiB, thresholdBytes: GiB, totalBytes: GiB, level: 'all processes of the pool', basis: 'anon-shmem' }),
  candidates: Array.from({ length: 500 }, (_, at) => candidate(`w${at}`, { freeableBytes: 3 * MiB })),
  ranking: Array.from({ length: 400 }, (_, at) => ({ id: `w${at}`, reason: 'idle, so no work is lost' })),
  victims: Array.from({ length: 12 }, (_, at) => victim(`w${at}`, { freeableBytes: 3 * MiB, pid: 5000 + at, reason: 'idle, so no work is lost' })),
  timeline: [{ atMs: 0, step: 'noticed' }, ...Array.from({ length: 40 }, (_, at) => ({ atMs: at + 1, step: 'measured' as const })), { atMs: 60, step: 'ended' }],
});

const passed = reportOf({
  victims: [], decisions: [], ranking: [], candidates: [], before: state(900 * MiB), after: state(900 * MiB),
  reclaimed: [{ name: 'warm pool', askedBytes: 72 * MiB, givenBytes: 140 * MiB, tookMs: 3.2 }],
  timeline: [{ atMs: 0, step: 'noticed' }, { atMs: 1, step: 'leased' }, { atMs: 4.2, step: 'reclaimed', id: 'warm pool', bytes: 140 * MiB }, { atMs: 4.3, step: 'measured' }, { atMs: 4.4, step: 'ended' }],
});

it.each<[string, ReliefReport, string]>([
  ['one victim', reportOf(), `
Spillway killed the worker build-7 because the pool jobs ran short of memory; the shortage is over.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 1.02 GiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows down every
process in it that asks for memory. To get safely below it, 71.2 MiB had to be freed.

build-7 (process 4711, holding 412 MiB) was chosen for this reason: busy with a task that can be
retried, started last of 2 such workers. The policy byStartTime weighed 3 workers, of which it
protects 1.

Nothing was tried first: no idle memory was asked for, and no worker was warned.

The choice was made by the supervisor's JavaScript, 2 ms after the shortage was noticed. From the
first notice to relief it took 37 ms; for so long the kernel held back all workers of the pool.

In the end it held 640 MiB of 1 GiB.

Weighed
     worker      size             why
  1  build-7  412 MiB  killed     busy with a task that can be retried, started last of 2 such
                                  workers
  2  build-3  300 MiB  kept       busy with a task that can be retried, started 4 s before the
                                  newest of 2 such workers
  -  db       120 MiB  protected  the policy leaves it out

Time line
   0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
   1.2 ms  the supervisor's JavaScript began to deal with it
   1.3 ms  limits and memory were read anew
   2.5 ms  build-7 was chosen
   2.6 ms  build-7 was sent SIGKILL
  37.0 ms  build-7 was gone, with all its processes
  37.9 ms  410 MiB had come back
  38.2 ms  the round was over

What to change
  - Nothing in this report stands out. Whether it happens often, one report does not tell.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['the native thread, with JavaScript blocked', takenOver, `
Spillway killed the worker build-7 because the pool jobs ran short of memory; the shortage is over.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 1.17 GiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows down every
process in it that asks for memory. To get safely below it, 227 MiB had to be freed.

build-7 (process 4711, holding 600 MiB) was chosen for this reason: busy with a task that can be
retried, started last of 2 such workers. The policy byStartTime weighed 3 workers, of which it
protects 1.

To begin with, idle memory was asked for: warm pool gave back 10 MiB (wanted: 227 MiB) within 4 ms;
cache gave nothing back (it took longer than 50 ms). 1 worker was asked to give memory back
(build-3). 1 worker could not be asked.

The choice was made by Spillway's native thread, because the supervisor's JavaScript was blocked: it
gave no sign for 106 ms or longer. From the first notice to relief it took 161 ms; for so long the
kernel held back all workers of the pool.

In the end it held 700 MiB of 1 GiB.

Weighed
     worker      size             why
  1  build-7  600 MiB  killed     busy with a task that can be retried, started last of 2 such
                                  workers
  2  build-3  300 MiB  kept       busy with a task that can be retried, started 4 s before the
                                  newest of 2 such workers
  -  db       120 MiB  protected  the policy leaves it out

Time line
    0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
    1.5 ms  the supervisor's JavaScript began to deal with it
    1.6 ms  limits and memory were read anew
    5.1 ms  warm pool gave back idle memory: 10 MiB
    5.3 ms  build-3 was asked to give memory back
  112.0 ms  build-7 was chosen
  112.1 ms  build-7 was sent SIGKILL
  160.0 ms  build-7 was gone, with all its processes
  161.0 ms  500 MiB had come back
  161.4 ms  the round was over

What to change
  - The supervisor's JavaScript was blocked for 106 ms or longer. Find what runs for so long at a
    stretch in the supervisor (synchronous calls, large JSON, garbage collection), and move it to a
    worker thread.
  - build-7 (600 MiB) held more than half of what the pool jobs may hold. Give such workers a mark
    of their own (memory.highBytes), and they die before the others are held back; or raise
    limits.highBytes.
  - cache gave back nothing when it was needed: it took longer than 50 ms.
  - db could not be warned (by signal): ESRCH.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['nobody may die', nobodyMayDie, `
The pool jobs is short of memory, and Spillway killed nobody: all 3 workers are protected by the
policy.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 1.02 GiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows down every
process in it that asks for memory. To get safely below it, 71.2 MiB had to be freed.

The policy careful weighed 3 workers, of which it protects all.

The supervisor's JavaScript looked for somebody to kill 1 ms after the shortage was noticed, and
found nobody. The round took 1 ms, and the kernel goes on holding back all workers of the pool.

In the end it held 1.03 GiB of 1 GiB; 77.2 MiB still had to be freed.

Weighed
     worker      size             why
  -  build-7  412 MiB  protected  the policy leaves it out
  -  build-3  300 MiB  protected  the policy leaves it out
  -  db       120 MiB  protected  the policy leaves it out

Time line
  0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
  1.0 ms  the supervisor's JavaScript began to deal with it
  1.2 ms  limits and memory were read anew
  1.5 ms  the round was over

What to change
  - The policy careful protects everybody, so the kernel's OOM killer decides when memory runs out.
    Let it rank at least the work that can be repeated, or raise limits.highBytes.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['a victim that does not die, in a group', stuckInGroup, `
Spillway killed the worker build-3 and tried to kill the worker build-7, which did not die, because
the group tenant-7 of the pool jobs ran short of memory; the shortage is over.

2026-11-21 03:12:09 UTC, host ci-4: the group tenant-7 of the pool jobs held 1.02 GiB of memory that
could not be reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows
down every process in it that asks for memory. To get safely below it, 71.2 MiB had to be freed.

build-7 (process 4711, holding 400 MiB) was chosen for this reason: busy with a task that can be
retried, the only such worker. It did not die in time: its state is D, waiting in the kernel for
nfs_wait_bit_killable. build-3 (process 4710, holding 300 MiB) was chosen for this reason: busy with
a task that can be retried, the only such worker. The policy byStartTime weighed 3 workers, of which
it protects 1.

Nothing was tried first: no idle memory was asked for, and no worker was warned.

The choice was made by the supervisor's JavaScript, 2 ms after the shortage was noticed. From the
first notice to relief it took 2 s; for so long the kernel held back all workers of the group.

In the end it held 640 MiB of 1 GiB.

Weighed
     worker      size               why
  1  build-7  400 MiB  did not die  busy with a task that can be retried, the only such worker
  2  build-3  300 MiB  killed       busy with a task that can be retried, the only such worker
  -  db       120 MiB  protected    the policy leaves it out

Time line
     0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
     1.2 ms  the supervisor's JavaScript began to deal with it
     2.5 ms  build-7 was chosen
     2.6 ms  build-7 was sent SIGKILL
  2002.7 ms  build-7 had not died in time, and was not waited for any longer
  2003.0 ms  build-3 was chosen
  2003.2 ms  build-3 was sent SIGKILL
  2031.0 ms  build-3 was gone, with all its processes
  2032.0 ms  290 MiB had come back
  2032.1 ms  the round was over

What to change
  - build-7 did not die: it sleeps in the kernel (nfs_wait_bit_killable) and cannot be killed before
    that ends, mostly a disk, NFS or FUSE that does not answer. Look at that; 'cat /proc/4711/stack'
    as root says more.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['a worker over its own mark', ownMark, `
Spillway ended the worker build-7 because it used more memory than its own mark allows; the shortage
is over.

2026-11-21 03:12:09 UTC, host ci-4: the worker build-7 of the pool jobs held 130 MiB of memory that
could not be reclaimed. Its mark, the most that it should hold, is 128 MiB: above it the kernel
slows down every process in it that asks for memory. To get safely below it, 8.4 MiB had to be
freed.

build-7 (process 4711, holding 128 MiB) was chosen for this reason: over its own mark of 128 MiB. It
was sent SIGTERM first, so that it could end by itself.

Nothing was tried first: no idle memory was asked for, and no worker was warned.

The choice was made by the supervisor's JavaScript, 2 ms after the shortage was noticed. From the
first notice to relief it took 37 ms; for so long the kernel held back the worker.

Weighed
     worker      size         why
  1  build-7  128 MiB  ended  over its own mark of 128 MiB

Time line
   0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
   1.2 ms  the supervisor's JavaScript began to deal with it
   1.3 ms  limits and memory were read anew
   2.5 ms  build-7 was chosen
   2.6 ms  build-7 was sent SIGTERM
  37.0 ms  build-7 was gone, with all its processes
  37.9 ms  410 MiB had come back
  38.2 ms  the round was over

What to change
  - If its work needs more, give it a higher mark (memory.highBytes of the worker's options); if
    not, it leaks.
  - The work of build-7 was on its attempt 3. Start it elsewhere or when the pool is empty, or it
    will probably die again.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['a dry run', dryRun, `
Dry run: the pool jobs ran short of memory, and Spillway would have killed the worker build-7.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 1.02 GiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows down every
process in it that asks for memory. To get safely below it, 71.2 MiB had to be freed.

build-7 (process 4711, holding 412 MiB) would have been chosen for this reason: busy with a task
that can be retried, the only such worker. The policy byStartTime weighed 3 workers, of which it
protects 1.

Nothing was tried first: no idle memory was asked for, and no worker was warned.

The choice was made by the supervisor's JavaScript, 2 ms after the shortage was noticed. The round
took 2 ms, and the kernel goes on holding back all workers of the pool.

In the end it held 1.02 GiB of 1 GiB; 71.2 MiB still had to be freed. Nobody was signalled, because
dryRun is on.

Weighed
     worker      size             why
  1  build-7  412 MiB  would die  busy with a task that can be retried, the only such worker
  2  build-3  300 MiB  kept       busy with a task that can be retried, started 4 s before the
                                  newest of 2 such workers
  -  db       120 MiB  protected  the policy leaves it out

Time line
  0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
  1.0 ms  the supervisor's JavaScript began to deal with it
  1.2 ms  limits and memory were read anew
  2.5 ms  build-7 was chosen
  2.6 ms  the round was over

What to change
  - Nothing in this report stands out. Whether it happens often, one report does not tell.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['a crowd', crowd, `
Spillway killed 12 workers (w0, w1, w2 and 9 more) because the pool jobs ran short of memory; the
shortage is over.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 1.02 GiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB. To get safely below it, 71.2 MiB had to
be freed.

w0 (process 5000, holding 3 MiB) was chosen for this reason: idle, so no work is lost. The other 11
are weighed in the table below. The policy byStartTime weighed 500 workers, of which it protects
100. The policy "mine" was not used: it threw Error: oops.

Nothing was tried first: no idle memory was asked for, and no worker was warned.

The choice was made by the supervisor's JavaScript, 2 ms after the shortage was noticed. From the
first notice to relief it took 60 ms.

In the end it held 1.02 GiB of 2 GiB. The mark was changed meanwhile, from 1 GiB to 2 GiB.

Weighed
      worker   size          why
   1  w0      3 MiB  killed  idle, so no work is lost
   2  w1      3 MiB  killed  idle, so no work is lost
   3  w2      3 MiB  killed  idle, so no work is lost
   4  w3      3 MiB  killed  idle, so no work is lost
   5  w4      3 MiB  killed  idle, so no work is lost
   6  w5      3 MiB  killed  idle, so no work is lost
   7  w6      3 MiB  killed  idle, so no work is lost
   8  w7      3 MiB  killed  idle, so no work is lost
   9  w8      3 MiB  killed  idle, so no work is lost
  10  w9      3 MiB  killed  idle, so no work is lost
  and 490 more workers: 2 killed, 388 kept, 100 protected

Time line
   0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
   1.0 ms  limits and memory were read anew
   2.0 ms  limits and memory were read anew
   3.0 ms  limits and memory were read anew
   4.0 ms  limits and memory were read anew
   5.0 ms  limits and memory were read anew
   6.0 ms  limits and memory were read anew
   7.0 ms  limits and memory were read anew
   8.0 ms  limits and memory were read anew
   9.0 ms  limits and memory were read anew
  10.0 ms  limits and memory were read anew
  11.0 ms  limits and memory were read anew
  12.0 ms  limits and memory were read anew
  13.0 ms  limits and memory were read anew
  14.0 ms  limits and memory were read anew
  15.0 ms  limits and memory were read anew
  16.0 ms  limits and memory were read anew
  17.0 ms  limits and memory were read anew
  18.0 ms  limits and memory were read anew
  19.0 ms  limits and memory were read anew
      ...  (12 more)
  32.0 ms  limits and memory were read anew
  33.0 ms  limits and memory were read anew
  34.0 ms  limits and memory were read anew
  35.0 ms  limits and memory were read anew
  36.0 ms  limits and memory were read anew
  37.0 ms  limits and memory were read anew
  38.0 ms  limits and memory were read anew
  39.0 ms  limits and memory were read anew
  40.0 ms  limits and memory were read anew
  60.0 ms  the round was over

What to change
  - Mend the policy: as long as it fails, byStartTime chooses in its place.
  - 12 workers died, each holding less than a tenth of the mark. largestFirst() would need fewer
    victims; or admit fewer workers at a time.
  - The mark was raised during the round. Raised before, it would have spared the victims.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
  ['a shortage that passed', passed, `
The pool jobs ran short of memory, and the shortage passed without a kill.

2026-11-21 03:12:09 UTC, host ci-4: the pool jobs held 900 MiB of memory that could not be
reclaimed. Its mark, the most that it should hold, is 1 GiB: above it the kernel slows down every
process in it that asks for memory. When Spillway looked again, it was no longer short.

To begin with, idle memory was asked for: warm pool gave back 140 MiB (wanted: 72 MiB) within 4 ms.

From the first notice to relief it took 4 ms; for so long the kernel held back all workers of the
pool.

In the end it held 900 MiB of 1 GiB.

Time line
  0.0 ms  the shortage was noticed: /sys/fs/cgroup/jobs is short of memory (high +3)
  1.0 ms  the supervisor's JavaScript began to deal with it
  4.2 ms  warm pool gave back idle memory: 140 MiB
  4.3 ms  limits and memory were read anew
  4.4 ms  the round was over

What to change
  - Nothing in this report stands out. Whether it happens often, one report does not tell.

Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends
any. This is report 0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11.
`],
])('%s', (_what, report, expected) => {
  expect(`\n${explain(report)}`).toBe(expected);
});

it('the example in the documentation is one of these', () => {
  expect(readFileSync(join(__dirname, '../../../docs/reports.md'), 'utf8')).toContain(`\n${explain(takenOver)}\`\`\`\n`);
});

it('wraps to the width, and colours only when told to', () => {
  const narrow = explain(takenOver, { columns: 60 });
  for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(71); // the table's last column has its least width
  expect(narrow).not.toContain('\x1b');
  const coloured = explain(takenOver, { columns: 60, colours: true });
  expect(coloured).toContain('\x1b[1mSpillway killed the worker build-7 because the pool jobs ran\x1b[0m');
  // eslint-disable-next-line no-control-regex
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(narrow);
});

it('any report is explained, in a bounded number of lines, and nothing in it commands the terminal', () => {
  fc.assert(
    fc.property(arbitraryReport, (report) => {
      const text = explain(report);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(text).not.toMatch(/undefined|NaN|\[object/);
      expect(text.split('\n').length).toBeLessThan(200);
    }),
  );
});

it.each<[string, Partial<ReliefReport>, string]>([
  ['a victim that did not die in time', { victims: [victim('a', { died: false, signal: 'SIGTERM' })] }, 'It was sent SIGTERM first, so that it could end by itself. It did not die in time. The policy'],
  ['a rehearsal of SIGTERM', { dryRun: true, outcome: 'dry-run', victims: [victim('a', { died: false, signal: 'SIGTERM', reason: 'it is idle' })], candidates: [] }, 'would have been chosen for this reason: it is idle.\n'],
  ['a kill by the kernel', { breach: breachOf(state(GiB), { delta: { low: 0, high: 1, max: 1, oom: 1, oom_kill: 2, oom_group_kill: 0 } }) }, 'The kernel itself had already killed 2 processes (its OOM killer).\n'],
  ['a victim of unknown size, for no reason', { victims: [victim('a', { freeableBytes: undefined, reason: '' })] }, 'a (process 4711, of unknown size) was chosen for this reason: none was given.'],
  ['what it held is not known', { before: state(0, { usage: {}, markBytes: Infinity, short: true }) }, 'the pool jobs was short of memory; how much it held is not known. Its mark, the most that it should hold, is not known.'],
  ['closed, and still short', { outcome: 'closed', after: state(GiB) }, 'The round took 38 ms, and the kernel goes on holding back all workers of the pool.\n'],
  ['unreadable', { outcome: 'unreadable', after: state(0, { usage: {} }) }, 'after that its memory could not be read any more.\n'],
])('%s', (_what, given, expected) => {
  expect(explain(reportOf(given), { columns: Infinity })).toContain(expected);
});

it('does not change the report', () => {
  const report = reportOf();
  explain(report);
  expect(report).toEqual(reportOf());
});
