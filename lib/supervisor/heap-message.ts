import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What V8 ends its last words with (node::OOMErrorHandler and v8::FatalProcessOutOfMemory). */
const message = 'JavaScript heap out of memory';
/** The message may come in two pieces. */
const keptBytes = message.length - 1;
/** How long the last words of a process that has ended may still be on their way, in milliseconds. */
const arrivesWithinMs = 1000;

/**
 * Notices whether a child writes to a piped stderr that its V8 heap is full. Node ends with SIGABRT
 * then, as after any other abort(); only these words tell them apart.
 *
 * It looks at the data as Node pushes it into the stream: a listener would take it from its reader.
 */
export class HeapMessage {
  #said = false;
  #tail = '';

  private constructor(private readonly stderr: Readable) {
    const push = stderr.push.bind(stderr);
    stderr.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (!this.#said && Buffer.isBuffer(chunk)) this.#look(chunk);
      return push(chunk, encoding);
    };
  }

  /** `undefined` where stderr is not piped to this process: then nobody can tell. */
  static of({ stderr }: ChildProcess): HeapMessage | undefined {
    return stderr ? new HeapMessage(stderr) : undefined;
  }

  /** Waits for what is still on its way. */
  async wasSaid(): Promise<boolean> {
    const { stderr } = this;
    if (this.#said || stderr.readableEnded || stderr.destroyed) return this.#said;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        stderr.off('end', finish).off('close', finish);
        resolve();
      };
      // A reader that has paused it gets it later; then the end does not come either.
      const timer = setTimeout(finish, arrivesWithinMs);
      stderr.once('end', finish).once('close', finish);
    });
    return this.#said;
  }

  #look(chunk: Buffer): void {
    const text = this.#tail + chunk.toString('latin1');
    this.#said = text.includes(message);
    this.#tail = text.slice(-keptBytes);
  }
}
