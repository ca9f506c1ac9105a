import { formatBytes } from '../../format-bytes';
import { formatDuration } from '../../policy/format-duration';
import type { ReliefReport, Victim } from '../types';
import { capitalised, counted, enumerated, limitName, safeName, safeText } from './explain-words';
import { blockedMs, reliefMs, throttles, totalMs } from './report-facts';

/** Of more victims, or reclaimers, not each one is told of. */
const maxVictims = 3;

/** What happened, in paragraphs of plain sentences for somebody who does not know Spillway. */
export function story(report: ReliefReport): string[] {
  return [shortage(report), choice(report), attempts(report), decided(report), standing(report)].filter((paragraph) => paragraph !== '');
}

function shortage(report: ReliefReport): string {
  const { before, atIso, hostname } = report;
  const at = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(atIso);
  const when = at === null ? safeName(atIso) : `${at[1] ?? ''} ${at[2] ?? ''} UTC`;
  const sentences = [`${when}, host ${safeName(hostname)}:`, `${limitName(report)} ${held(report)}.`, aboutMark(report)];
  if (before.short && before.bytesToFree > 0) sentences.push(`To get safely below it, ${formatBytes(before.bytesToFree)} had to be freed.`);
  if (!before.short) sentences.push('When Spillway looked again, it was no longer short.');
  sentences.push(kernelKills(report));
  return joined(sentences);
}

function held({ before: { usage } }: ReliefReport): string {
  if (usage.pinnedBytes !== undefined) return `held ${formatBytes(usage.pinnedBytes)} of memory that could not be reclaimed`;
  return usage.currentBytes === undefined ? 'was short of memory; how much it held is not known' : `held ${formatBytes(usage.currentBytes)}`;
}

function aboutMark(report: ReliefReport): string {
  const { markBytes } = report.before;
  if (markBytes === Infinity) return 'Its mark, the most that it should hold, is not known.';
  const mark = `Its mark, the most that it should hold, is ${formatBytes(markBytes)}`;
  return throttles(report) ? `${mark}: above it the kernel slows down every process in it that asks for memory.` : `${mark}.`;
}

function kernelKills({ breach }: ReliefReport): string {
  const kills = 'delta' in breach ? breach.delta.oom_kill : 0;
  return kills > 0 ? `The kernel itself had already killed ${counted(kills, 'process', 'processes')} (its OOM killer).` : '';
}

function choice(report: ReliefReport): string {
  const { victims, candidates, policyError, limit } = report;
  // Of many, the first stands for all.
  const sentences = victims.slice(0, victims.length > maxVictims ? 1 : maxVictims).map((each) => chosen(report, each));
  if (victims.length > maxVictims) sentences.push(`The other ${victims.length - 1} are weighed in the table below.`);
  if (limit.level !== 'worker' && candidates.length > 0) sentences.push(weighing(report));
  if (policyError !== undefined) sentences.push(`${capitalised(safeText(policyError))}.`);
  return joined(sentences);
}

function weighing({ candidates, ranking, policy }: ReliefReport): string {
  const ranked = new Set(ranking.map(({ id }) => id));
  const spared = candidates.filter(({ id }) => !ranked.has(id)).length;
  const whom = spared === 0 ? 'none' : spared === candidates.length ? 'all' : String(spared);
  return `The policy ${safeName(policy)} weighed ${counted(candidates.length, 'worker')}, of which it protects ${whom}.`;
}

function chosen({ dryRun, outcome }: ReliefReport, victim: Victim): string {
  const { id, pid, reason, freeableBytes } = victim;
  const isRehearsal = dryRun || outcome === 'dry-run';
  const holding = freeableBytes === undefined ? 'of unknown size' : `holding ${formatBytes(freeableBytes)}`;
  const was = isRehearsal ? 'would have been' : 'was';
  const why = reason === '' ? 'none was given' : safeText(reason);
  return `${safeName(id)} (process ${pid}, ${holding}) ${was} chosen for this reason: ${why}.${isRehearsal ? '' : fate(victim)}`;
}

function fate({ signal, died, stuck }: Victim): string {
  const gently = signal === 'SIGTERM' ? ' It was sent SIGTERM first, so that it could end by itself.' : '';
  if (died) return gently;
  if (stuck === undefined) return `${gently} It did not die in time.`;
  const waiting = stuck.waitsFor === undefined ? '' : `, waiting in the kernel for ${safeName(stuck.waitsFor)}`;
  return `${gently} It did not die in time: its state is ${safeName(stuck.state)}${waiting}.`;
}

function attempts({ reclaimed, warned, victims }: ReliefReport): string {
  if (reclaimed.length === 0 && warned.length === 0) return victims.length === 0 ? '' : 'Nothing was tried first: no idle memory was asked for, and no worker was warned.';
  const gave = reclaimed.slice(0, maxVictims).map(({ name, givenBytes, askedBytes, tookMs, error }) =>
    error === undefined
      ? `${safeName(name)} gave back ${formatBytes(givenBytes)} (wanted: ${formatBytes(askedBytes)}) within ${formatDuration(tookMs + 1)}`
      : `${safeName(name)} gave nothing back (${safeText(error)})`,
  );
  if (reclaimed.length > maxVictims) gave.push(`${counted(reclaimed.length - maxVictims, 'other')} were asked`);
  const told = warned.filter(({ error }) => error === undefined).map(({ id }) => id);
  const untold = warned.length - told.length;
  const sentences = gave.length === 0 ? [] : [`To begin with, idle memory was asked for: ${gave.join('; ')}.`];
  if (told.length > 0) sentences.push(`${capitalised(counted(told.length, 'worker was', 'workers were'))} asked to give memory back (${enumerated([...told.slice(0, 3).map(safeName), ...(told.length > 3 ? [`${told.length - 3} more`] : [])])}).`);
  if (untold > 0) sentences.push(`${capitalised(counted(untold, 'worker'))} could not be asked.`);
  return joined(sentences);
}

function decided(report: ReliefReport): string {
  return joined([whoDecided(report), howLong(report)]);
}

function whoDecided(report: ReliefReport): string {
  const { decisions } = report;
  const blocked = blockedMs(report);
  if (blocked !== undefined) {
    const others = decisions.some(({ by }) => by === 'javascript') ? ' JavaScript made the other choices.' : '';
    return `The choice was made by Spillway's native thread, because the supervisor's JavaScript was blocked: it gave no sign for ${formatDuration(blocked)} or longer.${others}`;
  }
  const [first] = decisions;
  if (first === undefined) return '';
  const after = `${formatDuration(first.atMs)} after the shortage was noticed`;
  return decisions.every(({ victim }) => victim === undefined)
    ? `The supervisor's JavaScript looked for somebody to kill ${after}, and found nobody.`
    : `The choice was made by the supervisor's JavaScript, ${after}.`;
}

/** For the neighbours it was a standstill. */
function howLong(report: ReliefReport): string {
  const whom = { worker: 'the worker', group: 'all workers of the group', pool: 'all workers of the pool' }[report.limit.level];
  const ms = reliefMs(report);
  if (ms === undefined) return `The round took ${formatDuration(totalMs(report))}${throttles(report) && report.after.short ? `, and the kernel goes on holding back ${whom}` : ''}.`;
  return `From the first notice to relief it took ${formatDuration(ms)}${throttles(report) ? `; for so long the kernel held back ${whom}` : ''}.`;
}

function standing({ after, before, outcome, dryRun }: ReliefReport): string {
  if (outcome === 'unreadable') return '';
  const bytes = after.usage.pinnedBytes ?? after.usage.currentBytes;
  const changed = after.markBytes === before.markBytes ? '' : ` The mark was changed meanwhile, from ${formatBytes(before.markBytes)} to ${formatBytes(after.markBytes)}.`;
  const short = after.short && after.bytesToFree > 0 ? `; ${formatBytes(after.bytesToFree)} still had to be freed` : '';
  const of = after.markBytes === Infinity ? '' : ` of ${formatBytes(after.markBytes)}`;
  const nobody = dryRun ? ' Nobody was signalled, because dryRun is on.' : '';
  return bytes === undefined ? `${changed}${nobody}`.trim() : `In the end it held ${formatBytes(bytes)}${of}${short}.${changed}${nobody}`;
}

function joined(sentences: readonly string[]): string {
  return sentences.filter((each) => each !== '').join(' ');
}
