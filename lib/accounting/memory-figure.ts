/**
 * How far a figure is to be trusted, best first.
 *
 * - `'exact'`: all of it, and nothing else.
 * - `'fair-share'`: of pages that n processes share, one n-th: right in a sum.
 * - `'derived'`: what is left of another figure when those that are known are taken off.
 * - `'upper-bound'`: not more than this; what is shared counts in full.
 * - `'lower-bound'`: not less than this; of a part nothing is known.
 * - `'estimate'`: may be off either way.
 * - `'unknown'`: there is no figure.
 */
export type Confidence = 'exact' | 'fair-share' | 'derived' | 'upper-bound' | 'lower-bound' | 'estimate' | 'unknown';

/** How many bytes something really uses. */
export interface MemoryFigure {
  /** `undefined` is unknown; 0 is nothing. */
  readonly bytes: number | undefined;
  /**
   * Where it comes from: `'cgroup'`, `'processes'`, `'pss'`, `'rss'`, `'v8'`, `'buffers'`, `'remainder'`; of a sum over
   * several all of them, sorted, as in `'cgroup+pss'`. `undefined` where nothing is known.
   */
  readonly source: string | undefined;
  readonly confidence: Confidence;
  /** When it was measured, in milliseconds since 1970; of a sum, its oldest part. A figure that cannot be had anew keeps its age. */
  readonly sampledAt: number | undefined;
  /** Whether anything measures it. `true` without `bytes`: there is no answer yet. `false`: there will be none. */
  readonly measuring: boolean;
}

/** What nobody measures. */
export const unmeasured: MemoryFigure = { bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: false };

const byTrust: readonly Confidence[] = ['exact', 'fair-share', 'derived', 'upper-bound', 'lower-bound', 'estimate'];

/**
 * The sum of figures, as far as they are known: only as good as the worst of them. Where one is unknown it is a lower
 * bound; a sum that is a bound from above and from below at once is an estimate.
 */
export function sumOf(figures: readonly MemoryFigure[]): MemoryFigure {
  const known = figures.filter(({ bytes }) => bytes !== undefined);
  const measuring = figures.some((figure) => figure.measuring);
  if (known.length === 0) return { ...unmeasured, measuring };
  if (known.length === 1 && figures.length === 1) return known[0] ?? unmeasured;
  const found = new Set(known.map(({ confidence }) => confidence));
  if (known.length < figures.length) found.add('lower-bound');
  if (found.has('lower-bound') && found.has('upper-bound')) found.add('estimate');
  return {
    bytes: Math.min(Number.MAX_SAFE_INTEGER, known.reduce((sum, { bytes = 0 }) => sum + bytes, 0)),
    source: [...new Set(known.flatMap(({ source = '' }) => source.split('+')))].sort().join('+'),
    confidence: byTrust.findLast((each) => found.has(each)) ?? 'unknown',
    sampledAt: known.reduce((oldest, { sampledAt = Infinity }) => Math.min(oldest, sampledAt), Infinity),
    measuring,
  };
}
