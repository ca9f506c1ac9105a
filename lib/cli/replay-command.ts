import { parseArgs } from 'node:util';
import { formatBytes } from '../format-bytes';
import { printable } from '../printable';
import { reportReplacer } from '../supervisor/reports/format-report';
import { enumerated, safeName } from '../supervisor/reports/explain-words';
import { replay, type Replay, type ReplayedLoss } from '../supervisor/reports/replay';
import type { ReplayedReport } from '../supervisor/reports/replay-report';
import { findPolicy } from './find-policy';
import type { Inputs } from './inputs';
import { UsageError, type Outcome } from './outcome';
import { storedReports } from './stored-reports';

/** So many reports with another choice are shown; `--json` has all. */
const maxShown = 20;

/** `spillway replay FILE --policy NAME`: what another policy would have done. */
export function replayCommand(args: string[], inputs: Inputs): Outcome | 'help' {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { policy: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('replay takes one FILE');
  if (values.policy === undefined) throw new UsageError('replay takes --policy NAME');
  const policy = findPolicy(values.policy, inputs);

  const stored = storedReports(file, inputs);
  const result = replay(stored.reports, policy);
  const notes = stored.notes();
  const isEmpty = result.reports.length === 0;
  if (isEmpty) notes.push('no report was found');
  return {
    status: isEmpty ? 1 : 0,
    stdout: values.json === true ? `${JSON.stringify(result, reportReplacer, 2)}\n` : isEmpty ? '' : format(result),
    stderr: notes.map((each) => `spillway: ${each}\n`).join(''),
  };
}

function format({ policy, reports, summary }: Replay): string {
  const others = reports.filter(({ same }) => !same);
  const more = others.length - maxShown;
  return [
    `${safeName(policy)} would have chosen the same workers in ${summary.same} of ${summary.reports} ${summary.reports === 1 ? 'report' : 'reports'}.`,
    '',
    `  then:   ${lossOf(summary.before)}`,
    `  would:  ${lossOf(summary.would)}`,
    ...(summary.notCovered > 0 ? ['', `In ${summary.notCovered} of them, those whom it lets die would not have covered the need.`] : []),
    ...(summary.policyErrors > 0 ? ['', `In ${summary.policyErrors} of them it failed, and byStartTime was asked instead: ${printable(reports.find(({ policyError }) => policyError !== undefined)?.policyError ?? '')}`] : []),
    ...others.slice(0, maxShown).flatMap(differenceOf),
    ...(more > 0 ? ['', `and ${more} more; --json has them all`] : []),
    '',
    'Sizes and needs are those of the reports. After its first other choice a report does not tell what',
    'would have happened: how the workers that would have lived would have grown is not known.',
    '',
  ].join('\n');
}

function differenceOf({ reportId, atIso, before, would }: ReplayedReport): string[] {
  const names = (ids: readonly string[]): string => (ids.length === 0 ? 'nobody' : enumerated([...ids.slice(0, 5).map(safeName), ...(ids.length > 5 ? [`${ids.length - 5} more`] : [])]));
  return ['', `${safeName(atIso)}  report ${safeName(reportId)}`, `  then:   ${names(before)}`, `  would:  ${names(would)}`];
}

function lossOf({ victims, freedBytes, notRetriable, retriable, idle }: ReplayedLoss): string {
  return `${victims} killed, ${formatBytes(freedBytes)} freed; their work: ${notRetriable} lost, ${retriable} to be done again, ${idle} idle`;
}
