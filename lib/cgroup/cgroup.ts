import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { native } from '../native';
import { causeCode, cgroupError, errnoFailure } from './cgroup-error';

/** What a write is for, to complete "could not ... the cgroup X". */
const writes = {
  'cgroup.kill': 'kill the processes of',
  'cgroup.procs': 'move a process into',
  'cgroup.subtree_control': 'enable controllers below',
  'cpu.weight': 'set cpu.weight of',
  'memory.high': 'set memory.high of',
  'memory.low': 'set memory.low of',
  'memory.max': 'set memory.max of',
  'memory.min': 'set memory.min of',
  'memory.oom.group': 'set memory.oom.group of',
  'memory.swap.max': 'set memory.swap.max of',
  'pids.max': 'set pids.max of',
} as const;

export type WritableFile = keyof typeof writes;

/**
 * One directory of the cgroup v2 tree. Every method throws the `SpillwayError` of `cgroupError`.
 *
 * Synchronous: these calls take microseconds (a few milliseconds while the kernel's cgroup lock is
 * contended), and they must also work while the process exits and while libuv's thread pool is full.
 */
export class Cgroup {
  constructor(readonly directory: string) {}

  get name(): string {
    return basename(this.directory);
  }

  child(name: string): Cgroup {
    return new Cgroup(join(this.directory, name));
  }

  /** Makes the directory; the kernel fills it. Whether it was not there before. */
  create(): boolean {
    try {
      mkdirSync(this.directory);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      const failure = errnoFailure(error, 'mkdir', this.name);
      throw cgroupError(join(this.directory, '..'), failure, `make '${this.name}' in`);
    }
  }

  has(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  read(file: string): string {
    try {
      return readFileSync(join(this.directory, file), 'utf8');
    } catch (error) {
      throw cgroupError(this.directory, errnoFailure(error, 'read', file), `read ${file} of`);
    }
  }

  /** Kernel files take their value in one write or not at all. */
  write(file: WritableFile, value: string): void {
    try {
      const fd = openSync(join(this.directory, file), constants.O_WRONLY);
      try {
        writeSync(fd, value);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw cgroupError(this.directory, errnoFailure(error, 'write', file), writes[file]);
    }
  }

  /** For a write that may take long: the kernel reclaims in the writer's context when a limit falls below the usage. */
  async writeInBackground(file: WritableFile, value: string): Promise<void> {
    try {
      const handle = await open(join(this.directory, file), constants.O_WRONLY);
      try {
        await handle.write(value);
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw cgroupError(this.directory, errnoFailure(error, 'write', file), writes[file]);
    }
  }

  /** The processes in it, without those below. */
  processes(): number[] {
    return this.read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  }

  /** The processes in it and below. A cgroup that is gone has none. */
  allProcesses(): number[] {
    try {
      return [...this.processes(), ...this.children().flatMap((child) => child.allProcesses())];
    } catch (error) {
      // A threaded cgroup lists none: those of its threads stand in the one above (cgroups(7), "Thread mode").
      const isThreaded = causeCode(error) === 'ENOTSUP';
      if (!isThreaded && this.exists()) throw error;
      return [];
    }
  }

  /** Whether a live process is here or below. A cgroup that is gone has none. */
  populated(): boolean {
    try {
      return /^populated 1$/m.test(this.read('cgroup.events'));
    } catch (error) {
      if (this.exists()) throw error;
      return false;
    }
  }

  exists(): boolean {
    try {
      return statSync(this.directory, { throwIfNoEntry: false }) !== undefined;
    } catch (error) {
      throw cgroupError(this.directory, errnoFailure(error, 'stat', ''), 'look at');
    }
  }

  /** None when it is gone. */
  children(): Cgroup[] {
    try {
      const entries = readdirSync(this.directory, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => this.child(entry.name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENODEV') return [];
      throw cgroupError(this.directory, errnoFailure(error, 'scandir', ''), 'list the children of');
    }
  }

  /** Removes it and all below, leaves first. They must hold no process; what is gone already is fine. */
  remove(): void {
    // At first without a look at what is below: no descriptor may be left for it.
    if (this.#removeAlone() === undefined) return;
    for (const child of this.children()) child.remove();
    const error = this.#removeAlone();
    if (error !== undefined) throw cgroupError(this.directory, errnoFailure(error, 'rmdir', this.name), 'remove');
  }

  /** Returns why it could not. */
  #removeAlone(): unknown {
    // What a monitor has not read by now it never will.
    native().lookNow(this.directory);
    try {
      rmdirSync(this.directory);
      return undefined;
    } catch (error) {
      return codeOf(error) === 'ENOENT' ? undefined : error;
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
