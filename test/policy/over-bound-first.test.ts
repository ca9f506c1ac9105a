import { byStartTime, firstBy, overBoundFirst, type Candidate } from '../../lib/policy';
import { candidate, idsOf, MiB, need } from './candidates';
import { itComparesInPairs, itObeysTheLaws } from './policy-laws';

describe('overBoundFirst', () => {
  it('ranks first who is furthest over what it has declared, whatever else is true of it', () => {
    const five = [
      candidate('idle', { idle: true, retriable: true, startedAtMs: 9 }),
      candidate('far', { boundBytes: 40 * MiB, kind: 'service' }),
      candidate('near', { boundBytes: 90 * MiB }),
      candidate('within', { boundBytes: 100 * MiB }),
      candidate('cache', { boundBytes: 50 * MiB, usage: { currentBytes: 300 * MiB, pinnedBytes: 50 * MiB } }),
    ];
    const ranked = overBoundFirst().rank(five, need(1));
    expect(idsOf(ranked)).toEqual(['far', 'near', 'idle', 'cache', 'within']);
    expect(ranked.map(({ reason }) => reason).slice(0, 3)).toEqual([
      '60 MiB over its bound of 40 MiB, the most of 5',
      '10 MiB over its bound of 90 MiB',
      'has declared no bound, can be retried',
    ]);
    expect(ranked.at(-1)?.reason).toMatch(/^within its bound of 100 MiB, cannot be retried/);
  });

  it('counts pinned memory where it is known: page cache is nobody\'s debt', () => {
    const cached = candidate('cached', { boundBytes: 10, usage: { pinnedBytes: 5 } });
    const grown = candidate('grown', { boundBytes: 10, usage: { pinnedBytes: 11 }, freeableBytes: 0 });
    expect(idsOf(overBoundFirst().rank([cached, grown], need(1)))).toEqual(['grown', 'cached']);
  });

  it.each([[undefined], [null], [NaN], [Infinity]])('a bound of %p is passed by nobody', (boundBytes) => {
    const two = [candidate('other', { boundBytes: 99 * MiB }), candidate('odd', { boundBytes } as Partial<Candidate>)];
    expect(idsOf(overBoundFirst().rank(two, need(1)))).toEqual(['other', 'odd']);
  });

  it('leaves the others to the next policy', () => {
    const two = [candidate('busy', { boundBytes: 200 * MiB, startedAtMs: 5 }), candidate('idle', { boundBytes: 200 * MiB, idle: true })];
    expect(idsOf(firstBy(overBoundFirst(), byStartTime()).rank(two, need(1)))).toEqual(['idle', 'busy']);
  });

  itObeysTheLaws(overBoundFirst());
  itComparesInPairs(overBoundFirst());
});
