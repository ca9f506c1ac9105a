import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ProcessEntry } from '../../../lib/process/process-entry';

/** A process of a made-up table: child of 1, started at its pid's tick, unless told otherwise. */
export function entryOf(pid: number, rest: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, parentPid: 1, startTime: pid, state: 'S', sessionId: 1, name: 'made-up', threadCount: 1, ...rest };
}

export function tableOf(...entries: ProcessEntry[]): Map<number, ProcessEntry> {
  return new Map(entries.map((entry) => [entry.pid, entry]));
}

/** The line that the kernel would print: fs/proc/array.c, do_task_stat(). */
export function statOf({ pid, name, state, parentPid, sessionId, threadCount = 1, startTime }: ProcessEntry): string {
  return `${pid} (${name}) ${state} ${parentPid} ${pid} ${sessionId} 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 ${threadCount} 0 ${startTime} 1024 33 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n`;
}

/** A folder with files of /proc's form. */
export class FixtureProc {
  readonly root = mkdtempSync(join(tmpdir(), 'spillway-proc-'));

  /** Writes a file such as `12/stat`. */
  write(path: string, text: string | Buffer): this {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return this;
  }

  process(...entries: ProcessEntry[]): this {
    for (const entry of entries) this.write(`${entry.pid}/stat`, statOf(entry));
    return this;
  }

  makeDirectory(path: string): this {
    mkdirSync(join(this.root, path), { recursive: true });
    return this;
  }

  delete(path: string): this {
    rmSync(join(this.root, path), { recursive: true });
    return this;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
