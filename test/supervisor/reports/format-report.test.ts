import fc from 'fast-check';
import { SpillwayError } from '../../../lib/errors';
import { formatReport, maxReportLength, parseReport } from '../../../lib/supervisor/reports/format-report';
import type { PressureBreach } from '../../../lib/monitor/types';
import type { ReliefReport } from '../../../lib/supervisor/types';
import { candidate } from '../../policy/candidates';
import { errorOf } from '../../support/error-of';
import { arbitraryReport } from './arbitrary-report';
import { reportOf } from './reports-of';

it('any report comes back from one line as it was', () => {
  fc.assert(
    fc.property(arbitraryReport, (report) => {
      const line = formatReport(report);
      expect(line).not.toContain('\n');
      expect(parseReport(line)).toEqual(report);
    }),
  );
});

it('Infinity is "max", in numbers only', () => {
  const report = reportOf({ pool: 'max', candidates: [candidate('max', { labels: { plan: 'max' }, freeableBytes: Infinity })] });
  const { before } = JSON.parse(formatReport(report)) as { before: { limits: object } };
  expect(before.limits).toMatchObject({ maxBytes: 'max' });
  expect(parseReport(formatReport(report))).toEqual(report);
});

it('a size that nobody knows is null, and comes back as undefined', () => {
  const report = reportOf({ candidates: [candidate('a', { freeableBytes: undefined })] });
  expect(formatReport(report)).toContain('"freeableBytes":null');
  expect(parseReport(formatReport(report)).candidates[0]?.freeableBytes).toBeUndefined();
});

it('of fields that it does not know it keeps what is plain', () => {
  const line = JSON.stringify({ ...(JSON.parse(formatReport(reportOf())) as object), color: 'red', spareBytes: 'max', word: 'max', nested: { deep: [] }, list: [], nothing: null });
  const { color, spareBytes, word, nested, list, nothing } = parseReport(line) as unknown as Record<string, unknown>;
  expect([color, spareBytes, word, nested, list, nothing]).toEqual(['red', Infinity, 'max', undefined, undefined, undefined]);
});

it('a breach of a source that is not known yet is read', () => {
  const report = reportOf();
  const breach = { ...report.breach, source: 'smell', stallMs: 70 };
  expect(parseReport(formatReport({ ...report, breach } as unknown as ReliefReport)).breach).toMatchObject({ source: 'smell', stallMs: 70 });
});

it('a pressure breach comes back with its totals', () => {
  const { cgroup, reason, sequence, detectedAtMs, usage, limits } = reportOf().breach;
  const figures = { totals: { someMs: 700.5, fullMs: 600 }, growth: { someMs: 200.125, fullMs: 150 } };
  const breach: PressureBreach = { source: 'pressure', stall: 'full', stallMs: 150, windowMs: 1000, cgroup, reason, sequence, detectedAtMs, usage, limits, short: false, ...figures };
  expect(parseReport(formatReport(reportOf({ breach }))).breach).toEqual(breach);
});

describe('__proto__', () => {
  it('as a key changes no prototype', () => {
    const line = formatReport(reportOf()).replace('{', '{"__proto__":{"isAdmin":true},').replace('"usage":{', '"usage":{"__proto__":7,');
    const report = parseReport(line);
    for (const each of [report, report.breach.usage]) expect([Object.getPrototypeOf(each), Object.hasOwn(each, '__proto__')]).toEqual([Object.prototype, false]);
    expect((report as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('as the name of a worker is a key like another', () => {
    const decision = { ...reportOf().decisions[0], freeableBytes: Object.fromEntries([['__proto__', 5]]) };
    const report = reportOf({ decisions: [decision as ReliefReport['decisions'][0]] });
    expect(Object.entries(parseReport(formatReport(report)).decisions[0]?.freeableBytes ?? {})).toEqual([['__proto__', 5]]);
  });
});

/** A report with one value replaced. */
function spoiled(path: (string | number)[], value: unknown): string {
  const report = JSON.parse(formatReport(reportOf())) as Record<string | number, unknown>;
  let at = report;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1) ?? ''] = value;
  return JSON.stringify(report);
}

it.each<[string, string, string]>([
  ['nothing', '', 'this is no whole line of JSON (it may have been cut off)'],
  ['a line that was cut off', formatReport(reportOf()).slice(0, 700), 'this is no whole line of JSON (it may have been cut off)'],
  ['binary', '\0\x01\u{fffd}\x1b[2J', 'this is no whole line of JSON (it may have been cut off)'],
  ['a list', '[]', 'expected it to be an object, got an array'],
  ['null', 'null', 'expected it to be an object, got null'],
  ['a number', '7', 'expected it to be an object, got 7'],
  ['another object', '{"level":30}', 'expected schemaVersion to be 1, got nothing'],
  ['a newer schema', spoiled(['schemaVersion'], 2), 'expected schemaVersion to be 1 (a newer Spillway wrote it: read it with that one), got 2'],
  ['a schema in words', spoiled(['schemaVersion'], '1'), 'expected schemaVersion to be 1, got "1"'],
  ['no candidates', spoiled(['candidates'], null), 'expected candidates to be a list of at most 10000 entries, got null'],
  ['a candidate that is none', spoiled(['candidates', 1], 'x'), 'expected candidates[1] to be an object, got "x"'],
  ['an id that is no text', spoiled(['candidates', 2, 'id'], { toString: 1 }), 'expected candidates[2].id to be text, got an object'],
  ['a size in words', spoiled(['before', 'markBytes'], '1GiB'), 'expected before.markBytes to be a number, got "1GiB"'],
  ['an unknown outcome', spoiled(['outcome'], 'constructor'), 'expected outcome to be "relieved" or "no-candidate" or "closed" or "unreadable" or "dry-run", got "constructor"'],
  ['an unknown level', spoiled(['limit', 'level'], 'host'), 'expected limit.level to be "pool" or "group" or "worker", got "host"'],
  ['an unknown step', spoiled(['timeline', 0, 'step'], '__proto__'), 'expected timeline[0].step to be '],
  ['a size of a worker', spoiled(['decisions', 0, 'freeableBytes', 'db'], true), 'expected decisions[0].freeableBytes["db"] to be a number, got true'],
  ['a label', spoiled(['candidates', 0, 'labels'], { a: 1 }), 'expected candidates[0].labels["a"] to be text, got 1'],
  ['more workers than there can be', spoiled(['ranking'], Array.from({ length: 10_001 }, () => ({ id: '', reason: '' }))), 'expected ranking to be a list of at most 10000 entries, got an array'],
  ['dead or alive', spoiled(['victims', 0, 'died'], 'yes'), 'expected victims[0].died to be true or false, got "yes"'],
])('says what is wrong: %s', (_what, line, why) => {
  const error = errorOf(() => parseReport(line)) as SpillwayError;
  expect([error instanceof SpillwayError, error.code]).toEqual([true, 'ERR_SPILLWAY_FILE_INVALID']);
  expect(error.message).toMatch(/^Not a relief report: /);
  expect(error.message).toContain(why);
});

it('a negative zero is read as 0, which is what it is written as', () => {
  const { breach } = parseReport(spoiled(['breach', 'sequence'], 4711).replace('4711', '-0'));
  expect(breach.sequence).toBe(0);
});

it('a line that is too long, or nests without end, is refused like another', () => {
  for (const line of [' '.repeat(maxReportLength + 1), '['.repeat(1e6), `{"schemaVersion":1,"reportId":${'['.repeat(1e5)}${']'.repeat(1e5)}}`]) {
    expect(errorOf(() => parseReport(line))).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
  }
});

it('a report with one thing replaced by anything is read, or refused by a SpillwayError', () => {
  const paths = [['breach'], ['before', 'usage'], ['candidates', 0], ['candidates', 0, 'labels'], ['decisions', 0], ['decisions', 0, 'freeableBytes'], ['victims', 0], ['timeline', 3], ['limit'], ['ranking', 1], ['warned'], ['reclaimed'], []];
  const read = (line: string): void => {
    try {
      parseReport(line);
    } catch (error) {
      expect(error instanceof SpillwayError).toBe(true);
    }
  };
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), fc.string({ unit: 'binary' }), (path, value, junk) => {
      read(path.length === 0 ? JSON.stringify(value) : spoiled(path, value));
      read(junk);
    }),
  );
});
