import { none } from './index-lists';

/** Bits of one word of a level. */
const wordBits = 32;

/**
 * The slots that hold nothing, handed out lowest first. Those that were never taken are all from
 * `#frontier` on; those that came back are bits, under a tree of words 32 wide that tells which word has any.
 * A step touches one word of each level: 4 of them for a million slots.
 */
export class ColdSlots {
  /** Slots ever taken. */
  #frontier = 0;
  #returned = 0;
  /** The lowest level first; the highest is one word. Made when the first one comes back. */
  #levels: Uint32Array[] = [];

  constructor(private readonly capacity: number) {}

  /** The lowest, or `none`. */
  take(): number {
    // Those that came back are all below the frontier.
    if (this.#returned > 0) return this.#takeReturned();
    return this.#frontier < this.capacity ? this.#frontier++ : none;
  }

  /** For one that was taken. */
  add(slot: number): void {
    if (this.#levels.length === 0) this.#makeLevels();
    this.#returned += 1;
    let place = slot;
    for (const words of this.#levels) {
      const word = Math.floor(place / wordBits);
      const before = words[word] ?? 0;
      words[word] = before | (1 << place % wordBits);
      if (before !== 0) return;
      place = word;
    }
  }

  #takeReturned(): number {
    let place = 0;
    for (let level = this.#levels.length - 1; level >= 0; level -= 1) {
      const bits = this.#levels[level]?.[place] ?? 0;
      place = place * wordBits + lowestBit(bits);
    }
    this.#returned -= 1;
    let bit = place;
    for (const words of this.#levels) {
      const word = Math.floor(bit / wordBits);
      const left = (words[word] ?? 0) & ~(1 << bit % wordBits);
      words[word] = left;
      if (left !== 0) break;
      bit = word;
    }
    return place;
  }

  #makeLevels(): void {
    let words = this.capacity;
    do {
      words = Math.ceil(words / wordBits);
      this.#levels.push(new Uint32Array(words));
    } while (words > 1);
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
