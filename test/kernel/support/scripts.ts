import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Spillway from '../../../lib/index';
import { linesOf, type Running } from './program';
import type { TestCgroup } from './test-cgroup';

/** What a script has at hand; nothing else of the test's file. */
export interface ScriptHost {
  spillway: typeof Spillway;
  /** Where the built package can be required, as one file. */
  bundle: string;
  /** A file of lib, which shares nothing with `spillway`. */
  lib: (path: string) => unknown;
  tell: (word: string, value?: unknown) => void;
  /** The path of its cgroup, in its cgroup namespace. */
  own: () => string;
  /** The next line on stdin. */
  line: () => Promise<string>;
}

export type Script<Argument> = (host: ScriptHost, argument: Argument) => Promise<unknown>;

export interface Place {
  where?: TestCgroup;
  /** Command and arguments in between, in the cgroup already. */
  under?: string[];
  env?: Record<string, string>;
}

export interface Scripted extends Running {
  /** The first line of this word, as it was told. */
  told: <Value>(word: string) => Promise<Value>;
  allTold: <Value>(word: string) => Value[];
  say: (line: string) => void;
}

export const nobody = 65534;
export const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** Hands a cgroup over: cgroups(7), "Cgroups delegation". */
export function giveTo(user: number, { directory }: TestCgroup, files = ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']): void {
  for (const path of files) chownSync(join(directory, path), user, user);
}

/** In namespaces of its own, after a shell has done something. */
export function unshared(flags: string[], before: string): string[] {
  return ['unshare', ...flags, 'sh', '-c', `${before} && exec "$@"`, 'sh'];
}

/** Call it at the top of a file: functions of a test that run in processes of their own, which are killed after the test. */
export function useScripts(): { run: <Argument>(script: Script<Argument>, argument: Argument, place?: Place) => Scripted } {
  const all: Running[] = [];
  afterEach(async () => {
    for (const { child, exited } of all.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
    }
  });
  return {
    run(script, argument, { where, under = [], env = {} } = {}) {
      const json = JSON.stringify({ source: String(script), argument });
      const join_ = where === undefined ? ':' : 'echo 0 >"$0/cgroup.procs"';
      const program = [...under, process.execPath, join(__dirname, '../programs/script.cjs'), json];
      const child = spawn('sh', ['-c', `${join_} && exec "$@"`, where?.directory ?? 'sh', ...program], {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
      });
      // It may be gone when it is told something.
      child.stdin.on('error', () => undefined);
      const running = { child, lines: linesOf(child), exited: once(child, 'exit') };
      all.push(running);
      const parse = (line: string): never => JSON.parse(line.slice(line.indexOf(' '))) as never;
      return {
        ...running,
        told: async (word) => parse(await running.lines.starting(`${word} `)),
        allTold: (word) => running.lines.all.filter((line) => line.startsWith(`${word} `)).map(parse),
        say: (line) => child.stdin.write(`${line}\n`),
      };
    },
  };
}

/** The variable whose value marks all processes of a test: it is inherited, whatever they do. */
export const markName = 'SPILLWAY_TEST_MARK';

let marks = 0;

export function newMark(): string {
  return `${process.pid}-${++marks}-`;
}

/** The live processes with this mark. */
export function marked(mark: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${markName}=${mark}`);
    } catch {
      return false; // it has ended
    }
  });
}
