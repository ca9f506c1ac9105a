import type { Criterion } from '../../lib/policy';
import { inOrder, rankBy } from '../../lib/policy/rank-by';
import { candidate, idsOf } from './candidates';

/** Ranks by one letter of the id, and tells the ids that it had before it. */
const byLetter = (place: number): Criterion => ({
  key: ({ id }) => id.charCodeAt(place),
  explain: ({ id }, tied) => `${id.charAt(place)} of ${idsOf(tied).join(' ')}`,
});
const ids = ['bb', 'ab', 'ba', 'aa'];
const four = ids.map((id) => candidate(id));

describe('rankBy', () => {
  it('gives each criterion those that the ones before left equal, the first to die first', () => {
    expect(rankBy(four, [byLetter(1), byLetter(0)])).toEqual([
      { id: 'aa', reason: 'a of aa ba ab bb, a of aa ba' },
      { id: 'ba', reason: 'a of aa ba ab bb, b of aa ba' },
      { id: 'ab', reason: 'b of aa ba ab bb, a of ab bb' },
      { id: 'bb', reason: 'b of aa ba ab bb, b of ab bb' },
    ]);
  });

  it('asks a tie for words only where it decided', () => {
    const same: Criterion = { key: () => 1, explain: () => 'all the same' };
    expect(rankBy([candidate('aa'), candidate('ab'), candidate('b')], [byLetter(0)], [same, byLetter(1)])).toEqual([
      { id: 'aa', reason: 'a of aa ab b, a of aa ab' },
      { id: 'ab', reason: 'a of aa ab b, b of aa ab' },
      { id: 'b', reason: 'b of aa ab b' },
    ]);
  });

  it('ends a clause that has a comma with a semicolon', () => {
    const saying = (text: string): Criterion => ({ key: () => 0, explain: () => text });
    expect(rankBy([candidate('a')], [saying('one'), saying('two, three'), saying('four')])[0]?.reason).toBe('one, two, three; four');
  });

  it('ends by id, by code units', () => {
    const odd = ['é', 'z', 'Z', 'a', '\u{1F600}', '\uFFFD', ''].map((id) => candidate(id));
    expect(idsOf(rankBy(odd, [{ key: () => 0, explain: () => 'same' }]))).toEqual(['', 'Z', 'a', 'z', 'é', '\u{1F600}', '\uFFFD']);
    expect(idsOf(inOrder(odd, []))).toEqual(['', 'Z', 'a', 'z', 'é', '\u{1F600}', '\uFFFD']);
  });
});
