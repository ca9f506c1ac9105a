import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { keepInMind } from './children';
import { hangsAfterMs, type TestCgroup } from './test-cgroup';

export type ProgramName = 'echo' | 'forker' | 'hog' | 'honest' | 'reader' | 'supervise' | 'term-ignorer' | 'watch';

export function programFile(name: ProgramName): string {
  return join(__dirname, `../programs/${name}.cjs`);
}

export const MiB = 2 ** 20;

/** Reads the lines that a program writes. */
export class Lines {
  readonly all: string[] = [];
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Readable) {
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      this.all.push(line);
      this.#wake();
    });
    lines.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The first line that fulfils the condition, from the first of all on. */
  async find(what: string, fulfils: (line: string) => boolean): Promise<string> {
    const limit = setTimeout(() => {
      this.#ended = true;
      this.#wake();
    }, hangsAfterMs);
    try {
      for (;;) {
        const line = this.all.find(fulfils);
        if (line !== undefined) return line;
        if (this.#ended) throw new Error(`waited in vain for ${what}; it said: ${this.all.slice(-5).join(' | ') || 'nothing'}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(limit);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  line(text: string): Promise<string> {
    return this.find(JSON.stringify(text), (line) => line === text);
  }

  starting(text: string): Promise<string> {
    return this.find(`${JSON.stringify(text)}...`, (line) => line.startsWith(text));
  }
}

export function linesOf(child: ChildProcess): Lines {
  if (child.stdout === null) throw new Error('its stdout is no pipe');
  return new Lines(child.stdout);
}

export interface Running {
  child: ChildProcess;
  lines: Lines;
  exited: Promise<unknown>;
}

/** Starts a program in a cgroup by the means of a shell, without Spillway. */
export function runIn(cgroup: TestCgroup, name: ProgramName, ...args: (string | number)[]): Running {
  return enter(cgroup, process.execPath, programFile(name), ...args.map(String));
}

/** A process in a cgroup that holds so many MiB, and takes as many more as it is told (holder.pl). */
export async function holdIn(cgroup: TestCgroup, mib: number): Promise<Running> {
  const running = enter(cgroup, 'perl', join(__dirname, '../programs/holder.pl'), String(mib));
  await running.lines.line('held');
  return running;
}

function enter(cgroup: TestCgroup, ...command: string[]): Running {
  return run('sh', ['-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup.directory, ...command]);
}

export function run(file: string, args: string[]): Running {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  keepInMind(child);
  // It may be gone when it is told something.
  child.stdin.on('error', () => undefined);
  return { child, lines: linesOf(child), exited: once(child, 'exit') };
}
