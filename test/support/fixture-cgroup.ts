import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryEventKeys, type MemoryCounters } from '../../lib/monitor/types';

export const MiB = 2 ** 20;

export type FixtureFile = 'memory.events' | 'memory.events.local' | 'memory.current' | 'memory.high' | 'memory.max' | 'memory.stat'
  | 'memory.swap.current' | 'memory.swap.max';

export function eventsText(counters: Partial<MemoryCounters> = {}): string {
  return memoryEventKeys.map((key) => `${key} ${counters[key] ?? 0}\n`).join('');
}

/** The memory of a fixture, in the kernel's own figures. */
export interface FixtureUsage {
  current: number;
  inactiveFile?: number;
  activeFile?: number;
  slabReclaimable?: number;
}

/** A folder with files of a cgroup's form. Only `memory.events` is there until others are written. */
export class FixtureCgroup {
  readonly directory: string;

  constructor(counters: Partial<MemoryCounters> = {}, parent = tmpdir()) {
    this.directory = mkdtempSync(join(parent, 'spillway-cgroup-'));
    this.events(counters);
  }

  path(name: FixtureFile): string {
    return join(this.directory, name);
  }

  /**
   * Writes in place where it can: a file that is truncated first is empty for as long as the file
   * system likes (ext4 stalls for its journal), and tests read every few milliseconds.
   */
  write(name: FixtureFile, text: string | Buffer): this {
    const present = statSync(this.path(name), { throwIfNoEntry: false })?.size ?? Infinity;
    writeFileSync(this.path(name), text, { flag: present <= text.length ? 'r+' : 'w' });
    return this;
  }

  /** Puts another file in its place, in one step. */
  replace(name: FixtureFile, text: string): this {
    const next = `${this.path(name)}.next`;
    writeFileSync(next, text);
    renameSync(next, this.path(name));
    return this;
  }

  /** Puts a link to an empty folder in its place, in one step. */
  replaceByFolder(name: FixtureFile): this {
    const folder = join(this.directory, 'folder');
    mkdirSync(folder);
    symlinkSync(folder, `${folder}.link`);
    renameSync(`${folder}.link`, this.path(name));
    return this;
  }

  delete(name: FixtureFile): this {
    rmSync(this.path(name), { recursive: true });
    return this;
  }

  makeDirectory(name: FixtureFile): this {
    mkdirSync(this.path(name));
    return this;
  }

  events(counters: Partial<MemoryCounters>): this {
    return this.write('memory.events', eventsText(counters));
  }

  /** The figures that only a safety read finds: no change of these files is reported. */
  usage({ current, inactiveFile = 0, activeFile = 0, slabReclaimable = 0 }: FixtureUsage): this {
    const anon = current - inactiveFile - activeFile - slabReclaimable;
    const stat = { anon, file: inactiveFile + activeFile, inactive_file: inactiveFile, active_file: activeFile, slab_reclaimable: slabReclaimable };
    this.write('memory.stat', Object.entries(stat).map(([key, bytes]) => `${key} ${bytes}\n`).join(''));
    return this.write('memory.current', `${current}\n`);
  }

  high(bytes: number | 'max'): this {
    return this.write('memory.high', `${bytes}\n`);
  }

  max(bytes: number | 'max'): this {
    return this.write('memory.max', `${bytes}\n`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
