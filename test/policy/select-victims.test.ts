import fc from 'fast-check';
import { type Candidate, type Ranked, selectVictims } from '../../lib/policy';
import { arbitraryCandidates, candidate, GiB, idsOf, need } from './candidates';

const sized = (sizes: Record<string, number | undefined>): Candidate[] =>
  Object.entries(sizes).map(([id, freeableBytes]) => candidate(id, { freeableBytes }));
const inOrder = (ids: readonly string[]): Ranked[] => ids.map((id) => ({ id, reason: `reason of ${id}` }));
const select = (sizes: Record<string, number | undefined>, bytesToFree: number, given = {}, ids = Object.keys(sizes)): string[] =>
  idsOf(selectVictims(inOrder(ids), sized(sizes), need(bytesToFree, given)));

describe('selectVictims', () => {
  it('takes entries in rank order until the need is covered, reasons kept', () => {
    const ranked = inOrder(['b', 'a', 'c']);
    expect(selectVictims(ranked, sized({ a: 5, b: 5, c: 5 }), need(6))).toEqual(ranked.slice(0, 2));
  });

  it('takes all when the need cannot be covered', () => {
    expect(select({ a: 5, b: 5 }, 100)).toEqual(['a', 'b']);
  });

  it.each([[0], [-1], [NaN]])('takes nobody for a need of %p bytes', (bytesToFree) => {
    expect(select({ a: 5 }, bytesToFree)).toEqual([]);
  });

  it('counts on what is dying', () => {
    expect(select({ a: 5, b: 5 }, 10, { dyingBytes: 10 })).toEqual([]);
    expect(select({ a: 5, b: 5 }, 10, { dyingBytes: 11 })).toEqual([]);
    expect(select({ a: 5, b: 5 }, 10, { dyingBytes: 9 })).toEqual(['a']);
  });

  it('passes over small candidates while larger ones cover the need', () => {
    expect(select({ tiny: 1, large: 5, small: 2 }, 5, { minVictimBytes: 3 })).toEqual(['large']);
  });

  it('comes back to the small ones, in rank order, when the larger do not cover it', () => {
    expect(select({ tiny: 1, large: 5, small: 2 }, 6, { minVictimBytes: 3 })).toEqual(['large', 'tiny']);
    expect(select({ tiny: 1, large: 5, small: 2 }, 8, { minVictimBytes: 3 })).toEqual(['large', 'tiny', 'small']);
  });

  it('takes small ones when there are no others', () => {
    expect(select({ tiny: 1, small: 2 }, 2, { minVictimBytes: 3 })).toEqual(['tiny', 'small']);
  });

  it('does not pass over a candidate of just the minimum', () => {
    expect(select({ a: 3, b: 9 }, 3, { minVictimBytes: 3 })).toEqual(['a']);
  });

  it('takes a victim of unknown size at its place, and counts it 0', () => {
    expect(select({ unknown: undefined, known: 5, more: 5 }, 5)).toEqual(['unknown', 'known']);
    expect(select({ unknown: undefined }, 5, { minVictimBytes: 3 })).toEqual(['unknown']);
  });

  it('takes one of many of unknown size, and one of many that would free nothing', () => {
    expect(select({ u1: undefined, u2: undefined, u3: undefined }, 5)).toEqual(['u1']);
    expect(select({ u1: undefined, u2: undefined, known: 4, u3: undefined }, 5)).toEqual(['u1', 'known']);
    expect(select({ z1: 0, z2: 0, z3: 0 }, 5)).toEqual(['z1']);
  });

  it('passes over unknown sizes while larger ones cover the need', () => {
    expect(select({ unknown: undefined, known: 5 }, 5, { minVictimBytes: 1 })).toEqual(['known']);
  });

  it('ignores strangers and repetitions in the ranking', () => {
    expect(select({ a: 5, b: 5 }, 10, {}, ['ghost', 'a', 'a', 'ghost', 'b'])).toEqual(['a', 'b']);
  });
});

describe('selectVictims and what the need is made of', () => {
  it('frees the kill buffer too: it is part of the bytes to free', () => {
    const [overBytes, killBufferBytes] = [10, 5];
    expect(select({ a: 10, b: 10 }, overBytes)).toEqual(['a']);
    expect(select({ a: 10, b: 10 }, overBytes + killBufferBytes)).toEqual(['a', 'b']);
  });

  it('counts what a death gives back, not what the worker uses', () => {
    const usage = { currentBytes: GiB, fileBytes: GiB, shmemBytes: GiB };
    const two = ['a', 'b'].map((id) => candidate(id, { freeableBytes: 5, usage }));
    expect(idsOf(selectVictims(inOrder(['a', 'b']), two, need(6)))).toEqual(['a', 'b']);
  });

  it.each([NaN, -1, Infinity, null, undefined] as number[])('counts %p bytes as unknown: 0', (freeableBytes) => {
    expect(select({ odd: freeableBytes, known: 5 }, 5)).toEqual(['odd', 'known']);
    expect(select({ odd: freeableBytes, known: 5 }, 5, { minVictimBytes: 1 })).toEqual(['known']);
  });

  it('takes nobody when what is dying is not a number', () => {
    expect(select({ a: 5 }, 5, { dyingBytes: NaN })).toEqual([]);
  });

  it('frees any amount when the need has no bound', () => {
    expect(select({ a: 5, b: 5 }, Infinity)).toEqual(['a', 'b']);
  });
});

describe('selectVictims, for any ranking', () => {
  /** A ranking that leaves some out, repeats some, and names strangers. */
  const anything = arbitraryCandidates.chain((candidates) =>
    fc.record({
      candidates: fc.constant(candidates),
      ids: fc.array(fc.constantFrom(...idsOf(candidates), 'ghost'), { maxLength: 40 }),
      bytesToFree: fc.integer({ min: -5, max: 120 }),
      dyingBytes: fc.integer({ min: 0, max: 40 }),
      minVictimBytes: fc.integer({ min: 0, max: 12 }),
    }),
  );
  type Anything = typeof anything extends fc.Arbitrary<infer T> ? T : never;

  const run = ({ candidates, ids, bytesToFree, ...given }: Anything): Candidate[] => {
    const byId = new Map(candidates.map((each) => [each.id, each]));
    return selectVictims(inOrder(ids), candidates, need(bytesToFree, given)).map(({ id }) => byId.get(id) ?? candidate('stranger'));
  };
  const bytesOf = ({ freeableBytes = 0 }: Candidate): number => (freeableBytes > 0 && freeableBytes < Infinity ? freeableBytes : 0);
  const sum = (victims: readonly Candidate[]): number => victims.reduce((total, each) => total + bytesOf(each), 0);
  const holds = (check: (input: Anything, victims: Candidate[], neededBytes: number) => void): void => {
    fc.assert(fc.property(anything, (input) => {
      check(input, run(input), input.bytesToFree - input.dyingBytes);
    }), { numRuns: 500 });
  };

  it('selects only ranked candidates, each once', () => {
    holds(({ candidates, ids }, victims) => {
      expect(new Set(victims).size).toBe(victims.length);
      expect(victims.every((each) => candidates.includes(each) && ids.includes(each.id))).toBe(true);
    });
  });

  it('selects nobody when nothing is needed', () => {
    holds((_, victims, neededBytes) => {
      if (neededBytes <= 0) expect(victims).toEqual([]);
    });
  });

  it('is minimal: without its last victim the need is not covered', () => {
    holds((_, victims, neededBytes) => {
      if (victims.length > 0) expect(sum(victims.slice(0, -1))).toBeLessThan(neededBytes);
    });
  });

  it('covers the need whenever the ranked candidates can', () => {
    holds(({ candidates, ids }, victims, neededBytes) => {
      const possible = sum(candidates.filter(({ id }) => ids.includes(id)));
      expect(sum(victims)).toBeGreaterThanOrEqual(Math.min(possible, neededBytes));
    });
  });

  it('takes at most one victim that counts nothing', () => {
    holds((_, victims) => {
      expect(victims.filter((each) => bytesOf(each) === 0).length).toBeLessThanOrEqual(1);
    });
  });

  it('takes a small one only after every larger one that is ranked', () => {
    holds(({ candidates, ids, minVictimBytes }, victims) => {
      const firstSmall = victims.findIndex((each) => bytesOf(each) < minVictimBytes);
      if (firstSmall < 0) return;
      const larger = candidates.filter((each) => ids.includes(each.id) && bytesOf(each) >= minVictimBytes);
      expect(victims.slice(0, firstSmall).filter((each) => bytesOf(each) > 0)).toEqual(expect.arrayContaining(larger.filter((each) => bytesOf(each) > 0)));
    });
  });

  it('keeps the rank order among the large and among the small', () => {
    holds(({ ids, minVictimBytes }, victims) => {
      const places = (small: boolean): number[] =>
        victims.filter((each) => bytesOf(each) < minVictimBytes === small).map(({ id }) => ids.indexOf(id));
      for (const some of [places(true), places(false)]) expect(some).toEqual(some.toSorted((a, b) => a - b));
    });
  });

  it('takes the same ones for more, and then others', () => {
    holds((input, victims) => {
      const more = run({ ...input, bytesToFree: input.bytesToFree + 7 });
      expect(more.slice(0, victims.length)).toEqual(victims);
    });
  });

  it('does not depend on the order of the candidates, and leaves its input alone', () => {
    holds((input, victims) => {
      const before = structuredClone(input.candidates);
      expect(run({ ...input, candidates: Object.freeze(input.candidates.toReversed()) as Candidate[] })).toEqual(victims);
      expect(input.candidates).toEqual(before);
    });
  });
});
