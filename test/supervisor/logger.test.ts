import { SpillwayError } from '../../lib/errors';
import { logEvent, parseLogger, type Logger } from '../../lib/supervisor/logger';
import type { WorkerExit } from '../../lib/supervisor/types';
import { MiB } from '../policy/candidates';
import { reportOf, victim } from './reports/reports-of';

const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

type Line = [level: string, fields: object, message: string];

/** A logger that remembers, bound as pino's methods are: they need their `this`. */
class FakePino {
  readonly lines: Line[] = [];
  readonly #add = (level: string, fields: object, message: string): void => void this.lines.push([level, fields, message]);

  debug(fields: object, message: string): void { this.#add('debug', fields, message); }
  info(fields: object, message: string): void { this.#add('info', fields, message); }
  warn(fields: object, message: string): void { this.#add('warn', fields, message); }
  error(fields: object, message: string): void { this.#add('error', fields, message); }
  trace(): void { throw new Error('not asked for'); }
  fatal(): void { throw new Error('not asked for'); }
  child(): this { return this; }
}

function logging(log: (logger: Logger) => void): Line[] {
  const pino = new FakePino();
  log(parseLogger(pino));
  return pino.lines;
}

const { breach } = reportOf();

it('breaches: info when memory is short, debug when it is only churn', () => {
  const fields = { supervisor: 'jobs', cgroup: '/sys/fs/cgroup/jobs', source: 'event', sequence: 4 };
  const lines = logging((logger) => {
    logEvent(logger, 'jobs', 'breach', breach);
    logEvent(logger, 'jobs', 'breach', { ...breach, short: false, reason: 'churn\n' });
  });
  expect(lines).toEqual([
    ['info', { ...fields, short: true }, '/sys/fs/cgroup/jobs is short of memory (high +3)'],
    ['debug', { ...fields, short: false }, 'churn?'],
  ]);
});

it('victims and relief: warn', () => {
  const lines = logging((logger) => {
    logEvent(logger, 'jobs', 'victim', victim('a', { reason: 'idle' }));
    logEvent(logger, 'jobs', 'victim', victim('b', { reason: 'idle', freeableBytes: undefined }));
    logEvent(logger, 'jobs', 'relief', reportOf());
  });
  expect(lines).toEqual([
    ['warn', { supervisor: 'jobs', workerId: 'a', pid: 4711, freeableBytes: 400 * MiB, by: 'javascript', signal: 'SIGKILL' }, 'Worker a was chosen to free 400 MiB: idle'],
    ['warn', { supervisor: 'jobs', workerId: 'b', pid: 4711, freeableBytes: undefined, by: 'javascript', signal: 'SIGKILL' }, 'Worker b was chosen to free memory: idle'],
    [
      'warn', { supervisor: 'jobs', reportId: '0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11', outcome: 'relieved', limit: { level: 'pool' }, victims: ['build-7'], tookMs: 38.2 },
      'Spillway killed the worker build-7 because the pool jobs ran short of memory; the shortage is over.',
    ],
  ]);
});

it('intake and trouble', () => {
  const error = new SpillwayError('ERR_SPILLWAY_STUCK', 'it does not die');
  const lines = logging((logger) => {
    logEvent(logger, 'jobs', 'accepting', false);
    logEvent(logger, 'jobs', 'accepting', true);
    logEvent(logger, 'jobs', 'degraded', error);
  });
  expect(lines).toEqual([
    ['info', { supervisor: 'jobs', accepting: false }, 'Memory is running out: new work should wait'],
    ['info', { supervisor: 'jobs', accepting: true }, 'New work is welcome again'],
    ['warn', { supervisor: 'jobs', err: error, code: 'ERR_SPILLWAY_STUCK' }, 'it does not die'],
  ]);
});

const base: WorkerExit = { id: 'a', code: null, signal: 'SIGKILL', cause: 'exit', retryHint: 'no' };
it.each<[Partial<WorkerExit>, string, string]>([
  [{ code: 0, signal: null }, 'debug', 'Worker a ended: with code 0'],
  [{ code: null, signal: null }, 'debug', 'Worker a ended: with code unknown'],
  [{ cause: 'signal' }, 'debug', 'Worker a ended: by SIGKILL'],
  [{ cause: 'closed', retryHint: 'elsewhere' }, 'debug', 'Worker a ended: by close(); retry elsewhere or later'],
  [{ cause: 'aborted' }, 'debug', 'Worker a ended: by its AbortSignal'],
  [{ cause: 'spillway', blame: 'pool', retryHint: 'elsewhere', reportId: 'r' }, 'info', 'Worker a ended: killed by Spillway to free memory (pool); retry elsewhere or later'],
  [{ cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' }, 'info', "Worker a ended: killed by the kernel's OOM killer (own-limit); retry with a higher limit"],
  [{ cause: 'v8-heap', retryHint: 'bigger' }, 'info', 'Worker a ended: its V8 heap was full; retry with a higher limit'],
])('an end: %j', (given, level, message) => {
  const exit = { ...base, ...given };
  const { id, ...fields } = exit;
  expect(logging((logger) => { logEvent(logger, 'jobs', 'exit', exit); })).toEqual([[level, { supervisor: 'jobs', workerId: id, ...fields }, message]]);
});

it('is silent by default', () => {
  logEvent(parseLogger(undefined), 'jobs', 'relief', reportOf());
});

it('takes console', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    logEvent(parseLogger(console), 'jobs', 'victim', victim('a'));
    expect(warn).toHaveBeenCalledTimes(1);
  } finally {
    warn.mockRestore();
  }
});

it.each([null, true, 'pino', {}, { debug: () => undefined, info: () => undefined, warn: 'x', error: () => undefined }])('refuses %p', (logger) => {
  expect(() => parseLogger(logger)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining("Expected option 'logger' to be an object with the methods debug, info, warn, error") as string }) as Error);
});

it.each<[string, () => unknown]>([
  ['throws', () => { throw new Error('oops'); }],
  ['rejects', () => Promise.reject(new Error('oops'))],
])('a logger that %s hurts nobody, and is told of once', async (_what, fail) => {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    const logger = parseLogger({ debug: fail, info: fail, warn: fail, error: fail });
    for (const accepting of [true, false, true]) logEvent(logger, 'jobs', 'accepting', accepting);
    await new Promise(setImmediate);
    expect(emitWarning.mock.calls).toEqual([['The logger failed: Error: oops. Later failures are not told.', 'SpillwayWarning']]);
    expect(rejections).toEqual([]);
  } finally {
    emitWarning.mockRestore();
  }
});
