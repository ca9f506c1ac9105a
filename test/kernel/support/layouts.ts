import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as Types from '../../../lib/index';
import { native } from '../../../lib/native';
import type { Scripted, ScriptHost } from './scripts';
import { TestCgroup, useCgroups } from './test-cgroup';

/** What came of `Supervisor.create()` in another process. */
export interface Made {
  level: Types.GuaranteeLevel;
  check?: Types.FindingName;
  message?: string;
  cgroup?: string;
  /** Of the supervisor's process. */
  own: string;
  highBytes?: number;
}

export interface Job {
  create: Types.SupervisorOptions;
  workers?: [file: string, args?: string[], options?: object, worker?: Types.WorkerOptions][];
}

/**
 * A supervisor that runs workers: tells "made", or "refused" with the error, "worker" of each, "exit",
 * "victim" and "degraded" as they come. A line on stdin closes it; then it tells "closed".
 */
export const doJob = async ({ spillway, tell, own, line }: ScriptHost, { create, workers = [] }: Job): Promise<void> => {
  let supervisor: Types.Supervisor;
  try {
    supervisor = await spillway.Supervisor.create(create);
  } catch (error) {
    const { code, message } = error as Types.SpillwayError;
    tell('refused', { code, message, own: own() });
    return;
  }
  for (const name of ['exit', 'victim', 'degraded'] as const) supervisor.on(name, (event: unknown) => { tell(name, event); });
  const { guarantee } = supervisor;
  const { cgroup, pool } = supervisor.status();
  tell('made', { level: guarantee.level, check: guarantee.finding?.check, message: guarantee.finding?.message, cgroup, own: own(), highBytes: pool?.limits.highBytes });
  for (const [file, args = [], options = {}, worker = {}] of workers) {
    const { id, pid } = await supervisor.spawn(file, args, { stdio: 'ignore', ...options }, worker);
    tell('worker', { id, pid });
  }
  tell('ready');
  await line();
  await supervisor.close();
  tell('closed');
};

export async function closeJob(job: Scripted): Promise<void> {
  job.say('close');
  await job.told('closed');
  await job.exited;
  expect(job.allTold('degraded')).toEqual([]);
}

/** Marks a cgroup as systemd does that hands it over. */
export function markDelegated({ directory }: TestCgroup): void {
  expect(native().writeAttribute(directory, 'user.delegate', '1')).toBeUndefined();
}

let slices = 0;

/** Call it at the top of a file: lets it look as if systemd ran here (sd_booted(3)), and makes slices as its own. */
export function useSystemd(): { makeSlice: () => TestCgroup } {
  let made = false;
  beforeEach(() => {
    made = !existsSync('/run/systemd/system');
    if (made) mkdirSync('/run/systemd/system', { recursive: true });
  });
  afterEach(() => {
    if (made) rmSync('/run/systemd', { recursive: true });
  });
  const all: TestCgroup[] = [];
  afterEach(async () => {
    for (const slice of all.splice(0)) await slice.destroy();
  });
  const { make } = useCgroups();
  return {
    makeSlice() {
      const root = new TestCgroup(dirname(make().directory));
      const slice = root.make(`spillwaytest${process.pid}n${++slices}.slice`).enableMemory();
      all.push(slice);
      return slice;
    },
  };
}
