import { parseArgs } from 'node:util';
import { explain } from '../supervisor/reports/explain';
import { advice } from '../supervisor/reports/advice';
import { reportReplacer } from '../supervisor/reports/format-report';
import { headline } from '../supervisor/reports/headline';
import type { ReliefReport } from '../supervisor/types';
import type { Look } from './doctor';
import type { Inputs } from './inputs';
import { UsageError, type Outcome } from './outcome';
import { storedReports } from './stored-reports';

/** As many as a supervisor keeps in memory at most. */
const maxLast = 10_000;

/** `spillway explain FILE`: the last report for people, or the one that is asked for. */
export function explainCommand(args: string[], inputs: Inputs, look: Look): Outcome | 'help' {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { report: { type: 'string' }, last: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  const { report: id = '', last = '1', json = false } = values;
  const count = /^\d{1,5}$/.test(last) ? Number(last) : 0;
  if (count < 1 || count > maxLast) throw new UsageError(`--last takes a number from 1 to ${maxLast}, not ${JSON.stringify(last)}`);
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('explain takes one FILE');

  const stored = storedReports(file, inputs);
  let found: ReliefReport[] = [];
  let read = 0;
  for (const report of stored.reports) {
    read++;
    if (report.reportId.startsWith(id)) found.push(report);
    // Not one by one: a file may hold many.
    if (found.length >= 2 * count) found = found.slice(-count);
  }
  found = found.slice(-count);
  const notes = stored.notes();
  if (found.length === 0) notes.push(read === 0 ? 'no report was found' : `none of ${read} reports has an id that begins with ${JSON.stringify(id)}`);
  else if (found.length < read && values.last === undefined && id === '') notes.push(`this is the last of ${read} reports; --last ${Math.min(read, maxLast)} shows all`);
  return {
    status: found.length === 0 ? 1 : 0,
    stdout: json ? toJson(found) : found.map((report) => explain(report, look)).join(`\n${'─'.repeat(60)}\n\n`),
    stderr: notes.map((each) => `spillway: ${each}\n`).join(''),
  };
}

function toJson(reports: readonly ReliefReport[]): string {
  return `${JSON.stringify(reports.map((report) => ({ headline: headline(report), advice: advice(report), report })), reportReplacer, 2)}\n`;
}
