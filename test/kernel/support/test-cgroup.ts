import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownCgroup } from '../../../lib/cgroup/own-cgroup';
import { untilClosed } from './children';

// The guest is ten to twenty times slower than the machine below it.
jest.setTimeout(120_000);

/** Only ends a test that would hang; no test's result depends on it. */
export const hangsAfterMs = 60_000;

/** Asks again and again. */
export async function until(what: string, fulfilled: () => boolean): Promise<void> {
  const begin = performance.now();
  while (!fulfilled()) {
    if (performance.now() - begin > hangsAfterMs) throw new Error(`waited in vain for ${what}`);
    await delay(20);
  }
}

/** A real cgroup, read and written by hand: the tests do not trust the code under test. */
export class TestCgroup {
  constructor(readonly directory: string) {}

  get name(): string {
    return basename(this.directory);
  }

  get exists(): boolean {
    return existsSync(this.directory);
  }

  read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8');
  }

  write(file: string, value: string | number): this {
    const fd = openSync(join(this.directory, file), constants.O_WRONLY);
    try {
      writeSync(fd, String(value));
    } finally {
      closeSync(fd);
    }
    return this;
  }

  /** A field of a flat keyed file; without a key, the file's only value. `max` is Infinity. */
  number(file: string, key?: string): number {
    const text = key === undefined ? this.read(file) : new RegExp(`^${key} (.*)$`, 'm').exec(this.read(file))?.[1];
    return text?.trim() === 'max' ? Infinity : Number(text ?? NaN);
  }

  counter(key: string, file = 'memory.events'): number {
    return this.number(file, key);
  }

  get populated(): boolean {
    return this.number('cgroup.events', 'populated') === 1;
  }

  processes(): number[] {
    return this.read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  }

  /** Makes a child; with limits it gets them, with `enable` its own children may have some. */
  make(name: string, files: Record<string, string | number> = {}): TestCgroup {
    const child = new TestCgroup(join(this.directory, name));
    mkdirSync(child.directory);
    for (const [file, value] of Object.entries(files)) child.write(file, value);
    return child;
  }

  /** Lets children have memory limits. */
  enableMemory(): this {
    return this.write('cgroup.subtree_control', '+memory');
  }

  children(): TestCgroup[] {
    if (!this.exists) return [];
    return readdirSync(this.directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => new TestCgroup(join(this.directory, entry.name)));
  }

  /** It must be empty. */
  remove(): void {
    for (const child of this.children()) child.remove();
    if (this.exists) rmdirSync(this.directory);
  }

  /** Kills what is in it, and removes it. */
  async destroy(): Promise<void> {
    if (!this.exists) return;
    this.write('cgroup.kill', 1);
    await until(`${this.directory} to be empty`, () => !this.populated);
    this.remove();
  }
}

/** Where tests may make cgroups: the one that this process is in, or the root. */
function testRoot(): TestCgroup {
  const own = new TestCgroup(ownCgroup());
  const root = own.read('cgroup.controllers') !== '' && !existsSync(join(own.directory, 'cgroup.type')) ? own : new TestCgroup('/sys/fs/cgroup');
  if (!root.read('cgroup.subtree_control').split(/\s/).includes('memory')) root.enableMemory();
  return root;
}

let made = 0;

/** Call it at the top of a file: cgroups that a test makes are removed after it, with all that is in them. */
export function useCgroups(): { make: (files?: Record<string, string | number>) => TestCgroup } {
  const cgroups: TestCgroup[] = [];
  afterEach(async () => {
    for (const cgroup of cgroups.splice(0).reverse()) await cgroup.destroy();
    await untilClosed();
  });
  return {
    make(files = {}) {
      const cgroup = testRoot().make(`spillway-test-${process.pid}-${++made}`, files);
      cgroups.push(cgroup);
      return cgroup;
    },
  };
}
