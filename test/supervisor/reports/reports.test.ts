import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpillwayError } from '../../../lib/errors';
import { parseReport } from '../../../lib/supervisor/reports/format-report';
import { Reports } from '../../../lib/supervisor/reports/reports';
import { parseReportsOptions, type ReportsOptions } from '../../../lib/supervisor/reports/reports-options';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { reportOf } from './reports-of';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-reports-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const rejections: unknown[] = [];
const note = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

interface Kept {
  reports: Reports;
  told: SpillwayError[];
  written: () => ReliefReport[];
}

function keeping(options: ReportsOptions): Kept {
  const file = join(directory, 'reports.jsonl');
  const told: SpillwayError[] = [];
  const reports = new Reports(parseReportsOptions({ file, ...options }), (error) => told.push(error));
  return { reports, told, written: () => readFileSync(file, 'utf8').trimEnd().split('\n').map(parseReport) };
}

it('keeps reports in memory and writes them', async () => {
  const { reports, told, written } = keeping({ history: 1 });
  reports.keep(reportOf({ reportId: 'a' }));
  reports.keep(reportOf({ reportId: 'b' }));
  await reports.close();
  expect(reports.list.map(({ reportId }) => reportId)).toEqual(['b']);
  expect(written()).toEqual([reportOf({ reportId: 'a' }), reportOf({ reportId: 'b' })]);
  expect([told, reports.notWritten]).toEqual([[], 0]);
});

it('without a file it only remembers', async () => {
  const reports = new Reports(parseReportsOptions(), () => undefined);
  for (let at = 0; at < 101; at++) reports.keep(reportOf({ reportId: String(at) }));
  await reports.close();
  expect([reports.list.length, reports.list[0]?.reportId, reports.notWritten]).toEqual([100, '1', 0]);
});

it('redact changes what is written, and nothing else; of undefined nothing is written', async () => {
  const { reports, written } = keeping({
    redact: (report) => {
      report.hostname = 'hidden';
      for (const each of report.candidates) each.id = 'x';
      return report.reportId === 'b' ? undefined : report;
    },
  });
  for (const reportId of ['a', 'b', 'c']) reports.keep(reportOf({ reportId }));
  await reports.close();
  expect(reports.list).toEqual(['a', 'b', 'c'].map((reportId) => reportOf({ reportId })));
  expect(written().map(({ reportId, hostname, candidates }) => [reportId, hostname, candidates[0]?.id])).toEqual([['a', 'hidden', 'x'], ['c', 'hidden', 'x']]);
  expect(reports.notWritten).toBe(0);
});

it.each<[string, () => unknown, string]>([
  ['throws', () => { throw new TypeError('oops'); }, 'TypeError: oops'],
  ['throws what has no text', () => { throw Object.create(null) as Error; }, 'something that has no text'],
  ['returns a promise', () => Promise.reject(new Error('late')), 'it returned a promise; it must return the report itself'],
  ['returns a string', () => 'secret', 'it returned no report'],
  ['returns null', () => null, 'it returned no report'],
  ['returns a list', () => [], 'it returned no report'],
  ['returns what JSON cannot hold', () => ({ ...reportOf(), size: 1n }), 'BigInt'],
])('a redact that %s: nothing is written, and that is told once', async (_what, redact, why) => {
  let works = false;
  const { reports, told, written } = keeping({ redact: (report) => (works ? report : (redact() as ReliefReport)) });
  reports.keep(reportOf({ reportId: 'a' }));
  reports.keep(reportOf({ reportId: 'b' }));
  expect(told).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(why) as string })]);
  works = true;
  reports.keep(reportOf({ reportId: 'c' }));
  works = false;
  reports.keep(reportOf({ reportId: 'd' }));
  await reports.close();
  expect(written().map(({ reportId }) => reportId)).toEqual(['c']);
  expect([told.length, reports.notWritten, reports.list.length]).toEqual([2, 3, 4]);
  expect(rejections).toEqual([]);
});

it('a file that cannot be written does not hurt', async () => {
  const { reports, told } = keeping({ file: join(directory, 'none', 'reports.jsonl') });
  reports.keep(reportOf());
  await reports.close();
  await reports.close();
  expect([told.length, reports.notWritten, reports.list.length]).toEqual([1, 1, 1]);
});
