import { types } from 'node:util';
import { formatBytes } from '../format-bytes';
import { invalidOption } from '../options';
import { safeName, safeText } from './reports/explain-words';
import { headline } from './reports/headline';
import { totalMs } from './reports/report-facts';
import type { SupervisorEvents, WorkerExit } from './types';
import { textOf } from '../text-of';

/** A method as pino has it: fields, then a message for people. */
export type LogMethod = (fields: object, message: string) => void;

/** What the supervisor's option `logger` takes: pino, or anything of its shape, such as `console`. Other methods are not used. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Reads the option `logger`; default: nothing is logged. The result never throws: of the first failure of a logger
 * `process.emitWarning` tells, and the supervisor goes on.
 *
 * @throws {SpillwayError} ERR_SPILLWAY_INVALID_OPTION
 */
export function parseLogger(logger: unknown): Logger {
  if (logger === undefined) return silent;
  const given = (typeof logger === 'object' || typeof logger === 'function') && logger !== null ? (logger as Partial<Record<Level, unknown>>) : {};
  const missing = levels.find((level) => typeof given[level] !== 'function');
  if (missing !== undefined) throw invalidOption('logger', logger, `an object with the methods ${levels.join(', ')}, such as a pino logger (it has no ${missing})`);
  let warned = false;
  const onFailure = (error: unknown): void => {
    if (warned) return;
    warned = true;
    process.emitWarning(`The logger failed: ${textOf(error)}. Later failures are not told.`, 'SpillwayWarning');
  };
  const methodOf = (level: Level): LogMethod => (fields, message) => {
    try {
      const result = (logger as Record<Level, (fields: object, message: string) => unknown>)[level](fields, message);
      // Of a method that is async: nobody else waits for it, and a rejection that nobody handles ends the process.
      if (types.isPromise(result)) result.catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  };
  return { debug: methodOf('debug'), info: methodOf('info'), warn: methodOf('warn'), error: methodOf('error') };
}

/** What is logged of each event. */
const lines: { [Name in keyof SupervisorEvents]: (...args: SupervisorEvents[Name]) => { level: Level; fields: object; message: string } } = {
  // Churn may come once a second for ever, and nothing is to be done about it.
  breach: ({ cgroup, short, source, sequence, reason }) => ({ level: short ? 'info' : 'debug', fields: { cgroup, short, source, sequence }, message: safeText(reason) }),
  victim: ({ id, pid, freeableBytes, by, signal, reason }) => ({
    level: 'warn',
    fields: { workerId: id, pid, freeableBytes, by, signal },
    message: `Worker ${safeName(id)} was chosen to free ${freeableBytes === undefined ? 'memory' : formatBytes(freeableBytes)}: ${safeText(reason)}`,
  }),
  relief: (report) => ({
    level: 'warn',
    fields: { reportId: report.reportId, outcome: report.outcome, limit: report.limit, victims: report.victims.map(({ id }) => id), tookMs: totalMs(report) },
    message: headline(report),
  }),
  exit: (exit) => ({ level: isMemory(exit) ? 'info' : 'debug', fields: exitFields(exit), message: `Worker ${safeName(exit.id)} ended: ${endOf(exit)}` }),
  accepting: (accepting) => ({ level: 'info', fields: { accepting }, message: accepting ? 'New work is welcome again' : 'Memory is running out: new work should wait' }),
  degraded: (error) => ({ level: 'warn', fields: { err: error, code: error.code }, message: safeText(error.message) }),
};

/** Writes an event of the supervisor `supervisor` to its logger, with the fields of the event and `supervisor`. */
export function logEvent<Name extends keyof SupervisorEvents>(logger: Logger, supervisor: string, name: Name, ...args: SupervisorEvents[Name]): void {
  if (logger === silent) return;
  const { level, fields, message } = lines[name](...args);
  logger[level]({ supervisor, ...fields }, message);
}

function isMemory({ cause }: WorkerExit): boolean {
  return cause === 'spillway' || cause === 'kernel-oom' || cause === 'v8-heap';
}

function exitFields({ id, ...exit }: WorkerExit): object {
  return { workerId: id, ...exit };
}

function endOf({ cause, code, signal, blame, retryHint }: WorkerExit): string {
  const how = { exit: `with code ${code ?? 'unknown'}`, signal: `by ${signal ?? 'a signal'}`, spillway: 'killed by Spillway to free memory', 'kernel-oom': "killed by the kernel's OOM killer", 'v8-heap': 'its V8 heap was full', closed: 'by close()', aborted: 'by its AbortSignal' }[cause];
  return `${how}${blame === undefined ? '' : ` (${blame})`}${retryHint === 'no' ? '' : `; retry ${retryHint === 'bigger' ? 'with a higher limit' : 'elsewhere or later'}`}`;
}
