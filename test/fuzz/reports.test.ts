import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { byStartTime } from '../../lib/policy';
import { explain } from '../../lib/supervisor/reports/explain';
import { formatReport, parseReport } from '../../lib/supervisor/reports/format-report';
import { replay } from '../../lib/supervisor/reports/replay';
import type { ReliefReport } from '../../lib/supervisor/types';
import { arbitraryReport } from '../supervisor/reports/arbitrary-report';
import { reportOf } from '../supervisor/reports/reports-of';
import { trials } from '../support/trials';
import { longTexts, mutated } from './mutated';

function read(line: string): ReliefReport | undefined {
  try {
    return parseReport(line);
  } catch (error) {
    expect([error instanceof SpillwayError, (error as SpillwayError).code]).toEqual([true, 'ERR_SPILLWAY_FILE_INVALID']);
    return undefined;
  }
}

const lines = [reportOf(), reportOf({ outcome: 'no-candidate', victims: [] })].map(formatReport);
/** Changes inside of values leave JSON whole more often than changes anywhere. */
const value = mutated(lines.flatMap((line) => line.match(/"[^"]*"|\d+(?:\.\d+)?|true|false|null/g) ?? []));
const changedValues = fc.tuple(fc.constantFrom(...lines), fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 3 })).map(([line, changes]) =>
  changes.reduce((text, [at, by]) => {
    const values = [...text.matchAll(/(?<=[:[,])(?:"[^"]*"|\d+(?:\.\d+)?|true|false|null)/g)];
    const found = values[at % values.length];
    return found === undefined ? text : text.slice(0, found.index) + by + text.slice(found.index + found[0].length);
  }, line),
);
const changedReports = arbitraryReport.chain((report) => mutated([formatReport(report)]));

it('a changed line is read or refused; what is read can be told, asked of a policy, and written again', () => {
  fc.assert(
    fc.property(fc.oneof(mutated(lines), changedValues, changedReports), (line) => {
      const report = read(line);
      if (report === undefined) return;
      expect(explain(report).split('\n').filter((each) => /\p{Cc}/u.test(each))).toEqual([]);
      expect(replay([report], byStartTime()).summary.reports).toBe(1);
      expect(parseReport(formatReport(report))).toEqual(report);
    }),
    { numRuns: trials(500, 10_000) },
  );
});

it('a line of any length is read or refused', () => {
  for (const line of longTexts(lines)) read(line);
});
