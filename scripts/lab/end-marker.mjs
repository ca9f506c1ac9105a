import { randomBytes } from 'node:crypto';
import { Transform } from 'node:stream';

/** A line that no command prints by chance, safe in a single-quoted shell word. */
export function newEndMarker() {
  return `\u0001lab-end:${randomBytes(16).toString('hex')}\n`;
}

/**
 * Passes everything on until the marker, at once: it holds back only bytes
 * that may be the marker's beginning. `complete` tells whether it came.
 */
export class UntilMarker extends Transform {
  #marker;
  #held = Buffer.alloc(0);
  complete = false;

  /** @param {string} marker */
  constructor(marker) {
    super();
    this.#marker = Buffer.from(marker);
  }

  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {import('node:stream').TransformCallback} done
   */
  _transform(chunk, _encoding, done) {
    if (this.complete) return done();
    const data = Buffer.concat([this.#held, chunk]);
    const found = data.indexOf(this.#marker);
    this.complete = found >= 0;
    const end = this.complete ? found : data.length - this.#possibleStart(data);
    this.#held = data.subarray(this.complete ? data.length : end);
    if (end > 0) this.push(data.subarray(0, end));
    if (this.complete) this.emit('complete');
    done();
  }

  /**
   * @override
   * @param {import('node:stream').TransformCallback} done
   */
  _flush(done) {
    done(null, this.#held);
  }

  /**
   * Length of the longest end of `data` that begins the marker.
   * @param {Buffer} data
   */
  #possibleStart(data) {
    for (let length = Math.min(data.length, this.#marker.length - 1); length > 0; length -= 1) {
      if (data.subarray(-length).equals(this.#marker.subarray(0, length))) return length;
    }
    return 0;
  }
}
