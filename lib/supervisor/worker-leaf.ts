import { closeSync, constants, openSync, write } from 'node:fs';
import { Cgroup } from '../cgroup/cgroup';
import { cgroupError, errnoFailure } from '../cgroup/cgroup-error';
import { isFailure, native, type NativeMemorySample } from '../native';
import type { WorkerFacts } from './worker-options';

/**
 * A worker's cgroup. Its `cgroup.kill` is held open from the start: at the moment of a kill there
 * may be no descriptor and no memory left to open it.
 */
export class WorkerLeaf {
  #killFd: number | undefined;
  #kills: Promise<void> = Promise.resolve();

  private constructor(
    readonly cgroup: Cgroup,
    killFd: number,
  ) {
    this.#killFd = killFd;
  }

  static async create(cgroup: Cgroup, memory: WorkerFacts['memory']): Promise<WorkerLeaf> {
    await cgroup.create();
    try {
      // A worker that lost one of its processes is no use: the kernel takes all or none.
      await cgroup.write('memory.oom.group', '1');
      if (memory.lowBytes !== undefined) await cgroup.writeBytes('memory.low', memory.lowBytes);
      if (memory.highBytes !== undefined) await cgroup.writeBytes('memory.high', memory.highBytes);
      if (memory.maxBytes !== undefined) await cgroup.writeBytes('memory.max', memory.maxBytes);
      return new WorkerLeaf(cgroup, openForWriting(cgroup, 'cgroup.kill'));
    } catch (error) {
      await cgroup.remove().catch(() => undefined);
      throw error;
    }
  }

  /** Opened by us, used by the launcher: the kernel asks the opener's credentials. The caller closes it. */
  openProcs(): number {
    return openForWriting(this.cgroup, 'cgroup.procs');
  }

  /** Kills all that is in it, forks included. Returns at once: the write waits for the kernel's cgroup lock, elsewhere. */
  kill(): void {
    const fd = this.#killFd;
    if (fd === undefined) return;
    const written = new Promise<void>((resolve) => {
      // Whether it worked shows in `populated`, which is waited for; ENODEV says that nobody was left.
      write(fd, '1', () => {
        resolve();
      });
    });
    this.#kills = this.#kills.then(() => written);
  }

  /** What it uses now; `undefined` when it is gone. */
  sample(): NativeMemorySample | undefined {
    const sample = native().readMemory(this.cgroup.directory);
    return isFailure(sample) || sample.usage.currentBytes === undefined ? undefined : sample;
  }

  async peakBytes(): Promise<number | undefined> {
    const peak = Number(await this.cgroup.read('memory.peak').catch(() => NaN));
    return Number.isSafeInteger(peak) ? peak : undefined;
  }

  /** It must be empty. */
  async remove(): Promise<void> {
    const fd = this.#killFd;
    this.#killFd = undefined;
    // A write under way must not meet another file that got the number of this one.
    await this.#kills;
    if (fd !== undefined) closeSync(fd);
    await this.cgroup.remove();
  }
}

function openForWriting(cgroup: Cgroup, file: string): number {
  try {
    return openSync(`${cgroup.directory}/${file}`, constants.O_WRONLY);
  } catch (error) {
    throw cgroupError(cgroup.directory, errnoFailure(error, 'open', file), 'open a file of');
  }
}
