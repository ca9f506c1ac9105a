import { chownSync } from 'node:fs';
import { join } from 'node:path';
import type { CloseOptions } from '../../../lib/supervisor/close-options';
import type { Guarantee } from '../../../lib/supervisor/guarantee';
import type { SupervisorOptions } from '../../../lib/supervisor/supervisor-options';
import type { ReliefReport, WorkerExit } from '../../../lib/supervisor/types';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import { run, type Running } from './program';
import { until, type TestCgroup } from './test-cgroup';

/** Somebody without any rights. */
export const nobody = 65534;

interface Told {
  ready: { pid: number; uid: number; guarantee: Guarantee; cgroup?: string };
  warning: { name: string; message: string };
  worker: { id: string; pid: number };
  refused: { code: string; message: string };
  relief: ReliefReport;
  exit: WorkerExit;
  degraded: { code: string; message: string };
  closed: object;
}

/** A supervisor in a process of its own. */
export class Remote {
  constructor(readonly running: Running) {}

  all<Word extends keyof Told>(word: Word): Told[Word][] {
    return this.running.lines.all.filter((line) => line.startsWith(`${word} `)).map((line) => JSON.parse(line.slice(word.length)) as Told[Word]);
  }

  /** The first that fulfils the condition. */
  async told<Word extends keyof Told>(word: Word, fulfils: (value: Told[Word]) => boolean = () => true): Promise<Told[Word]> {
    await this.running.lines.find(word, () => this.all(word).some(fulfils));
    const found = this.all(word).find(fulfils);
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  exitOf(id: string): Promise<WorkerExit> {
    return this.told('exit', (exit) => exit.id === id);
  }

  async spawn(id: string, file: string, args: readonly string[], options: WorkerOptions = {}): Promise<number> {
    this.order({ spawn: [file, args, { stdio: 'ignore' }, { id, ...options }] });
    return (await this.told('worker', (worker) => worker.id === id)).pid;
  }

  order(order: { spawn: unknown[] } | { adopt: unknown[] } | { kill: string } | { close: CloseOptions }): void {
    this.running.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    this.order({ close: options });
    await this.told('closed');
    await this.running.exited;
    expect(this.running.child.exitCode).toBe(0);
  }
}

/** Hands a cgroup over, as an administrator does. */
export function delegate(cgroup: TestCgroup, uid = nobody): TestCgroup {
  for (const file of ['', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']) chownSync(join(cgroup.directory, file), uid, uid);
  return cgroup;
}

type Options = Partial<SupervisorOptions> & { again?: number };

/** Call it at the top of a file, before `useCgroups()`: supervisors in processes of their own, which are killed after the test. */
export function useRemotes(): { start: (where: TestCgroup, options?: Options, uid?: number) => Remote } {
  const all: Running[] = [];
  afterEach(async () => {
    for (const { child } of all.splice(0)) {
      child.kill('SIGKILL');
      await until('its end', () => child.exitCode !== null || child.signalCode !== null);
    }
  });
  return {
    /** In the cgroup, of which it makes its base. */
    start(where, options = {}, uid = 0) {
      const program = [process.execPath, join(__dirname, '../programs/remote.cjs'), JSON.stringify({ name: 'pool', safetyReadMs: 200, pollMs: 50, ...options })];
      const user = uid === 0 ? [] : ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
      const running = run('sh', ['-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', where.directory, ...user, ...program]);
      all.push(running);
      return new Remote(running);
    },
  };
}
