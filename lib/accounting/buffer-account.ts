import { constants } from 'node:buffer';
import { parseNumber } from '../options';
import type { MemoryFigure } from './memory-figure';
import type { MemorySource } from './tracked';

/** What was ever allocated, and what of it was given back. None of them shrinks. */
export interface AllocationCounters {
  readonly allocatedBytes: number;
  readonly allocatedObjects: number;
  readonly freedBytes: number;
  readonly freedObjects: number;
}

/** Buffers that one owner has allocated. */
export class BufferAccount implements MemorySource {
  readonly inProcess = true;
  #allocatedBytes = 0;
  #allocatedObjects = 0;
  #freedBytes = 0;
  #freedObjects = 0;
  readonly #collected = new FinalizationRegistry<number>((bytes) => {
    this.#freedBytes += bytes;
    this.#freedObjects += 1;
  });

  /** @throws ERR_SPILLWAY_INVALID_OPTION; RangeError of Node when there is no memory for it */
  allocate(bytes: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(parseNumber('bytes', bytes, { min: 0, max: constants.MAX_LENGTH }));
    this.#allocatedBytes += bytes;
    this.#allocatedObjects += 1;
    // The ArrayBuffer, not the view: a part that subarray() returns keeps all of the memory.
    this.#collected.register(buffer.buffer, bytes);
    return buffer;
  }

  get counters(): AllocationCounters {
    return { allocatedBytes: this.#allocatedBytes, allocatedObjects: this.#allocatedObjects, freedBytes: this.#freedBytes, freedObjects: this.#freedObjects };
  }

  get figure(): MemoryFigure {
    return { bytes: this.#allocatedBytes - this.#freedBytes, source: 'buffers', confidence: 'exact', sampledAt: Date.now(), measuring: true };
  }
}
