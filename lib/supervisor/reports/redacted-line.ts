import { types } from 'node:util';
import type { ReliefReport } from '../types';
import { formatReport } from './format-report';
import type { Redact } from './reports-options';

/**
 * The line to be written of a report, or `undefined` where the hook wants none.
 *
 * @throws what the hook throws; a TypeError when it returns no report
 */
export function redactedLine(report: ReliefReport, redact: Redact | undefined): string | undefined {
  if (redact === undefined) return formatReport(report);
  const made: unknown = redact(structuredClone(report));
  if (made === undefined) return undefined;
  if (types.isPromise(made)) {
    // Nobody else waits for it, and a rejection that nobody handles ends the process.
    made.catch(() => undefined);
    throw new TypeError('it returned a promise; it must return the report itself');
  }
  if (typeof made !== 'object' || made === null || Array.isArray(made)) throw new TypeError('it returned no report');
  return formatReport(made as ReliefReport);
}
