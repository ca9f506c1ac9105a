import type { ReliefReport, Victim } from '../types';
import { capitalised, counted, enumerated, limitName, workerNames } from './explain-words';

/** What a relief round came to, in one sentence for a log: who died, for what, and whether that was enough. */
export function headline(report: ReliefReport): string {
  return report.dryRun || report.outcome === 'dry-run' ? `Dry run: ${rehearsal(report)}` : account(report);
}

function rehearsal(report: ReliefReport): string {
  const { victims } = report;
  const would = victims.length === 0 ? 'nobody' : workerNames(victims.map(({ id }) => id));
  return `${limitName(report)} ran short of memory, and Spillway would have killed ${would}.`;
}

function account(report: ReliefReport): string {
  const { victims, outcome, limit } = report;
  if (victims.length === 0) return withoutKill(report);
  const because = limit.level === 'worker' ? 'because it used more memory than its own mark allows' : `because ${limitName(report)} ran short of memory`;
  return `Spillway ${deeds(victims)} ${because}; ${endings[outcome]}.`;
}

const endings: Readonly<Record<ReliefReport['outcome'], string>> = {
  relieved: 'the shortage is over',
  'no-candidate': 'that was not enough, and nobody else may be killed',
  closed: 'then the supervisor was closed, before the shortage was over',
  unreadable: 'after that its memory could not be read any more',
  'dry-run': 'nobody was signalled',
};

function withoutKill(report: ReliefReport): string {
  const who = limitName(report);
  switch (report.outcome) {
    case 'relieved':
      return capitalised(`${who} ran short of memory, and the shortage passed without a kill.`);
    case 'no-candidate':
      return capitalised(`${who} is short of memory, and Spillway killed nobody: ${whyNobody(report)}.`);
    case 'closed':
      return `The supervisor was closed while ${who} was short of memory; nobody was killed for it.`;
    case 'unreadable':
      return `Spillway could not read how much memory ${who} uses, and killed nobody.`;
    case 'dry-run':
      return capitalised(`${who} ran short of memory; nobody was signalled.`);
  }
}

/** Why nobody was there to be killed. */
function whyNobody({ candidates, ranking }: ReliefReport): string {
  if (candidates.length === 0) return 'there is no worker left to kill';
  if (ranking.length > 0) return 'none of the workers that may be killed was left';
  return candidates.length === 1 ? 'its only worker is protected by the policy' : `all ${counted(candidates.length, 'worker')} are protected by the policy`;
}

/** `'killed the worker a and sent SIGKILL to the worker b, which did not die'`. */
function deeds(victims: readonly Victim[]): string {
  const parts: string[] = [];
  const of = (died: boolean, signal?: Victim['signal']): string[] =>
    victims.filter((each) => each.died === died && (signal === undefined || each.signal === signal)).map(({ id }) => id);
  const [killed, ended, stuck] = [of(true, 'SIGKILL'), of(true, 'SIGTERM'), of(false)];
  if (killed.length > 0) parts.push(`killed ${workerNames(killed)}`);
  if (ended.length > 0) parts.push(`ended ${workerNames(ended)}`);
  if (stuck.length > 0) parts.push(`tried to kill ${workerNames(stuck)}, which did not die,`);
  return enumerated(parts);
}
