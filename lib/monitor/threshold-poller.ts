import { EventEmitter } from 'node:events';
import { emitSafely } from '../emit-safely';
import { SpillwayError } from '../errors';
import { formatBytes } from '../format-bytes';
import type { MemoryLimits, MemoryMonitor, MemoryUsage, MonitorEvents, MonitorState } from './types';

/** What a poller finds at a look. */
export interface Standing {
  usage: MemoryUsage;
  limits: MemoryLimits;
  short: boolean;
  markBytes: number;
}

export interface ThresholdPollerOptions {
  /** What is measured, for people: it stands where a cgroup's directory does. */
  name: string;
  measure: (wasShort: boolean) => Standing | undefined;
  intervalMs: number;
  /** How often a shortage is told again while it lasts. */
  repeatMs: number;
}

/** Hears a shortage by looking again and again, where the kernel tells of none. */
export class ThresholdPoller extends EventEmitter<MonitorEvents> implements MemoryMonitor {
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #short = false;
  #degraded = false;
  #sequence = 0;
  #toldAtMs = -Infinity;

  constructor(private readonly options: ThresholdPollerOptions) {
    super();
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  get state(): MonitorState {
    if (!this.running) return 'stopped';
    if (this.#degraded) return 'degraded';
    return this.#short ? 'breached' : 'ok';
  }

  start(): this {
    if (this.#ended) throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The monitor of ${this.options.name} was stopped; make a new one`);
    if (this.running) throw new SpillwayError('ERR_SPILLWAY_ALREADY_STARTED', `The monitor of ${this.options.name} is already running`);
    this.#timer = setInterval(() => {
      this.#look();
    }, this.options.intervalMs).unref();
    return this;
  }

  stop(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #look(): void {
    const detectedAtMs = performance.now();
    const standing = this.#measure();
    if (standing === undefined) return;
    const wasShort = this.#short;
    this.#short = standing.short;
    if (wasShort && !standing.short) emitSafely<MonitorEvents, 'clear'>(this, 'clear');
    if (!standing.short || (wasShort && detectedAtMs - this.#toldAtMs < this.options.repeatMs)) return;
    this.#toldAtMs = detectedAtMs;
    const { usage, limits, markBytes } = standing;
    const { name } = this.options;
    emitSafely<MonitorEvents, 'breach'>(this, 'breach', {
      source: 'threshold',
      basis: 'anon-shmem',
      usedBytes: usage.currentBytes ?? 0,
      thresholdBytes: markBytes,
      totalBytes: markBytes,
      level: name,
      cgroup: name,
      reason: `${name} use ${formatBytes(usage.currentBytes ?? 0)} that only their end gives back, the mark is ${formatBytes(markBytes)} (seen by polling)`,
      sequence: ++this.#sequence,
      detectedAtMs,
      usage,
      limits,
      short: true,
    });
  }

  #measure(): Standing | undefined {
    try {
      const standing = this.options.measure(this.#short);
      this.#degraded = false;
      return standing;
    } catch (cause) {
      const first = !this.#degraded;
      this.#degraded = true;
      if (first) {
        const error = new SpillwayError('ERR_SPILLWAY_SYSTEM', `Could not measure ${this.options.name}: ${String(cause)}; it is tried again`, { cause });
        emitSafely<MonitorEvents, 'degraded'>(this, 'degraded', error);
      }
      return undefined;
    }
  }
}
