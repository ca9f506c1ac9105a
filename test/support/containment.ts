import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { LastFigures } from '../../lib/supervisor/containment/types';
import { Supervisor } from '../../lib/supervisor/supervisor';
import { parseSupervisorOptions, type SupervisorOptions, type SupervisorSettings } from '../../lib/supervisor/supervisor-options';
import type { SupervisorEvents } from '../../lib/supervisor/types';
import type { SpawnedWorker } from '../../lib/supervisor/worker';
import { parseWorkerOptions, type WorkerFacts, type WorkerOptions } from '../../lib/supervisor/worker-options';
import { isAlive, readProcess } from '../../lib/process/process-entry';
import { end } from './fixture-pool';

export const MiB = 2 ** 20;

export function factsOf(options: WorkerOptions = {}): WorkerFacts {
  return parseWorkerOptions(options, { id: 'w1', oomScoreAdj: 500 });
}

export function settingsOf(options: Partial<SupervisorOptions> = {}): SupervisorSettings {
  return parseSupervisorOptions({ name: 'pool', ...options });
}

export const noFigures: LastFigures = { leftovers: undefined, kernelKilledFor: undefined };

/** Whether the process runs: a zombie does not. */
export function runs(pid: number): boolean {
  const entry = readProcess(pid);
  return entry !== undefined && isAlive(entry);
}

/** Only ends a test that would hang; no test's result depends on it. */
const hangsAfterMs = 20_000;

export async function until(what: string, fulfilled: () => boolean): Promise<void> {
  for (const beganAtMs = performance.now(); !fulfilled(); ) {
    if (performance.now() - beganAtMs > hangsAfterMs) throw new Error(`waited in vain for ${what}`);
    await delay(5);
  }
}

/** The next lines of a stream; nothing else may read it. */
export async function lines(stream: Readable | null, count: number): Promise<string[]> {
  if (stream === null) throw new Error('the stream is not piped');
  const read: string[] = [];
  for await (const line of createInterface(stream)) if (read.push(line) === count) break;
  return read;
}

export async function pidsOf(worker: { process: ChildProcess | undefined }, count = 1): Promise<number[]> {
  return (await lines(worker.process?.stdout ?? null, count)).map(Number);
}

export async function next<Name extends keyof SupervisorEvents>(supervisor: Supervisor, name: Name): Promise<SupervisorEvents[Name][0]> {
  const [argument] = (await once(supervisor, name)) as SupervisorEvents[Name];
  return argument;
}

/** A Node program that holds so much memory, says so, and stays. */
export function hog(bytes: number): string[] {
  return ['-e', `const held = Buffer.alloc(${bytes}, 1); console.log(process.pid); setInterval(() => held, 1e6)`];
}

export interface Strays {
  /** A process that is no supervisor's; gone after the test. */
  start(file: string, args?: readonly string[], options?: SpawnOptions): ChildProcess;
}

export function useStrays(): Strays {
  const strays: ChildProcess[] = [];
  afterEach(async () => {
    for (const stray of strays.splice(0)) await end(stray);
  });
  return {
    start(file, args = [], options = { stdio: 'ignore' }) {
      const stray = spawn(file, args, options);
      strays.push(stray);
      return stray;
    },
  };
}

export interface Supervising {
  create(options?: Partial<SupervisorOptions>): Promise<Supervisor>;
  /** Prints `count` pids first, one a line. */
  shell(supervisor: Supervisor, script: string, options?: WorkerOptions, spawnOptions?: SpawnOptions): Promise<SpawnedWorker>;
}

/** Supervisors that get no cgroup; closed after the test. */
export function useSupervisors(): Supervising {
  const made: Supervisor[] = [];
  let names = 0;
  beforeEach(() => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(async () => {
    await Promise.allSettled(made.splice(0).map((supervisor) => supervisor.close()));
    jest.restoreAllMocks();
  });
  return {
    async create(options = {}) {
      // Test files run at the same time, and a name has one owner.
      const supervisor = await Supervisor.create({ name: `pool-${process.pid}-${++names}`, limits: { highBytes: '1TiB' }, pollMs: 20, safetyReadMs: 50, ...options });
      made.push(supervisor);
      return supervisor;
    },
    shell: (supervisor, script, options = {}, spawnOptions = { stdio: ['ignore', 'pipe', 'inherit'] }) =>
      supervisor.spawn('sh', ['-c', script], spawnOptions, options),
  };
}
