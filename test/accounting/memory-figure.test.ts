import { type Confidence, type MemoryFigure, MemorySum, unmeasured } from '../../lib/accounting/memory-figure';

const figure = (bytes: number, confidence: Confidence, source: string = confidence, sampledAt = 5): MemoryFigure => ({ bytes, source, confidence, sampledAt, measuring: true });
const unanswered: MemoryFigure = { ...unmeasured, measuring: true };

function sumOf(figures: readonly MemoryFigure[]): MemoryFigure {
  const sum = new MemorySum();
  for (const each of figures) sum.add(each);
  return sum.figure;
}

describe('a sum of memory', () => {
  it('of one is that one', () => {
    expect(sumOf([figure(7, 'estimate')])).toEqual(figure(7, 'estimate'));
    expect(sumOf([unanswered])).toEqual(unanswered);
  });

  it('of nothing, and of what nobody knows, is unknown, not 0', () => {
    expect(sumOf([])).toEqual(unmeasured);
    expect(sumOf([unmeasured, unmeasured])).toEqual(unmeasured);
    expect(sumOf([unmeasured, unanswered])).toEqual(unanswered);
  });

  it('names all sources once, and is as old as its oldest part', () => {
    const sum = sumOf([figure(1, 'exact', 'v8', 9), figure(2, 'exact', 'cgroup', 3), sumOf([figure(0, 'exact', 'v8', 7), figure(4, 'exact', 'buffers', 8)])]);
    expect(sum).toEqual({ bytes: 7, source: 'buffers+cgroup+v8', confidence: 'exact', sampledAt: 3, measuring: true });
  });

  it.each<[Confidence, ...(Confidence | 'nobody knows')[]]>([
    ['exact', 'exact', 'exact'],
    ['fair-share', 'exact', 'fair-share'],
    ['derived', 'fair-share', 'derived', 'exact'],
    ['upper-bound', 'upper-bound', 'exact'],
    ['upper-bound', 'fair-share', 'upper-bound', 'derived'],
    ['lower-bound', 'exact', 'nobody knows'],
    ['lower-bound', 'lower-bound', 'exact'],
    ['estimate', 'upper-bound', 'nobody knows'],
    ['estimate', 'upper-bound', 'lower-bound'],
    ['estimate', 'estimate', 'exact'],
  ])('is %s for %s and %s', (expected, ...parts) => {
    expect(sumOf(parts.map((part) => (part === 'nobody knows' ? unmeasured : figure(1, part)))).confidence).toBe(expected);
  });

  // It was as old as infinity, and a status that showed it threw.
  it('has no age where no part has one', () => {
    const ageless = { ...figure(0, 'estimate'), sampledAt: undefined };
    expect(sumOf([ageless, ageless])).toEqual(ageless);
    expect(sumOf([ageless, figure(1, 'estimate')]).sampledAt).toBe(5);
  });

  it('saturates', () => {
    expect(sumOf([figure(Number.MAX_SAFE_INTEGER, 'exact'), figure(5, 'exact')]).bytes).toBe(Number.MAX_SAFE_INTEGER);
  });
});
