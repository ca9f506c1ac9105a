import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { linesOf, type Lines } from './program';

export interface Launched {
  child: ChildProcess;
  pid: number;
  lines: Lines;
}

/** Call it at the top of a file: what a test starts without Spillway, as another library would, is killed after it. */
export function useLaunched(): { launch: (command: { file: string; args: string[] }, options?: SpawnOptions) => Launched } {
  const all: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of all.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  return {
    launch({ file, args }, options = {}) {
      const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
      child.stdin?.on('error', () => undefined);
      all.push(child);
      return { child, pid: child.pid ?? 0, lines: linesOf(child) };
    },
  };
}

/** A command of the shell. */
export function shell(script: string, ...args: string[]): { file: string; args: string[] } {
  return { file: 'sh', args: ['-c', script, ...args] };
}

export function isRunning(pid: number): boolean {
  try {
    // A zombie is nobody's worker any more.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Of all processes that run, those with this text in their command line. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandOf(pid).includes(text) && isRunning(pid));
}

/** Those whose own program it is: not a shell that names it, and has yet to start it. */
export function processesOf(command: string): number[] {
  return processesWith(command).filter((pid) => commandOf(pid).startsWith(command));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
