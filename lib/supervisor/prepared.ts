import type { ChildProcess } from 'node:child_process';
import { SpillwayError } from '../errors';
import { invalidOption } from '../options';
import { isSupported } from '../native';
import { descendsFrom } from '../process/descends-from';
import { holdPid } from '../process/hold-process';
import type { Enclosure } from './containment/types';
import { MainProcess } from './main-process';
import type { Worker } from './worker';

/** A process that was started elsewhere: a `ChildProcess` (execa's, too), anything with a pid (node-pty's), or a pid. */
export type Attachable = ChildProcess | { readonly pid?: number | undefined } | number;

/** A worker's place, for a process that another library starts. */
export class Prepared implements Disposable {
  #used = false;

  /** Made by `supervisor.prepare()`. */
  constructor(
    private readonly enclosure: Enclosure,
    private readonly owner: {
      start: (main: MainProcess) => Worker;
      /** Resolves when nothing of the place is left. */
      abandon: () => Promise<void>;
      onUsed: () => void;
    },
  ) {}

  /**
   * The command to start instead, so that the process is in its place from its first instruction. It
   * executes the program with the same arguments, environment and descriptors; a program that cannot
   * be executed ends with code 127 (not found) or 126, as in a shell.
   */
  wrap(file: string, args: readonly string[] = []): { file: string; args: string[] } {
    return this.enclosure.wrap(file, args);
  }

  /**
   * Makes the started process a worker. Its descendants are taken in too, wherever they are; without
   * `wrap()`, memory that they use already stays charged where they were.
   *
   * @throws ERR_SPILLWAY_NO_PROCESS when it has ended already, ERR_SPILLWAY_INVALID_OPTION,
   * ERR_SPILLWAY_STOPPED, and the errors of the move. Its place is given up then.
   */
  async attach(target: Attachable): Promise<Worker> {
    if (this.#used) throw new SpillwayError('ERR_SPILLWAY_STOPPED', 'This place was used or given up already; prepare another one');
    this.#used = true;
    this.owner.onUsed();
    let main: MainProcess | undefined;
    try {
      main = mainOf(target);
      return this.owner.start(main);
    } catch (error) {
      main?.release();
      // Then its id is free again, as after a spawn() that failed.
      await this.owner.abandon();
      throw error;
    }
  }

  /** Gives the place up when nothing was started for it. */
  [Symbol.dispose](): void {
    if (this.#used) return;
    this.#used = true;
    this.owner.onUsed();
    void this.owner.abandon();
  }
}

/** PID_MAX_LIMIT of the kernel. */
const maxPid = 4_194_304;

function mainOf(target: Attachable): MainProcess {
  const pid = typeof target === 'number' ? target : pidOf(target);
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 2 || pid === process.pid) {
    throw invalidOption('pid', pid, 'the id of another process than the supervisor itself and init');
  }
  // Beyond, the system call would see another number.
  if (pid > maxPid) throw noProcess(pid);
  if (descendsFrom(process.pid, pid)) throw invalidOption('pid', pid, 'no ancestor of the supervisor, which would become part of its own worker');
  const child = isChild(target) ? target : undefined;
  if (child !== undefined && (child.exitCode !== null || child.signalCode !== null)) throw noProcess(pid);
  if (!isSupported()) {
    if (child !== undefined) return MainProcess.ofChild(child, undefined);
    throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', `The process ${pid} can only be attached as a ChildProcess here: nothing else tells of its end`);
  }
  const pidfd = holdPid(pid);
  if (pidfd === undefined) throw noProcess(pid);
  return child !== undefined ? MainProcess.ofChild(child, pidfd) : MainProcess.ofStranger(pid, pidfd);
}

/** Also of what is no object, when the caller's types are none. */
function pidOf(target: unknown): unknown {
  return typeof target === 'object' && target !== null && 'pid' in target ? target.pid : target;
}

function isChild(target: Attachable): target is ChildProcess {
  return typeof target === 'object' && 'exitCode' in target && 'signalCode' in target && typeof target.once === 'function';
}

function noProcess(pid: number): SpillwayError {
  return new SpillwayError('ERR_SPILLWAY_NO_PROCESS', `There is no process ${pid} (any more), so it cannot become a worker`);
}
