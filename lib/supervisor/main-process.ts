import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native } from '../native';
import { HeapMessage } from './heap-message';

export interface MainEnd {
  /** Both `null` for a process that is not this one's child: the kernel tells only the parent. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A worker's first process: how to signal it, whoever gets its pid later, and how it ended. */
export class MainProcess {
  /** Set by the AbortSignal of its spawn options. */
  aborted = false;
  readonly #heapMessage: HeapMessage | undefined;

  private constructor(
    readonly pid: number,
    /** Never rejects. */
    readonly ended: Promise<MainEnd>,
    private ownPidfd: number | undefined,
    readonly child: ChildProcess | undefined,
    private readonly watch?: number,
  ) {
    if (child === undefined) return;
    this.#heapMessage = HeapMessage.of(child);
    child.on('error', (error) => {
      if (error.name === 'AbortError') this.aborted = true;
    });
  }

  /** Its pidfd is closed by `release()`, as that of a stranger; also when this throws. */
  static ofChild(child: ChildProcess, pidfd: number | undefined): MainProcess {
    const ended = new Promise<MainEnd>((resolve) => {
      // Before the listeners of others: one that throws keeps it from those after it.
      child.prependOnceListener('exit', (code, signal) => {
        resolve({ code, signal });
      });
      if (child.exitCode !== null || child.signalCode !== null) resolve({ code: child.exitCode, signal: child.signalCode });
    });
    return new MainProcess(child.pid ?? 0, ended, pidfd, child);
  }

  /**
   * A process that somebody else started.
   *
   * @throws ERR_SPILLWAY_SYSTEM_LIMIT when its end cannot be watched
   */
  static ofStranger(pid: number, pidfd: number): MainProcess {
    let tell: (end: MainEnd) => void;
    const ended = new Promise<MainEnd>((resolve) => (tell = resolve));
    const watch = native().watchProcess({ pidfd, keepAlive: true }, (failure) => {
      const whenGone = failure === undefined ? Promise.resolve() : pollUntilGone(pidfd);
      void whenGone.then(() => {
        tell({ code: null, signal: null });
      });
    });
    if (isFailure(watch)) {
      closeSync(pidfd);
      throw new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', `Could not watch the process ${pid}: ${errnoName(watch)}`);
    }
    return new MainProcess(pid, ended, pidfd, undefined, watch);
  }

  /** Closed by `release()`. `undefined` after it, and on systems that have none. */
  get pidfd(): number | undefined {
    return this.ownPidfd;
  }

  /** Whether it could be sent. Of a process that has ended already nothing comes: `ended` tells how. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGUSR2'): boolean {
    if (this.ownPidfd !== undefined) return native().signalPidfd(this.ownPidfd, constants.signals[signal]) === undefined;
    return this.child?.kill(signal) ?? false;
  }

  /** Whether it said that V8 had no heap left. To be asked after its end. */
  async saidHeapIsFull(): Promise<boolean> {
    return (await this.#heapMessage?.wasSaid()) ?? false;
  }

  /** Lets go of what names it: it has ended, or is nobody's worker. */
  release(): void {
    if (this.watch !== undefined) native().unwatch(this.watch);
    if (this.ownPidfd !== undefined) closeSync(this.ownPidfd);
    this.ownPidfd = undefined;
  }
}

/** How often to look where the native thread cannot tell any more, in milliseconds. */
const pollMs = 1000;

/** Until the process is gone, or its pidfd was given up. */
async function pollUntilGone(pidfd: number): Promise<void> {
  while (native().signalPidfd(pidfd, 0) === undefined) await delay(pollMs);
}
