import type { MemoryLimits, MemoryUsage } from '../../monitor/types';
import { isFailure, native } from '../../native';
import type { PoolState } from '../types';
import type { Gauge } from './types';

/** Reads how a cgroup stands against its own limits. */
export class CgroupGauge implements Gauge {
  constructor(
    readonly directory: string,
    readonly killBufferBytes: number | undefined,
  ) {}

  measure(wasShort: boolean): PoolState | undefined {
    const sample = native().readMemory(this.directory);
    return isFailure(sample) ? undefined : this.judge(sample.usage, sample.limits, wasShort);
  }

  judge(usage: MemoryUsage, limits: MemoryLimits, wasShort: boolean): PoolState | undefined {
    return judge(usage, limits, this.killBufferBytes, wasShort);
  }

  /** Processes killed by the kernel's OOM killer here and below so far. */
  kernelOomKills(): number | undefined {
    const counters = native().readCounters(this.directory);
    return isFailure(counters) ? undefined : counters.oom_kill;
  }
}

/** How figures stand against limits, by the one function that decides about shortness; `undefined` when they do not tell. */
export function judge(usage: MemoryUsage, limits: MemoryLimits, killBufferBytes: number | undefined, wasShort: boolean): PoolState | undefined {
  const shortness = native().evaluateShortness(usage, limits, killBufferBytes, wasShort);
  if (!shortness.known) return undefined;
  const { pinnedBytes, markBytes, bytesToFree, short } = shortness;
  return { usage: pinnedBytes === undefined ? usage : { ...usage, pinnedBytes }, limits, short, markBytes, bytesToFree };
}
