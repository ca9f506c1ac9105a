import { formatBytes } from '../../format-bytes';
import { formatDuration } from '../../policy/format-duration';
import type { ReliefReport, Victim } from '../types';
import { counted, enumerated, limitName, safeName, safeText } from './explain-words';
import { blockedMs } from './report-facts';

/** JavaScript that takes longer to begin was busy with something else. */
const slowStartMs = 50;
/** So many lines are read; the first are the weightiest. */
const maxAdvice = 8;

/** What should be changed, as far as the facts of one report tell. Empty: nothing stands out. */
export function advice(report: ReliefReport): string[] {
  return [
    ...helpless(report), ...stuck(report), ...blocked(report), ...policyFailure(report), ...sizes(report), ...shortfalls(report), ...movedMark(report), ...failures(report), ...retries(report),
  ].slice(0, maxAdvice);
}

function helpless({ outcome, candidates, ranking, before, policy }: ReliefReport): string[] {
  if (outcome === 'unreadable') return ["Its files could not be read: was the cgroup removed, or did descriptors run out? 'npx spillway doctor' checks the host."];
  if (outcome !== 'no-candidate') return [];
  const { shmemBytes = 0, pinnedBytes = 0 } = before.usage;
  if (candidates.length === 0) {
    const shared = shmemBytes > 0 && shmemBytes > pinnedBytes / 2 ? ` ${formatBytes(shmemBytes)} of it is shared memory or files in a tmpfs, which stay when a process dies.` : '';
    return [`The memory is not held by workers that could be killed.${shared} Raise limits.highBytes, or find what holds it.`];
  }
  if (ranking.length === 0) return [`The policy ${safeName(policy)} protects everybody, so the kernel's OOM killer decides when memory runs out. Let it rank at least the work that can be repeated, or raise limits.highBytes.`];
  return ['What may be killed was not enough. Protect fewer workers, admit less work at a time, or raise limits.highBytes.'];
}

function stuck({ victims, dryRun }: ReliefReport): string[] {
  if (dryRun) return [];
  return victims.filter(({ died }) => !died).slice(0, 2).map((victim) => `${safeName(victim.id)} did not die: ${whyStuck(victim)}`);
}

const unknownState: NonNullable<Victim['stuck']> = { state: 'unknown' };

function whyStuck({ pid, stuck: { state, waitsFor } = unknownState }: Victim): string {
  const where = waitsFor === undefined ? '' : ` (${safeName(waitsFor)})`;
  switch (state) {
    case 'D':
      return `it sleeps in the kernel${where} and cannot be killed before that ends, mostly a disk, NFS or FUSE that does not answer. Look at that; 'cat /proc/${pid}/stack' as root says more.`;
    case 'Z':
      return 'its main process is dead, but not reaped by its parent, or other processes of it live on. Look at the parent.';
    case 't':
    case 'T':
      return 'it was stopped, or a debugger holds it. End the debugger.';
    default:
      return `its state was still ${safeName(state)}; a large process takes time to give its memory back. If it was gone later, raise victimTimeoutMs.`;
  }
}

function blocked(report: ReliefReport): string[] {
  const ms = blockedMs(report);
  const leasedMs = report.timeline.find(({ step }) => step === 'leased')?.atMs ?? 0;
  const move = 'Find what runs for so long at a stretch in the supervisor (synchronous calls, large JSON, garbage collection), and move it to a worker thread.';
  if (ms !== undefined) return [`The supervisor's JavaScript was blocked for ${formatDuration(ms)} or longer. ${move}`];
  return leasedMs > slowStartMs ? [`The supervisor's JavaScript took ${formatDuration(leasedMs)} to begin. ${move}`] : [];
}

function policyFailure({ policyError, policy }: ReliefReport): string[] {
  return policyError === undefined ? [] : [`Mend the policy: as long as it fails, ${safeName(policy)} chooses in its place.`];
}

function sizes(report: ReliefReport): string[] {
  const { victims, before: { markBytes }, limit } = report;
  const known = victims.filter((each): each is Victim & { freeableBytes: number } => each.freeableBytes !== undefined);
  if (limit.level === 'worker') return victims.length === 0 ? [] : ["If its work needs more, give it a higher mark (memory.highBytes of the worker's options); if not, it leaks."];
  if (markBytes === Infinity) return [];
  const huge = known.filter(({ freeableBytes }) => freeableBytes > markBytes / 2);
  if (huge.length > 0) {
    const names = enumerated(huge.slice(0, 3).map(({ id, freeableBytes }) => `${safeName(id)} (${formatBytes(freeableBytes)})`));
    return [`${names} held more than half of what ${limitName(report)} may hold. Give such workers a mark of their own (memory.highBytes), and they die before the others are held back; or raise limits.highBytes.`];
  }
  const small = known.filter(({ freeableBytes }) => freeableBytes < markBytes / 10);
  if (victims.length >= 3 && small.length === victims.length) return [`${victims.length} workers died, each holding less than a tenth of the mark. largestFirst() would need fewer victims; or admit fewer workers at a time.`];
  return [];
}

/** Deaths that gave back much less than was counted on. */
function shortfalls({ victims, timeline }: ReliefReport): string[] {
  const gave = new Map(timeline.filter(({ step }) => step === 'freed').map(({ id, bytes }) => [id, bytes]));
  const poor = victims.flatMap(({ id, freeableBytes }) => {
    const bytes = gave.get(id);
    return freeableBytes !== undefined && bytes !== undefined && bytes < freeableBytes / 2 ? [{ id, freeableBytes, bytes }] : [];
  });
  const [first] = poor;
  if (first === undefined) return [];
  const others = poor.length > 1 ? ` So it was with ${counted(poor.length - 1, 'other victim')}.` : '';
  return [`The death of ${safeName(first.id)} gave back ${formatBytes(Math.max(0, first.bytes))} of ${formatBytes(first.freeableBytes)}: the rest is shared with others, or its neighbours took it at once.${others}`];
}

function movedMark({ before, after, victims, outcome, timeline }: ReliefReport): string[] {
  const hits = timeline.filter(({ step }) => step === 'extended').length;
  const again = hits > 0 ? [`The limit was hit ${counted(hits, 'more time', 'more times')} during the round: workers grow faster than victims die. A larger killBufferBytes begins earlier.`] : [];
  if (before.markBytes === after.markBytes) return again;
  if (after.markBytes < before.markBytes) return [...again, 'The mark was lowered during the round. Lower it in small steps, or when there is room.'];
  const needless = victims.length > 0 && outcome === 'relieved' ? ' Raised before, it would have spared the victims.' : '';
  return [...again, `The mark was raised during the round.${needless}`];
}

function failures({ reclaimed, warned }: ReliefReport): string[] {
  const failed = reclaimed.filter(({ error }) => error !== undefined).slice(0, 3);
  const deaf = warned.filter(({ error }) => error !== undefined).slice(0, 3);
  return [
    ...failed.map(({ name, error = '' }) => `${safeName(name)} gave back nothing when it was needed: ${safeText(error)}.`),
    ...deaf.map(({ id, how, error = '' }) => `${safeName(id)} could not be warned (by ${how === 'ipc' ? 'message' : 'signal'}): ${safeText(error)}.`),
  ];
}

function retries({ victims, candidates }: ReliefReport): string[] {
  const attempts = new Map(candidates.map(({ id, attempt }) => [id, attempt]));
  const again = victims.filter(({ id }) => (attempts.get(id) ?? 0) >= 2).slice(0, 3);
  return again.map(({ id }) => `The work of ${safeName(id)} was on its attempt ${(attempts.get(id) ?? 0) + 1}. Start it elsewhere or when the pool is empty, or it will probably die again.`);
}
