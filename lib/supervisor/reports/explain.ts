import { wrap } from '../../wrap';
import type { ReliefReport } from '../types';
import { advice } from './advice';
import { weighedTable } from './explain-weighed';
import { timelineRows } from './explain-timeline';
import { headline } from './headline';
import { story } from './explain-story';
import { safeName } from './explain-words';

export interface ExplainOptions {
  /** ANSI colours. Default false. */
  colours?: boolean;
  /** Lines are wrapped to this width, at least 30; `Infinity`: not at all. Default 100. */
  columns?: number;
}

const about = "Spillway watches the memory of a pool of workers, and ends one before the kernel's OOM killer ends any.";
const noAdvice = 'Nothing in this report stands out. Whether it happens often, one report does not tell.';

/**
 * Renders a report for people, among them those who were woken by it and do not know Spillway: who died and why this
 * one, what else was weighed, what was tried before, how long it took, and what should be changed.
 *
 * Ten workers and thirty steps are shown at most. Names and reasons cannot command the terminal. Pure; ends with a
 * newline.
 */
export function explain(report: ReliefReport, options: ExplainOptions = {}): string {
  const { colours = false, columns = 100 } = options;
  const paint = (text: string, code: string): string => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  // Each line by itself, so that a pager that cuts lines loses no colour.
  const title = wrap(headline(report), columns).map((line) => paint(line, '1'));
  const section = (heading: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', paint(heading, '36'), ...lines]);
  const { rows, more } = weighedTable(report);
  const found = advice(report);
  return [
    ...title,
    ...story(report).flatMap((paragraph) => ['', ...wrap(paragraph, columns)]),
    ...section('Weighed', rows.length === 0 ? [] : [...table([['', 'worker', 'size', '', 'why'], ...rows], columns, [0, 2]), ...(more === '' ? [] : wrap(`  ${more}`, columns))]),
    ...section('Time line', table(timelineRows(report), columns, [0])),
    ...section('What to change', (found.length === 0 ? [noAdvice] : found).flatMap((each) => hanging('  - ', each, columns))),
    '',
    ...wrap(`${about} This is report ${safeName(report.reportId)}.`, columns),
    '',
  ].join('\n');
}

/** Aligned columns, two spaces apart; the last one is wrapped. `right`: the columns of figures. */
function table(rows: readonly (readonly string[])[], columns: number, right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.flatMap((row) => {
    const cells = row.slice(0, -1).map((cell, column) => (right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)));
    return hanging(`  ${cells.join('  ')}  `, row.at(-1) ?? '', columns);
  });
}

/** A paragraph behind a head, its further lines below its first. */
function hanging(head: string, text: string, columns: number): string[] {
  return wrap(text, columns - head.length).map((line, at) => `${at === 0 ? head : ' '.repeat(head.length)}${line}`.trimEnd());
}
