import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { native } from '../native';
import { cgroupError, errnoFailure } from './cgroup-error';

/** Files that Spillway writes, and what it was doing, for the message when that fails. */
const writes = {
  'cgroup.kill': 'kill everything in',
  'cgroup.procs': 'move a process into',
  'cgroup.subtree_control': 'enable the memory controller below',
  'memory.high': 'set memory.high of',
  'memory.low': 'set memory.low of',
  'memory.max': 'set memory.max of',
  'memory.oom.group': 'set memory.oom.group of',
  'memory.swap.max': 'set memory.swap.max of',
} as const;

export type WritableFile = keyof typeof writes;

/** One directory of the cgroup v2 tree. Every method throws the `SpillwayError` of `cgroupError`. */
export class Cgroup {
  constructor(readonly directory: string) {}

  child(name: string): Cgroup {
    return new Cgroup(join(this.directory, name));
  }

  /** Makes the directory; the kernel fills it. Whether it was not there before. */
  async create(): Promise<boolean> {
    try {
      await mkdir(this.directory);
      return true;
    } catch (error) {
      const failure = errnoFailure(error, 'mkdir', basename(this.directory));
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw cgroupError(join(this.directory, '..'), failure, `make '${basename(this.directory)}' in`);
    }
  }

  async read(file: string): Promise<string> {
    try {
      return await readFile(join(this.directory, file), 'utf8');
    } catch (error) {
      throw cgroupError(this.directory, errnoFailure(error, 'read', file), `read ${file} of`);
    }
  }

  /** Kernel files take their value in one write or not at all; opened without O_CREAT and O_TRUNC. */
  async write(file: WritableFile, value: string): Promise<void> {
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

  async writeBytes(file: 'memory.high' | 'memory.low' | 'memory.max' | 'memory.swap.max', bytes: number): Promise<void> {
    await this.write(file, bytes === Infinity ? 'max' : String(bytes));
  }

  async processes(): Promise<number[]> {
    return (await this.read('cgroup.procs')).split('\n').filter(Boolean).map(Number);
  }

  /** Whether a live process is here or below. A cgroup that is gone has none. */
  async populated(): Promise<boolean> {
    try {
      return /^populated 1$/m.test(await this.read('cgroup.events'));
    } catch (error) {
      if (await this.exists()) throw error;
      return false;
    }
  }

  async exists(): Promise<boolean> {
    return stat(this.directory).then(
      () => true,
      () => false,
    );
  }

  async children(): Promise<Cgroup[]> {
    const entries = await readdir(this.directory, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => this.child(entry.name));
  }

  /** Removes it and all below, leaves first. They must hold no process; what is gone already is fine. */
  async remove(): Promise<void> {
    for (const child of await this.children()) await child.remove();
    // What a monitor has not read by now it never will.
    native().lookNow(this.directory);
    try {
      await rmdir(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw cgroupError(this.directory, errnoFailure(error, 'rmdir', basename(this.directory)), 'remove');
    }
  }
}
