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
   * Where it comes from: `'cgroup'`, `'processes'`, `'pss'`, `'rss'`, `'v8'`, `'buffers'`, `'heap-growth'`,
   * `'remainder'`; of a sum over
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
  const [only] = figures;
  if (only !== undefined && figures.length === 1) return only;
  // A plain loop: a status of a thousand components makes thousands of sums.
  let bytes = 0;
  let knownCount = 0;
  let measuring = false;
  let sampledAt = Infinity;
  let source = '';
  let worst = -1;
  let isUpperBound = false;
  for (const figure of figures) {
    measuring ||= figure.measuring;
    if (figure.bytes === undefined) continue;
    knownCount += 1;
    bytes += figure.bytes;
    sampledAt = Math.min(sampledAt, figure.sampledAt ?? Infinity);
    if (figure.source !== source) source = source === '' ? (figure.source ?? '') : bothOf(source, figure.source ?? '');
    worst = Math.max(worst, byTrust.indexOf(figure.confidence));
    isUpperBound ||= figure.confidence === 'upper-bound';
  }
  if (knownCount === 0) return measuring ? { ...unmeasured, measuring } : unmeasured;
  if (knownCount < figures.length) worst = Math.max(worst, byTrust.indexOf('lower-bound'));
  const confidence = isUpperBound && byTrust[worst] === 'lower-bound' ? 'estimate' : (byTrust[worst] ?? 'unknown');
  return { bytes: Math.min(Number.MAX_SAFE_INTEGER, bytes), source, confidence, sampledAt, measuring };
}

/** By what is joined. There are as many as ways to combine the few sources. */
const joined = new Map<string, string>();

function bothOf(one: string, other: string): string {
  const key = `${one}+${other}`;
  let both = joined.get(key);
  if (both === undefined) {
    both = [...new Set(key.split('+'))].sort().join('+');
    joined.set(key, both);
  }
  return both;
}
