import { resolve } from 'node:path';
import { parseReportsOptions, type ReportsOptions } from '../../../lib/supervisor/reports/reports-options';

it('has defaults', () => {
  expect(parseReportsOptions()).toEqual({ history: 100, file: undefined, maxFileBytes: 16 * 2 ** 20, redact: undefined });
});

it('takes everything', () => {
  const redact = (): undefined => undefined;
  expect(parseReportsOptions({ history: 0, file: 'reports.jsonl', maxFileBytes: '64KiB', redact })).toEqual({ history: 0, file: resolve('reports.jsonl'), maxFileBytes: 65536, redact });
});

it.each<[unknown, string]>([
  [null, 'Expected the options of reports to be an object, got null'],
  [{ fiel: 'x' }, `Unknown option "fiel" of reports; did you mean 'file'?`],
  [{ history: -1 }, "Expected option 'reports.history' to be a whole number from 0 to 10000, got -1"],
  [{ history: 10_001 }, 'got 10001'],
  [{ file: '' }, "Expected option 'reports.file' to be a path"],
  [{ file: 'a\0b' }, "Expected option 'reports.file' to be a path"],
  [{ maxFileBytes: 65535 }, "Expected option 'reports.maxFileBytes' to be a number of bytes from 65536"],
  [{ maxFileBytes: 'max' }, "Expected option 'reports.maxFileBytes'"],
  [{ redact: 'labels' }, `Expected option 'reports.redact' to be a function, got "labels"`],
])('refuses %j', (options, why) => {
  expect(() => parseReportsOptions(options as ReportsOptions)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(why) as string }) as Error);
});
