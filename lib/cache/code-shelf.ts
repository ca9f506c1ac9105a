import { SpillwayError } from '../errors';
import { unlessAborted } from '../leases/unless-aborted';
import { quote } from '../options';
import { checkBytes, checkThere, loaded } from './loader-call';
import type { Uncollected } from './uncollected';
import type { InstanceLoader } from './types';

/** Compiled code, from before it is compiled until its last instance is gone. */
export interface CodeRecord<M> {
  readonly name: string;
  readonly signature: string;
  /** The one compilation that all wait for. */
  readonly ready: Promise<M>;
  module: M | undefined;
  bytes: number;
  /** How many instances use it that are in use or being made. */
  pins: number;
  /** How many use it that are idle. */
  idle: number;
  isGone: boolean;
  /** Fires when nobody wants it any more. */
  readonly unwanted: AbortController;
}

/** Counts who uses compiled code, and keeps it and what leases reserve within one budget: reserved first, compiled then. */
export class CodeShelf<M, I> {
  readonly #names = new Map<string, Map<string, CodeRecord<M>>>();
  #count = 0;
  #bytes = 0;
  /** Of `#bytes`: what cannot be given back now. */
  #pinnedBytes = 0;
  failedReservations = 0;

  constructor(
    private readonly loader: InstanceLoader<M, I>,
    private readonly maxBytes: number,
    /** Evicts idle instances until some code goes; whether any did. */
    private readonly evict: () => boolean,
    private readonly uncollected: Uncollected,
  ) {}

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The code, pinned. Compiled once, however many ask at a time. */
  async open(name: string, signature: string, signal: AbortSignal): Promise<CodeRecord<M>> {
    const record = this.#names.get(name)?.get(signature) ?? this.#begin(name, signature);
    this.pin(record);
    try {
      await unlessAborted(record.ready, signal);
      return record;
    } catch (error) {
      this.unpin(record);
      throw error;
    }
  }

  /**
   * Evicts where it must. Nothing is evicted if it cannot help.
   *
   * @throws ERR_SPILLWAY_NO_ROOM
   */
  reserve(bytes: number, what: string): void {
    while (this.#bytes + bytes > this.maxBytes) {
      if (this.#pinnedBytes + bytes <= this.maxBytes && this.evict()) continue;
      this.failedReservations += 1;
      throw new SpillwayError(
        'ERR_SPILLWAY_NO_ROOM',
        `No room for ${bytes} bytes of ${what}: of ${this.maxBytes} bytes for code (maxModuleBytes) ${this.#pinnedBytes} are in use`,
      );
    }
    this.#bytes += bytes;
    this.#pinnedBytes += bytes;
  }

  /** What was reserved for a lease. */
  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#pinnedBytes -= bytes;
  }

  pin(record: CodeRecord<M>): void {
    if (record.pins === 0) this.#pinnedBytes += record.bytes;
    record.pins += 1;
  }

  unpin(record: CodeRecord<M>): void {
    record.pins -= 1;
    if (record.pins === 0) this.#pinnedBytes -= record.bytes;
    this.#dropUnused(record);
  }

  /** One of its idle instances goes into use. */
  idleToUse(record: CodeRecord<M>): void {
    record.idle -= 1;
    this.pin(record);
  }

  /** One of its instances in use goes idle. */
  useToIdle(record: CodeRecord<M>): void {
    record.idle += 1;
    this.unpin(record);
  }

  /** One of its idle instances is given up. */
  dropIdle(record: CodeRecord<M>): void {
    record.idle -= 1;
    this.#dropUnused(record);
  }

  /** Whoever comes next finds no code of this name: it is asked for anew. */
  forget(name: string, signature: string | undefined): void {
    if (signature === undefined) this.#names.delete(name);
    else this.#delist(name, signature);
  }

  #begin(name: string, signature: string): CodeRecord<M> {
    const unwanted = new AbortController();
    // Later, when it can be found: the loader may ask for the same code again.
    const ready = Promise.resolve().then(() => this.#compile(record));
    const record: CodeRecord<M> = { name, signature, ready, module: undefined, bytes: 0, pins: 0, idle: 0, isGone: false, unwanted };
    const signatures = this.#names.get(name) ?? new Map<string, CodeRecord<M>>();
    this.#names.set(name, signatures.set(signature, record));
    this.#count += 1;
    // Those who wait for it hear of it; nobody may wait any more.
    ready.catch(() => undefined);
    return record;
  }

  async #compile(record: CodeRecord<M>): Promise<M> {
    const { name, signature, unwanted: { signal } } = record;
    try {
      const source: unknown = await loaded('source()', () => this.loader.source({ name, signature, signal }));
      const { bytes, compile } = checkSource(source);
      signal.throwIfAborted();
      this.reserve(bytes, `the code of ${quote(name)}`);
      record.bytes = bytes;
      const module = (await loaded('compile()', () => compile.call(source, signal))) as M;
      checkThere('compile()', module);
      return (record.module = module);
    } catch (error) {
      this.#drop(record);
      throw error;
    }
  }

  #dropUnused(record: CodeRecord<M>): void {
    if (record.pins === 0 && record.idle === 0) this.#drop(record);
  }

  #drop(record: CodeRecord<M>): void {
    if (record.isGone) return;
    record.isGone = true;
    this.#count -= 1;
    this.#bytes -= record.bytes;
    if (record.pins > 0) this.#pinnedBytes -= record.bytes;
    if (record.module !== undefined) this.uncollected.add(record.module, record.bytes);
    record.bytes = 0;
    if (this.#names.get(record.name)?.get(record.signature) === record) this.#delist(record.name, record.signature);
    record.unwanted.abort();
  }

  #delist(name: string, signature: string): void {
    const signatures = this.#names.get(name);
    signatures?.delete(signature);
    if (signatures?.size === 0) this.#names.delete(name);
  }
}

function checkSource(source: unknown): { bytes: number; compile: (signal: AbortSignal) => unknown } {
  const { bytes, compile } = (typeof source === 'object' && source !== null ? source : {}) as Record<string, unknown>;
  if (typeof compile !== 'function') {
    throw new SpillwayError('ERR_SPILLWAY_LOADER_INVALID', `Expected the loader's source() to return an object with bytes and a function compile(), got ${quote(source)}`);
  }
  return { bytes: checkBytes('source().bytes', bytes), compile: compile as (signal: AbortSignal) => unknown };
}
