import { SpillwayError } from '../errors';
import { BufferAccount, type AllocationCounters } from './buffer-account';
import { type CpuFigure, CpuSum, ofThePast, unmeasuredCpu } from './cpu-figure';
import { checkKeys, parseBoolean } from '../options';
import { runIn } from './group-scope';
import { HeapEstimate } from './heap-estimate';
import { type MemoryFigure, MemorySum } from './memory-figure';
import { RunTime } from './run-time';
import { processSource, type TrackedProcess } from './process-source';
import { threadSource, type TrackedThread } from './thread-source';
import type { MemorySource, Tracked } from './tracked';

export interface RunOptions {
  /**
   * Whether to guess what the work leaves on the JavaScript heap: by how much that grows until `work` returns. What it
   * does later, asynchronously, is not seen, and what it drops only as far as collections of the whole heap take
   * from all alike. Costs two looks at the heap, some microseconds. Default false.
   */
  estimate?: boolean;
  /**
   * Whether to count the processor time that the work takes until `work` returns, without that of measured calls within
   * it. What it does later, asynchronously, is not seen: measure that where it runs. Costs two looks at a clock, about a
   * microsecond. In a Node without `process.threadCpuUsage()` (before 22.19) it counts what all threads of the process take meanwhile.
   * Default false.
   */
  cpu?: boolean;
}

/**
 * What a component really uses, next to what it has declared: the sum of the processes, threads and buffers that are
 * said to be its. Got from `component.resourceGroup()`.
 */
export class ResourceGroup implements Disposable {
  /** The full name of its component; `''` for the root. */
  readonly name: string;
  readonly #onUnregister: (group: ResourceGroup) => void;
  readonly #sources = new Set<MemorySource>();
  #buffers: BufferAccount | undefined;
  #heap: HeapEstimate | undefined;
  #runTime: RunTime | undefined;
  /** Processor time of what was tracked and has ended, in this process and outside: it stays taken. */
  readonly #past = { inside: unmeasuredCpu, outside: unmeasuredCpu };
  #unregistered = false;

  /** Made by the registry. */
  constructor(name: string, onUnregister: (group: ResourceGroup) => void) {
    this.name = name;
    this.#onUnregister = onUnregister;
  }

  /**
   * Counts a process until it ends: a `Worker` of a Supervisor with all its descendants, or the process of a pid alone.
   *
   * - A worker in a cgroup: `memory.current` of its leaf, `'exact'`, page cache and kernel memory included. At guarantee
   *   level `'polling'`: anonymous and shared memory of its processes, `'upper-bound'`.
   * - Otherwise its proportional set size (/proc/PID/smaps_rollup, Linux 4.14; only of processes that this user may
   *   trace), `'fair-share'`; else its resident set size, `'upper-bound'`. These are read outside of JavaScript's thread,
   *   one process at a time. A process that has taken the place of one that ended is not mistaken for it.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION; ERR_SPILLWAY_STOPPED after `unregister()`
   */
  trackProcess(process: TrackedProcess): Tracked {
    return this.#track((onEnd) => processSource(process, onEnd));
  }

  /**
   * Counts a `worker_threads` Worker until it exits: the memory of its JavaScript engine, buffers included. It is asked
   * and answers by itself, at the latest when it returns from the native call that it is in; its last answer keeps its
   * age. Node 20, and 22 before 22.16, cannot ask: there the figure stays unknown, and `measuring` is false.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION; ERR_SPILLWAY_STOPPED after `unregister()`
   */
  trackThread(worker: TrackedThread): Tracked {
    return this.#track((onEnd) => threadSource(worker, onEnd));
  }

  #track(make: (onEnd: () => void) => MemorySource): Tracked {
    if (this.#unregistered) {
      throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The group of the component '${this.name}' was unregistered, and nobody would see what it tracks; get a new one from component.resourceGroup()`);
    }
    const stop = (): void => {
      if (!this.#sources.delete(source)) return;
      source.release?.();
      const where = source.inProcess ? 'inside' : 'outside';
      if (source.cpu?.seconds !== undefined) this.#past[where] = ofThePast(this.#past[where], source.cpu);
    };
    const source = make(stop);
    this.#sources.add(source);
    return { get figure() { return source.figure; }, get cpu() { return source.cpu ?? unmeasuredCpu; }, stop, [Symbol.dispose]: stop };
  }

  /**
   * Allocates as `Buffer.allocUnsafeSlow()` does (its content is whatever was there before), and counts it until it is
   * collected, whoever drops it. The collector takes its time, and tells of it in a later turn of the event loop: what
   * is counted is never too little, and in a loop that does not return too much. Memory that is transferred to another
   * thread is not counted any more.
   *
   * @param bytes from 0 to `buffer.constants.MAX_LENGTH`
   * @throws ERR_SPILLWAY_INVALID_OPTION; RangeError of Node when there is no memory for it
   */
  allocate(bytes: number): Buffer {
    if (this.#buffers === undefined) {
      this.#buffers = new BufferAccount();
      this.#sources.add(this.#buffers);
    }
    return this.#buffers.allocate(bytes);
  }

  /** Of what {@link allocate} has allocated; `undefined` before its first call. */
  get allocations(): AllocationCounters | undefined {
    return this.#buffers?.counters;
  }

  /** Calls `work` as this group: `currentGroup()` is it there, and in whatever asynchronous work is begun there. Returns, and throws, what `work` does. */
  run<T>(work: () => T, options: RunOptions = {}): T {
    checkKeys('run()', options, ['estimate', 'cpu']);
    const { estimate = false, cpu = false } = options;
    const run = parseBoolean('cpu', cpu) ? () => (this.#runTime ??= new RunTime()).run(() => runIn(this, work)) : () => runIn(this, work);
    if (!parseBoolean('estimate', estimate) || this.#unregistered) return run();
    if (this.#heap === undefined) {
      this.#heap = new HeapEstimate();
      this.#sources.add(this.#heap);
    }
    return this.#heap.run(run);
  }

  /** All of it together, as last known. */
  get figure(): MemoryFigure {
    const sum = new MemorySum();
    for (const source of this.#sources) sum.add(source.figure);
    return sum.figure;
  }

  /**
   * The processor time of its processes, its threads and its calls of `run()` with `cpu`, as last known: since each of
   * them began. What of it has ended stays counted, as it was last known.
   */
  get cpu(): CpuFigure {
    const sum = new CpuSum();
    for (const figure of this.cpuFigures('inside')) sum.add(figure);
    for (const figure of this.cpuFigures('outside')) sum.add(figure);
    return sum.figure;
  }

  /** In this process, or outside. For the registry. Not exported. */
  cpuFigures(where: 'inside' | 'outside'): CpuFigure[] {
    const figures: CpuFigure[] = [];
    for (const { cpu, inProcess } of this.#sources) if (cpu !== undefined && inProcess === (where === 'inside')) figures.push(cpu);
    if (where === 'inside' && this.#runTime !== undefined) figures.push(this.#runTime.figure);
    if (this.#past[where].seconds !== undefined) figures.push(this.#past[where]);
    return figures;
  }

  /** For the registry. Not exported. */
  get sources(): Iterable<MemorySource> {
    return this.#sources;
  }

  /**
   * Takes it out of the registry, and lets go of all that it tracks. `component.resourceGroup()` then makes a new one.
   * Its buffers are then part of the remainder of the process; `allocate()` and `run()` still work. Does nothing the
   * second time.
   */
  unregister(): void {
    this.#unregistered = true;
    this.#onUnregister(this);
    for (const source of this.#sources) source.release?.();
    this.#sources.clear();
  }

  [Symbol.dispose](): void {
    this.unregister();
  }
}
