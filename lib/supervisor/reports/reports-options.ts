import { resolve } from 'node:path';
import { checkKeys, invalidOption, parseBytes, parseNumber, parsePath, type Bytes } from '../../options';
import type { ReliefReport } from '../types';

export interface ReportsOptions {
  /** How many reports `supervisor.reports` keeps. Default 100, from 0 to 10,000. */
  history?: number;
  /**
   * A file that each report is appended to as one line of JSON, made with mode 0600 where it is not there. Default: none.
   * One supervisor per file. It must be no symbolic link.
   */
  file?: string;
  /**
   * Before `file` grows beyond it, it is renamed to `file` + `.1`, in the place of an older one: so much is kept twice
   * at most. Default `'16MiB'`, at least `'64KiB'`. A report that is larger is not written.
   */
  maxFileBytes?: Bytes;
  /**
   * Makes of a copy of each report what goes to the file: without labels, names or whatever must not be kept. Returns
   * it, or `undefined` for none. Of one that throws, or returns something else, nothing is written, and `'degraded'`
   * tells. Default: the whole report.
   */
  redact?: Redact;
}

export type Redact = (report: ReliefReport) => ReliefReport | undefined;

export interface ReportsSettings {
  history: number;
  /** Absolute: the program may change its directory. */
  file: string | undefined;
  maxFileBytes: number;
  redact: Redact | undefined;
}

const optionNames = ['history', 'file', 'maxFileBytes', 'redact'] as const;

/**
 * Reads the supervisor's option `reports`.
 *
 * @throws {SpillwayError} ERR_SPILLWAY_INVALID_OPTION
 */
export function parseReportsOptions(reports: ReportsOptions = {}): ReportsSettings {
  checkKeys('reports', reports, optionNames);
  const { history = 100, file, maxFileBytes = '16MiB', redact } = reports;
  if (redact !== undefined && typeof redact !== 'function') throw invalidOption('reports.redact', redact, 'a function');
  return {
    history: parseNumber('reports.history', history, { min: 0, max: 10_000 }),
    file: file === undefined ? undefined : resolve(parsePath('reports.file', file)),
    maxFileBytes: parseBytes('reports.maxFileBytes', maxFileBytes, { min: 64 * 2 ** 10 }),
    redact,
  };
}
