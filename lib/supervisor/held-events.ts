import { EventEmitter } from 'node:events';
import type { ChildProcess } from 'node:child_process';

/** What `child_process` tells the owner of a child. Anything else is between Node and the child object. */
const ownersEvents: ReadonlySet<unknown> = new Set(['spawn', 'exit', 'close', 'error', 'disconnect', 'message']);

type Event = Parameters<EventEmitter['emit']>;

/**
 * Keeps the events and the output of a child until its owner has it and can listen.
 *
 * The owner gets the child some time after the process was started, and a short program has ended by
 * then. Uses public properties only: `emit` and `stdio` of the child are replaced for that time.
 */
export class HeldEvents {
  /** Settles after an `'exit'`: the process is reaped. */
  readonly exited: Promise<void>;
  /** Settles with an `'error'` that ends the launch: the process never was, or was aborted. */
  readonly failed: Promise<Error>;

  readonly #child: ChildProcess;
  readonly #events: Event[] = [];
  #seenExit!: () => void;
  #seenFailure!: (error: Error) => void;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => (this.#seenExit = resolve));
    this.failed = new Promise((resolve) => (this.#seenFailure = resolve));
    child.emit = (...event: Event) => this.#take(event);
  }

  /**
   * Lets the events go, one per tick, so that a listener that throws loses no other event. The first
   * tick comes after the microtasks: whoever awaits the child has it by then, and has not yet been
   * sent any data.
   */
  release(): void {
    process.nextTick(() => {
      const event = this.#events.shift();
      if (this.#events.length === 0) Reflect.deleteProperty(this.#child, 'emit');
      else this.release();
      if (event !== undefined) this.#deliver(event);
    });
  }

  /**
   * The child gets no owner. `child_process` has listeners of its own on these two events, which let
   * go of the timeout and of the AbortSignal; for a process that never was, Node 20 emits no 'exit'.
   */
  drop(): void {
    this.#deliver(['exit', this.#child.exitCode, this.#child.signalCode]);
    this.#deliver(['close', this.#child.exitCode, this.#child.signalCode]);
  }

  #take(event: Event): boolean {
    const [name, first] = event as [string, unknown];
    if (!ownersEvents.has(name)) return this.#deliver(event);
    if (name === 'exit') this.#keepOutput();
    if (name === 'error' && endsLaunch(this.#child, first as Error)) this.#seenFailure(first as Error);
    this.#events.push(event);
    return true;
  }

  /**
   * Right after 'exit' Node throws away the output that nobody reads: it walks `child.stdio` in the
   * next tick. It finds none there, and the output is given the same treatment when 'exit' is let go.
   */
  #keepOutput(): void {
    const { stdio } = this.#child;
    Object.assign(this.#child, { stdio: [] });
    setImmediate(() => {
      Object.assign(this.#child, { stdio });
      this.#seenExit();
    });
  }

  #deliver(event: Event): boolean {
    const delivered = EventEmitter.prototype.emit.apply(this.#child, event);
    if (event[0] === 'exit') process.nextTick(discardUnread, this.#child);
    return delivered;
  }
}

/** Any other error, such as a signal that could not be sent, is for the owner: the process lives on. */
function endsLaunch(child: ChildProcess, error: Error): boolean {
  return child.pid === undefined || error.name === 'AbortError';
}

function discardUnread(child: ChildProcess): void {
  for (const stream of child.stdio) {
    if (stream != null && 'resume' in stream && stream.readable) stream.resume();
  }
}
