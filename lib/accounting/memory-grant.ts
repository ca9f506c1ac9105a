import { type Bytes, invalidOption, parseBytes } from '../options';

/**
 * How much memory a program may plan with: a limit, less a share that is held back for what bounds do not model, such
 * as fragmentation, the heap that V8 keeps free, and whatever was not declared.
 */
export class MemoryGrant {
  private constructor(
    /** The limit itself. */
    readonly initialBytes: number,
    /** The share held back, from 0 to less than 1. */
    readonly slopFactor: number,
    /** What may be planned with: initialBytes x (1 - slopFactor), without the fraction of a byte. From 0 to `initialBytes`. */
    readonly effectiveBytes: number,
  ) {}

  /**
   * All of `bytes`, nothing held back. From 0 to 2^53 - 1, or a string such as `'512MiB'`. (Saluki takes 2^53 too; as
   * a JavaScript number that could as well be 2^53 + 1.)
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION
   */
  static effective(bytes: Bytes): MemoryGrant {
    return MemoryGrant.withSlopFactor(bytes, 0);
  }

  /** The same, with a share held back: 0 <= `slopFactor` < 1. */
  static withSlopFactor(bytes: Bytes, slopFactor: number): MemoryGrant {
    const initialBytes = parseBytes('bytes', bytes);
    if (typeof slopFactor !== 'number' || !(slopFactor >= 0 && slopFactor < 1)) {
      throw invalidOption('slopFactor', slopFactor, 'a number from 0 to less than 1, the share that is held back');
    }
    return new MemoryGrant(initialBytes, slopFactor, Math.trunc(initialBytes * (1 - slopFactor)));
  }
}
