import { SpillwayError } from '../../errors';
import type { ReliefReport } from '../types';
import { reportShape } from './report-shape';
import { unexpected } from './shape';

/** Longer lines are no reports: a thousand workers weighed fifty times take some 2 MiB. */
export const maxReportLength = 16 * 2 ** 20;

/**
 * Writes a report as one line of JSON, without the line's end. `Infinity` is written as `"max"`, and an unknown
 * `freeableBytes` as null; other fields that are `undefined` are left out.
 */
export function formatReport(report: ReliefReport): string {
  return JSON.stringify(report, reportReplacer);
}

/** For `JSON.stringify`, of anything that holds reports or parts of them. */
export function reportReplacer(key: string, value: unknown): unknown {
  if (value === Infinity) return 'max';
  // The one field where nobody knows is worth saying: such a worker counts as nothing in every plan.
  return value === undefined && key === 'freeableBytes' ? null : value;
}

/**
 * Reads what `formatReport()` wrote. The line may come from anywhere: every field that this version knows is
 * checked, and what nests in fields that it does not know is dropped.
 *
 * @throws {SpillwayError} ERR_SPILLWAY_FILE_INVALID, saying which field is wrong; nothing else
 */
export function parseReport(line: string): ReliefReport {
  if (line.length > maxReportLength) {
    throw new SpillwayError('ERR_SPILLWAY_FILE_INVALID', `Not a relief report: a line of ${line.length} characters; ${maxReportLength} are the most that is read`);
  }
  const value = parseJson(line);
  const { schemaVersion } = (value ?? {}) as { schemaVersion?: unknown };
  if (typeof schemaVersion === 'number' && schemaVersion !== 1) throw unexpected(schemaVersion, 'schemaVersion', '1 (a newer Spillway wrote it: read it with that one)');
  return reportShape(value, '');
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new SpillwayError('ERR_SPILLWAY_FILE_INVALID', 'Not a relief report: this is no whole line of JSON (it may have been cut off)', { cause });
  }
}
