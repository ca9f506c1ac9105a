import { weighedTable } from '../../../lib/supervisor/reports/explain-weighed';
import { candidate, MiB } from '../../policy/candidates';
import { decision, reportOf, victim } from './reports-of';

const workers = [
  candidate('spared', { freeableBytes: 50 * MiB }), candidate('spared more', { freeableBytes: 70 * MiB }), candidate('spared unknown', { freeableBytes: undefined }),
  candidate('small', { freeableBytes: MiB }), candidate('next'), candidate('dead', { freeableBytes: 90 * MiB }), candidate('small, but later', { freeableBytes: MiB }),
];
const ranking = ['small', 'dead', 'small, but later', 'next'].map((id) => ({ id, reason: `why ${id}` }));

it('the victims, the others in their order, then the protected, the largest first', () => {
  const report = reportOf({ candidates: workers, ranking, victims: [victim('dead', { freeableBytes: 95 * MiB, reason: 'a later reason' })], decisions: [decision(workers, { victim: 'dead' })] });
  expect(weighedTable(report)).toEqual({
    rows: [
      // Of the size and with the reason on which it was chosen.
      ['2', 'dead', '95 MiB', 'killed', 'a later reason'],
      ['1', 'small', '1 MiB', 'too small', 'why small'],
      ['3', 'small, but later', '1 MiB', 'kept', 'why small, but later'],
      ['4', 'next', '100 MiB', 'kept', 'why next'],
      ['-', 'spared more', '70 MiB', 'protected', 'the policy leaves it out'],
      ['-', 'spared', '50 MiB', 'protected', 'the policy leaves it out'],
      ['-', 'spared unknown', 'unknown', 'protected', 'the policy leaves it out'],
    ],
    more: '',
  });
});

it('says how many more there are, and what became of them', () => {
  const many = Array.from({ length: 13 }, (_, at) => candidate(`w${at}`));
  const { rows, more } = weighedTable(reportOf({ candidates: many, ranking: many.slice(0, 11).map(({ id }) => ({ id, reason: '' })), victims: [victim('w10', { died: false })] }));
  expect(rows.map(([, id]) => id)).toEqual(['w10', ...many.slice(0, 9).map(({ id }) => id)]);
  expect(more).toBe('and 3 more workers: 1 kept, 2 protected');
});

it('nobody was weighed', () => {
  expect(weighedTable(reportOf({ candidates: [], ranking: [], victims: [] }))).toEqual({ rows: [], more: '' });
});
