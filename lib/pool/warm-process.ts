import { SpillwayError } from '../errors';
import { unlessAborted } from '../leases/unless-aborted';
import type { SpawnedWorker } from '../supervisor/worker';
import { isFromProcess, type FromProcess, type ToProcess } from './process-messages';

/** How long one that has closed its channel may take to end by itself. */
const endsWithinMs = 1000;

/** A supervised process that answers one request after the other. */
export class WarmProcess {
  #asked = 0;
  /** Takes what comes next: that it is ready, or the answer to the request under way. */
  #next: { resolve: (message: FromProcess) => void; reject: (error: SpillwayError) => void } | undefined;
  #end: SpillwayError | undefined;

  constructor(readonly worker: SpawnedWorker, onEnd: () => void) {
    const { process: child } = worker;
    child.on('message', (message) => {
      // An answer to no request, or to one of before, is nobody's.
      if (!isFromProcess(message) || (message.spillway === 'ready' ? 0 : message.id) !== this.#asked) return;
      const next = this.#next;
      // Else it would keep the answer for as long as it is idle.
      this.#next = undefined;
      next?.resolve(message);
    });
    // Without its channel it is of no use. Most often it is about to end by itself, and then can tell why.
    child.once('disconnect', () => {
      onEnd();
      setTimeout(() => {
        worker.kill();
      }, endsWithinMs).unref();
    });
    child.once('exit', onEnd);
    void worker.exited.then((exit) => {
      onEnd();
      const report = exit.reportId === undefined ? '' : `, relief report ${exit.reportId}`;
      this.#end = new SpillwayError('ERR_SPILLWAY_PROCESS_ENDED', `The process ${worker.pid} ended (cause '${exit.cause}'${report}) before it had answered`, { cause: exit });
      this.#next?.reject(this.#end);
    });
  }

  /** @throws ERR_SPILLWAY_PROCESS_ENDED, or the signal's reason: it is of no use then */
  async ready(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#answer(), signal);
  }

  /** @throws ERR_SPILLWAY_PROCESS_ENDED, or the signal's reason: it is of no use then; ERR_SPILLWAY_REQUEST_FAILED: it is */
  async ask(body: unknown, signal: AbortSignal): Promise<unknown> {
    const id = ++this.#asked;
    const request: ToProcess = { spillway: 'request', id, body };
    const answer = this.#answer();
    try {
      // An error that comes later means that the channel is gone, which is heard of anyway.
      this.worker.process.send(request, () => undefined);
    } catch (cause) {
      this.#next = undefined;
      throw new SpillwayError('ERR_SPILLWAY_REQUEST_FAILED', 'The request could not be sent: its body must be what the IPC channel can carry', { cause });
    }
    const message = await unlessAborted(answer, signal);
    if (message.spillway !== 'failure') return 'body' in message ? message.body : undefined;
    const { name, message: text, stack } = message.error;
    throw new SpillwayError('ERR_SPILLWAY_REQUEST_FAILED', `The process failed at the request: ${name}: ${text}`, { cause: Object.assign(new Error(text), { name, stack }) });
  }

  /** For policies: whether it holds no work. */
  mark(idle: boolean): void {
    try {
      this.worker.update({ idle });
    } catch {
      // Its cgroup may vanish with it, and then there is nobody to mark.
    }
  }

  /** Resolves when it has ended with all its descendants. */
  async kill(): Promise<void> {
    this.worker.kill();
    await this.worker.exited;
  }

  #answer(): Promise<FromProcess> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) reject(this.#end);
      else this.#next = { resolve, reject };
    });
  }
}
