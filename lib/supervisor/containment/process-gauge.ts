import type { MemoryLimits, MemoryUsage } from '../../monitor/types';
import type { ProcessEntry } from '../../process/process-entry';
import type { ProcessMemory } from '../../process/process-memory';
import type { PoolState } from '../types';
import { judge } from './cgroup-gauge';
import { exactMemoryOf, memoryOf, type ProcessPool } from './process-pool';
import type { Gauge } from './types';

/** Measures processes against a limit that nobody but Spillway knows of. */
export class ProcessGauge implements Gauge {
  constructor(
    private readonly pool: ProcessPool,
    private readonly members: () => readonly ProcessEntry[],
    /** May change. */
    private readonly limits: MemoryLimits,
    private readonly killBufferBytes: number | undefined,
  ) {}

  measure(wasShort: boolean): PoolState | undefined {
    try {
      return this.look(wasShort);
    } catch {
      return undefined;
    }
  }

  /** The same. @throws ERR_SPILLWAY_SYSTEM, ERR_SPILLWAY_SYSTEM_LIMIT or the error of node:fs when processes cannot be looked at, such as EMFILE */
  look(wasShort: boolean): PoolState | undefined {
    this.pool.look();
    const members = this.members();
    const state = this.judge(usageOf(memoryOf(members)), this.limits, wasShort);
    // The cheap figure is too high where processes share memory, never too low.
    return state?.short === true ? this.judge(usageOf(exactMemoryOf(members)), this.limits, wasShort) : state;
  }

  judge(usage: MemoryUsage, limits: MemoryLimits, wasShort: boolean): PoolState | undefined {
    // All of it is memory that reclaim cannot give back: there is no page cache in these figures.
    const state = judge({ ...usage, activeFileBytes: 0, inactiveFileBytes: 0 }, limits, this.killBufferBytes, wasShort);
    return state && { ...state, usage: { ...usage, ...(usage.currentBytes !== undefined && { pinnedBytes: usage.currentBytes }) } };
  }
}

function usageOf(memory: ProcessMemory): MemoryUsage {
  return { currentBytes: memory.anonBytes + memory.shmemBytes, ...memory };
}
