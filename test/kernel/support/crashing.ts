import type * as Types from '../../../lib/index';
import { marked, markName, newMark, useScripts, type Place, type Script, type ScriptHost, type Scripted } from './scripts';
import type { Supervised } from './supervisors';
import { until, type TestCgroup } from './test-cgroup';

/** Workers that do what makes them hard to end; all in shells, which start fast. */
export const unruly: [file: string, args: string[]][] = [
  // Forks for a while.
  ['sh', ['-c', 'count=0; while [ $count -lt 40 ]; do sleep 1000 & count=$((count + 1)); sleep 0.02; done; wait']],
  // Daemonises: a session of its own, and no parent.
  ['sh', ['-c', '(setsid sh -c "trap : TERM HUP; while :; do sleep 1000; done" &) ; exec sleep 1000']],
  // Hogs.
  ['sh', ['-c', 'held=$(head -c 20000000 /dev/zero | tr "\\0" x); while :; do sleep 1000; done']],
];

export interface Churn {
  create: Types.SupervisorOptions;
  workers: [file: string, args: string[]][];
}

/** Makes a supervisor, workers of it, and closes it, again and again: whenever it is killed, it is at something else. */
export const churn = async ({ spillway, tell }: ScriptHost, { create, workers }: Churn): Promise<void> => {
  for (;;) {
    tell('creating');
    const supervisor = await spillway.Supervisor.create(create);
    tell('created');
    const spawned = workers.map(([file, args]) => supervisor.spawn(file, args, { stdio: 'ignore' }));
    await Promise.allSettled(spawned);
    tell('closing');
    await supervisor.close();
  }
};

/** Makes a supervisor and workers, tells "ready" and stays. */
export const stay = async ({ spillway, tell, line }: ScriptHost, { create, workers }: { create: Types.SupervisorOptions; workers: Parameters<Types.Supervisor['spawn']>[] }): Promise<void> => {
  const supervisor = await spillway.Supervisor.create(create);
  const pids: Record<string, number> = {};
  for (const [file, args = [], options = {}, worker = {}] of workers) {
    const { id, pid } = await supervisor.spawn(file, args, { stdio: 'ignore', ...options }, worker);
    pids[id] = pid;
  }
  tell('ready', pids);
  await line();
  await supervisor.close();
};

export function useCrashes(): {
  /** A supervisor in another process, all of whose processes, and their descendants, carry a mark. */
  begin: <Argument>(script: Script<Argument>, argument: Argument, place?: Place) => Scripted & { mark: string };
  crash: (script: Scripted) => Promise<void>;
} {
  const { run } = useScripts();
  return {
    begin(script, argument, place = {}) {
      const mark = newMark();
      return Object.assign(run(script, argument, { ...place, env: { ...place.env, [markName]: mark } }), { mark });
    },
    async crash({ child, exited }) {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Closes the next supervisor, too. One that was only just forked finds its leaf gone and ends by itself, a little later. */
export async function expectNothingLeft(mark: string, base: TestCgroup, next?: Supervised): Promise<void> {
  if (next !== undefined) {
    expect(next.pool.populated).toBe(false);
    expect(next.pool.children().flatMap((group) => group.children())).toEqual([]);
    await next.supervisor.close();
  }
  await until('the last process to end', () => marked(mark).length === 0);
  expect(base.children().filter(({ name }) => name !== 'supervisor')).toEqual([]);
}
