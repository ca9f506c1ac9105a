import type { SupervisorOptions } from '../../../lib/supervisor/supervisor-options';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import { programFile, run, runIn, type Running } from './program';
import type { TestCgroup } from './test-cgroup';

interface SuperviseOptions {
  create: SupervisorOptions;
  workers?: [file: string, args?: string[], options?: object, worker?: WorkerOptions][];
  throwing?: string[];
  again?: number;
  uid?: number;
}

export interface Supervising extends Running {
  /** The first line of this word, as it was told. */
  told: (word: string) => Promise<unknown>;
  /** All that were told so far. */
  allTold: (word: string) => unknown[];
  close: () => Promise<void>;
}

/** Call it at the top of a file: supervisors in processes of their own, which are killed after the test. */
export function useSupervising(): { supervise: (options: SuperviseOptions, where?: TestCgroup) => Supervising } {
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
    supervise(options, where) {
      const argument = JSON.stringify(options);
      const running = where === undefined ? run(process.execPath, [programFile('supervise'), argument]) : runIn(where, 'supervise', argument);
      all.push(running);
      const { lines, child, exited } = running;
      const parse = (line: string): unknown => JSON.parse(line.slice(line.indexOf(' ')));
      return {
        ...running,
        told: async (word) => parse(await lines.starting(`${word} `)),
        allTold: (word) => lines.all.filter((line) => line.startsWith(`${word} `)).map(parse),
        close: async () => {
          child.stdin?.write('close\n');
          await exited;
          expect(child.exitCode).toBe(0);
        },
      };
    },
  };
}
