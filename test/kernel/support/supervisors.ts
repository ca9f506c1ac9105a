import { SpillwayError } from '../../../lib/errors';
import type { Breach } from '../../../lib/monitor/types';
import { Supervisor } from '../../../lib/supervisor/supervisor';
import type { SupervisorOptions } from '../../../lib/supervisor/supervisor-options';
import type { ReliefReport, Victim, WorkerExit } from '../../../lib/supervisor/types';
import type { SpawnedWorker } from '../../../lib/supervisor/worker';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import { linesOf, MiB, programFile, type Lines, type ProgramName } from './program';
import { TestCgroup, until, useCgroups } from './test-cgroup';

export interface Started {
  worker: SpawnedWorker;
  lines: Lines;
  leaf: TestCgroup;
  /** Writes a line to its stdin. */
  tell: (line: string) => void;
}

/** A supervisor in a base cgroup of its own, and all that it has told. */
export class Supervised {
  readonly pool: TestCgroup;
  readonly breaches: Breach[] = [];
  readonly victims: Victim[] = [];
  readonly reliefs: ReliefReport[] = [];
  readonly exits: WorkerExit[] = [];
  /** A test that expects some takes them out. */
  readonly degraded: SpillwayError[] = [];

  constructor(
    readonly supervisor: Supervisor,
    readonly base: TestCgroup,
  ) {
    this.pool = new TestCgroup(supervisor.status().cgroup ?? 'none');
    supervisor.on('breach', (breach) => this.breaches.push(breach));
    supervisor.on('victim', (victim) => this.victims.push(victim));
    supervisor.on('relief', (report) => this.reliefs.push(report));
    supervisor.on('exit', (exit) => this.exits.push(exit));
    supervisor.on('degraded', (error) => this.degraded.push(error));
  }

  get leaves(): TestCgroup[] {
    return new TestCgroup(`${this.pool.directory}/default`).children();
  }

  async start(program: ProgramName, args: (string | number)[] = [], options: WorkerOptions = {}): Promise<Started> {
    return this.run(process.execPath, [programFile(program), ...args.map(String)], options);
  }

  async run(file: string, args: string[], options: WorkerOptions = {}): Promise<Started> {
    const worker = await this.supervisor.spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] }, options);
    const { stdin } = worker.process;
    // It may be gone when it is told something.
    stdin?.on('error', () => undefined);
    return {
      worker,
      lines: linesOf(worker.process),
      leaf: leafOf(worker, this.pool),
      tell: (line) => stdin?.write(`${line}\n`),
    };
  }

  /** The relief report of this number, counted from 1. */
  async relief(count: number): Promise<ReliefReport> {
    await until(`relief ${count}`, () => this.reliefs.length >= count);
    const report = this.reliefs[count - 1];
    if (report === undefined) throw new Error('unreachable');
    return report;
  }

  victimIds(): string[] {
    return this.victims.map(({ id }) => id);
  }
}

/** By the process, if it lives: the name of the directory is Spillway's own matter. */
function leafOf({ pid }: SpawnedWorker, pool: TestCgroup): TestCgroup {
  const leaves = new TestCgroup(`${pool.directory}/default`).children();
  return leaves.find((leaf) => leaf.processes().includes(pid)) ?? new TestCgroup(`${pool.directory}/default/unknown`);
}

export type Options = Partial<Omit<SupervisorOptions, 'cgroup'>> & { base?: TestCgroup };

/** Call it at the top of a file: after each test supervisors are closed, and what they leave behind fails it. */
export function useSupervisors(): { create: (options?: Options) => Promise<Supervised>; make: ReturnType<typeof useCgroups>['make'] } {
  const all: Supervised[] = [];
  // Before the cgroups below them are removed.
  afterEach(async () => {
    for (const { supervisor } of all) await supervisor.close();
    for (const { pool, degraded } of all.splice(0)) {
      expect(pool.exists).toBe(false);
      expect(degraded).toEqual([]);
    }
  });
  const { make } = useCgroups();
  return {
    make,
    // In the emulated guest JavaScript takes some ten times longer to answer, and a worker to die.
    async create({ base = make(), takeoverMs = 5000, victimTimeoutMs = 20_000, ...options } = {}) {
      const supervisor = await Supervisor.create({ name: 'pool', cgroup: base.directory, require: 'kernel', force: true, limits: { highBytes: 96 * MiB }, safetyReadMs: 200, takeoverMs, victimTimeoutMs, ...options });
      const supervised = new Supervised(supervisor, base);
      all.push(supervised);
      return supervised;
    },
  };
}

/** What an action rejects with, in two words. */
export async function refusalOf(action: Promise<unknown>): Promise<{ code: unknown; message: string; error: unknown }> {
  try {
    await action;
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code, message: error instanceof Error ? error.message : '', error };
  }
  throw new Error('expected it to reject');
}
