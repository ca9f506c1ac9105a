import { EventEmitter } from 'node:events';
import type { ChildProcess } from 'node:child_process';

type Event = Parameters<EventEmitter['emit']>;

/** What `child_process` tells the owner of a child. Anything else is between Node and the child object. */
const childEvents: ReadonlySet<unknown> = new Set(['spawn', 'exit', 'close', 'error', 'disconnect', 'message']);

/** Data waits for a reader by itself; these would not, and an empty stream ends without any reader. */
const streamEvents: ReadonlySet<unknown> = new Set(['end', 'close', 'error', 'finish']);

/**
 * Keeps the events and the output of a child until its owner has it and can listen.
 *
 * The owner gets the child some time after the process was started, and a short program has ended by
 * then. Uses public properties only: `emit` of the child and of its streams, and the child's `stdio`,
 * are replaced for that time.
 */
export class HeldEvents {
  /** Settles after an `'exit'`: the process is reaped. */
  readonly exited: Promise<void>;
  /** Settles with an `'error'` that ends the launch: the process never was, or was aborted. */
  readonly failed: Promise<Error>;

  readonly #child: ChildProcess;
  readonly #emitters: EventEmitter[] = [];
  readonly #events: { emitter: EventEmitter; event: Event }[] = [];
  #seenExit!: () => void;
  #seenFailure!: (error: Error) => void;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => (this.#seenExit = resolve));
    this.failed = new Promise((resolve) => (this.#seenFailure = resolve));
    this.#hold(child, childEvents, (event) => {
      this.#watch(event);
    });
    for (const stream of streamsOf(child)) this.#hold(stream, streamEvents);
  }

  /**
   * Lets the events go in their order, one per tick, so that a listener that throws loses no other
   * event. The first tick comes after the microtasks: whoever awaits the child has it by then, and
   * has not yet been sent any data.
   */
  release(): void {
    process.nextTick(() => {
      const next = this.#events.shift();
      if (this.#events.length > 0) this.release();
      else for (const emitter of this.#emitters) Reflect.deleteProperty(emitter, 'emit');
      if (next !== undefined) deliver(next.emitter, next.event);
      if (next?.event[0] === 'exit') process.nextTick(discardUnread, this.#child);
    });
  }

  /**
   * The child gets no owner. `child_process` has listeners of its own on these two events, which let
   * go of the timeout and of the AbortSignal; for a process that never was, Node 20 emits no 'exit'.
   */
  drop(): void {
    deliver(this.#child, ['exit', this.#child.exitCode, this.#child.signalCode]);
    deliver(this.#child, ['close', this.#child.exitCode, this.#child.signalCode]);
  }

  #hold(emitter: EventEmitter, names: ReadonlySet<unknown>, watch?: (event: Event) => void): void {
    this.#emitters.push(emitter);
    emitter.emit = (...event: Event) => {
      if (!names.has(event[0])) return deliver(emitter, event);
      watch?.(event);
      this.#events.push({ emitter, event });
      return true;
    };
  }

  #watch([name, value]: Event): void {
    if (name === 'exit') this.#keepOutput();
    const error = value as Error;
    if (name === 'error' && endsLaunch(this.#child, error)) this.#seenFailure(error);
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
}

/** The streams that the parent has of its child. Node leaves `stdio` undefined when it has run out of fds. */
export function streamsOf(child: ChildProcess): Exclude<ChildProcess['stdio'][number], null | undefined>[] {
  const stdio = child.stdio as ChildProcess['stdio'] | undefined;
  return stdio?.filter((stream) => stream != null) ?? [];
}

function deliver(emitter: EventEmitter, event: Event): boolean {
  return EventEmitter.prototype.emit.apply(emitter, event);
}

/** Any other error, such as a signal that could not be sent, is for the owner: the process lives on. */
function endsLaunch(child: ChildProcess, error: Error): boolean {
  return child.pid === undefined || error.name === 'AbortError';
}

function discardUnread(child: ChildProcess): void {
  for (const stream of streamsOf(child)) {
    if ('resume' in stream && stream.readable) stream.resume();
  }
}
