import { printable } from '../printable';
import { parseReport } from '../supervisor/reports/format-report';
import type { ReliefReport } from '../supervisor/types';
import type { Inputs } from './inputs';

/** So many damaged lines are told one by one. */
const maxNotes = 5;

/** The reports of a file, and what was wrong with it. */
export interface StoredReports {
  /** Reads on; each report once. */
  reports: Iterable<ReliefReport>;
  /** After it was read: notes for stderr, one line each. */
  notes(): string[];
}

/**
 * Reads the reports of FILE as they come, skipping what is damaged: the last line of a process that was killed, or a
 * file that is something else altogether. An input that fails in the middle ends it, with a note.
 */
export function storedReports(file: string, inputs: Inputs): StoredReports {
  const notes: string[] = [];
  let damaged = 0;
  const name = file === '-' ? 'standard input' : printable(file);
  const note = (text: string): void => {
    if (damaged++ < maxNotes) notes.push(`${name}: ${printable(text)}`);
  };
  function* read(): Generator<ReliefReport> {
    let at = 0;
    try {
      for (const line of inputs.lines(file)) {
        at++;
        if (line?.trim() === '') continue;
        const report = readOne(line, (why) => {
          note(`line ${at} is skipped: ${why}`);
        });
        if (report !== undefined) yield report;
      }
    } catch (error) {
      notes.push(`${name}: ${whyUnreadable(error)}`);
    }
  }
  return { reports: read(), notes: () => (damaged > maxNotes ? [...notes, `${name}: ${damaged - maxNotes} more lines are skipped`] : notes) };
}

function readOne(line: string | undefined, onDamage: (why: string) => void): ReliefReport | undefined {
  try {
    if (line !== undefined) return parseReport(line);
    onDamage('it is longer than any report');
  } catch (error) {
    onDamage((error as Error).message);
  }
  return undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a directory',
};

function whyUnreadable(error: unknown): string {
  if (error instanceof RangeError) return `${error.message}; hand over its end as standard input: tail -n 1000 FILE | npx spillway COMMAND -`;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? printable(message);
}
