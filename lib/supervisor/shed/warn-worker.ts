import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../clock';
import { textOf } from '../../text-of';
import type { Warned } from '../types';

/**
 * What a worker with `shed: 'ipc'` gets through `process.on('message')`. In another language, and with
 * Node's default serialization: a line of JSON on the descriptor `NODE_CHANNEL_FD`.
 */
export interface ShedMessage {
  type: 'spillway:shed';
  /** What all of the pool together should give back: a whole number. What it can give easily is enough. */
  bytes: number;
  /** For how long that is of use: in a relief round the kill comes then. */
  shedMs: number;
}

export interface WarnTarget {
  id: string;
  how: Warned['how'];
  shedMs: number;
  /** `undefined` for one that was adopted or attached by its pid. */
  child: Pick<ChildProcess, 'connected' | 'send'> | undefined;
  /**
   * Sends the signal to the main process; throws, or returns false, when it cannot. SIGUSR2, because
   * SIGUSR1 starts Node's inspector.
   */
  signal: (signal: 'SIGUSR2') => boolean;
}

/** With a message on its way that was not taken yet. A second one would only fill this process's own memory. */
const undelivered = new WeakSet<NonNullable<WarnTarget['child']>>();

/**
 * Tells one worker to shed memory. Resolves when it is told or cannot be, and after `shedMs` at the
 * latest: one that does not read its channel must hold up nobody. Never rejects.
 */
export async function warnWorker(target: WarnTarget, bytes: number, clock: Clock): Promise<Warned> {
  const { id, how } = target;
  const error = how === 'ipc' ? await sendMessage(target, bytes, clock) : sendSignal(target);
  return { id, how, ...(error !== undefined && { error }) };
}

/** Returns why it could not be told. */
function sendSignal({ signal }: WarnTarget): string | undefined {
  try {
    return signal('SIGUSR2') ? undefined : 'it could not be signalled; it may have ended';
  } catch (error) {
    return textOf(error);
  }
}

async function sendMessage({ child, shedMs }: WarnTarget, bytes: number, clock: Clock): Promise<string | undefined> {
  if (child?.connected !== true) return 'it has no open IPC channel';
  if (undelivered.has(child)) return 'it has not taken the message before';
  undelivered.add(child);
  const over = new AbortController();
  const late = clock.wait(shedMs, over.signal).then(
    () => `it has not taken the message within ${shedMs} ms`,
    () => undefined, // it has
  );
  const sent = new Promise<string | undefined>((resolve) => {
    const done = (error: unknown): void => {
      undelivered.delete(child);
      resolve(error === null || error === undefined ? undefined : textOf(error));
    };
    try {
      const message: ShedMessage = { type: 'spillway:shed', bytes, shedMs };
      // What it returns is about the sender's queue; the callback tells when it is written.
      child.send(message, done);
    } catch (error) {
      done(error);
    }
  });
  const error = await Promise.race([sent, late]);
  over.abort();
  return error;
}
