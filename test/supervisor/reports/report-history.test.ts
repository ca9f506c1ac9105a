import { ReportHistory } from '../../../lib/supervisor/reports/report-history';
import { reportOf } from './reports-of';

const ids = ({ list }: ReportHistory): string[] => list.map(({ reportId }) => reportId);

it.each([
  [0, []],
  [1, ['5']],
  [3, ['3', '4', '5']],
  [100, ['1', '2', '3', '4', '5']],
])('keeps the last %d, the newest last', (size, kept) => {
  const history = new ReportHistory(size);
  for (const reportId of ['1', '2', '3', '4', '5']) history.keep(reportOf({ reportId }));
  expect(ids(history)).toEqual(kept);
});

it('a list that somebody holds does not change', () => {
  const history = new ReportHistory(2);
  history.keep(reportOf());
  const { list } = history;
  history.keep(reportOf());
  expect([list.length, history.list.length]).toEqual([1, 2]);
});
