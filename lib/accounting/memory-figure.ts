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

/** A figure of something that is asked now and then. Without a spread, which gives every object a shape of its own. */
export function sampledMemory(answer: Pick<MemoryFigure, 'bytes' | 'source' | 'confidence'> | undefined, sampledAt: number | undefined): MemoryFigure {
  return { bytes: answer?.bytes, source: answer?.source, confidence: answer?.confidence ?? 'unknown', sampledAt, measuring: true };
}

const byTrust: readonly Confidence[] = ['exact', 'fair-share', 'derived', 'upper-bound', 'lower-bound', 'estimate'];
/** The place of each there. What is unknown has none. */
const ranks = Object.fromEntries([...byTrust, 'unknown' as const].map((confidence) => [confidence, byTrust.indexOf(confidence)])) as Record<Confidence, number>;

/** What a figure says beside the amount. */
type Provenance = Omit<MemoryFigure, 'bytes'>;

/**
 * Adds figures up one by one, without a list of them: a status of a thousand components makes thousands of sums. It is
 * only as good as the worst of them; where one is unknown it is a lower bound; a sum that is a bound from above and from
 * below at once is an estimate.
 */
export class FigureSum {
  #amount = 0;
  #count = 0;
  #knownCount = 0;
  #measuring = false;
  #sampledAt = Infinity;
  #source = '';
  #worst = -1;
  #isUpperBound = false;

  /** In single values: figures of memory and of time differ in shape, and each is read where there is one only. */
  add(amount: number | undefined, source: string | undefined, confidence: Confidence, sampledAt: number | undefined, measuring: boolean): void {
    this.#count += 1;
    this.#measuring ||= measuring;
    if (amount === undefined) return;
    this.#knownCount += 1;
    this.#amount += amount;
    if (sampledAt !== undefined && sampledAt < this.#sampledAt) this.#sampledAt = sampledAt;
    if (source !== undefined && source !== this.#source) this.#source = this.#source === '' ? source : bothOf(this.#source, source);
    this.#worst = Math.max(this.#worst, ranks[confidence]);
    this.#isUpperBound ||= confidence === 'upper-bound';
  }

  /** How many have been added. */
  get count(): number {
    return this.#count;
  }

  /** `undefined` where nothing is known. */
  get amount(): number | undefined {
    return this.#knownCount === 0 ? undefined : Math.min(Number.MAX_SAFE_INTEGER, this.#amount);
  }

  get provenance(): Provenance {
    if (this.#knownCount === 0) return { source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: this.#measuring };
    const worst = this.#knownCount < this.#count ? Math.max(this.#worst, ranks['lower-bound']) : this.#worst;
    const confidence = this.#isUpperBound && byTrust[worst] === 'lower-bound' ? 'estimate' : (byTrust[worst] ?? 'unknown');
    return { source: this.#source, confidence, sampledAt: this.#sampledAt === Infinity ? undefined : this.#sampledAt, measuring: this.#measuring };
  }
}

/** The sum of memory, as far as it is known, by the rules of {@link FigureSum}. */
export class MemorySum {
  readonly #sum = new FigureSum();

  add({ bytes, source, confidence, sampledAt, measuring }: MemoryFigure): void {
    this.#sum.add(bytes, source, confidence, sampledAt, measuring);
  }

  get figure(): MemoryFigure {
    const { source, confidence, sampledAt, measuring } = this.#sum.provenance;
    return { bytes: this.#sum.amount, source, confidence, sampledAt, measuring };
  }
}

/** By what is joined. There are as many as ways to combine the few sources. */
const joined = new Map<string, Map<string, string>>();

function bothOf(one: string, other: string): string {
  let withOne = joined.get(one);
  if (withOne === undefined) joined.set(one, (withOne = new Map<string, string>()));
  let both = withOne.get(other);
  if (both === undefined) withOne.set(other, (both = [...new Set([...one.split('+'), ...other.split('+')])].sort().join('+')));
  return both;
}
