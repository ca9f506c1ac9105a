import type { MemoryLimiter } from '../../accounting/memory-limiter';
import type { PoolState } from '../types';
import { fillOf, type Fill } from './fill';

/** How full the pool is: as the native thread of its limiter sampled it, or as its files say. */
export class FillReader {
  #last: Fill | undefined;
  /** Whether less may be pinned than `last` says: with much room a sample counts page cache, too. */
  #isUpperBound = false;
  #sampledAtMs = -Infinity;

  /**
   * @param read the files, which tells exactly; `undefined`: nobody can tell. Must not throw
   * @param limiter of the pool's own mark; absent where no native thread samples
   */
  constructor(
    private readonly read: () => PoolState | undefined,
    private readonly limiter?: Pick<MemoryLimiter, 'status'>,
  ) {}

  /** `undefined` when nobody can tell. */
  get last(): Fill | undefined {
    return this.#last;
  }

  /** Takes over the sample that has come since, if one has. `false`: nobody samples, only `measure()` tells. */
  takeSample(): boolean {
    const status = this.limiter?.status();
    if (status?.state !== 'ok') return false;
    if (status.sampledAtMs > this.#sampledAtMs) {
      this.#sampledAtMs = status.sampledAtMs;
      this.#last = { pinnedBytes: status.usedBytes, markBytes: status.limitBytes };
      this.#isUpperBound = true;
    }
    return true;
  }

  measure(): void {
    const exact = fillOf(this.read());
    // The last sample is older than this.
    const isSampled = this.takeSample();
    if (exact !== undefined || !isSampled) this.#last = exact;
    this.#isUpperBound = false;
  }

  /** Measures where `last` may be too much: once for each sample. Returns whether it has. */
  refine(): boolean {
    if (!this.#isUpperBound) return false;
    this.measure();
    return true;
  }
}
