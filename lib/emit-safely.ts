import type { EventEmitter } from 'node:events';

/**
 * Emits, and turns what a listener throws into an `'uncaughtException'`, as for any event: but the
 * work that is under way (a victim to be killed, a worker to be cleaned up) goes on.
 */
export function emitSafely<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events & string>(
  emitter: EventEmitter,
  name: Name,
  ...args: Events[Name]
): void {
  try {
    emitter.emit(name, ...args);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
