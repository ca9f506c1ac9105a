import type { MemoryLimits, MemoryUsage } from '../monitor/types';
import { isFailure, native } from '../native';
import type { PoolState } from './types';

/** Reads how a pool stands, by the one function that decides about shortness. */
export class PoolGauge {
  constructor(
    readonly directory: string,
    readonly killBufferBytes: number | undefined,
  ) {}

  /** `undefined` when the files do not tell. With `wasShort` a shortage ends only at the clear level. */
  measure(wasShort: boolean): PoolState | undefined {
    const sample = native().readMemory(this.directory);
    return isFailure(sample) ? undefined : this.judge(sample.usage, sample.limits, wasShort);
  }

  /** The same for figures that were read before. */
  judge(usage: MemoryUsage, limits: MemoryLimits, wasShort: boolean): PoolState | undefined {
    const shortness = native().evaluateShortness(usage, limits, this.killBufferBytes, wasShort);
    if (!shortness.known) return undefined;
    const { pinnedBytes, markBytes, bytesToFree, short } = shortness;
    return {
      usage: pinnedBytes === undefined ? usage : { ...usage, pinnedBytes },
      limits,
      short,
      markBytes,
      bytesToFree,
    };
  }

  /** Processes killed by the kernel's OOM killer in the pool so far. */
  kernelOomKills(): number | undefined {
    const sample = native().readMemory(this.directory);
    return isFailure(sample) ? undefined : sample.counters?.oom_kill;
  }
}
