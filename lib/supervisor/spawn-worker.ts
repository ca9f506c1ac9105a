import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Cgroup } from '../cgroup/cgroup';
import { cgroupError } from '../cgroup/cgroup-error';
import type { SpillwayError } from '../errors';
import { native, type NativeFailure } from '../native';
import { launch } from './launch';
import { WorkerLeaf } from './worker-leaf';
import type { WorkerFacts } from './worker-options';
import { WorkerProcess } from './worker-process';

export interface Program {
  file: string;
  args: readonly string[];
  options: SpawnOptions;
}

/** Makes the leaf and starts the program in it. On failure neither is left. */
export async function spawnWorker(
  program: Program,
  facts: WorkerFacts,
  cgroup: Cgroup,
  launcherFd: number,
  onDegraded: (error: SpillwayError) => void,
): Promise<WorkerProcess> {
  const leaf = await WorkerLeaf.create(cgroup, facts.memory);
  let procsFd: number | undefined;
  let pidfd: number | NativeFailure | undefined;
  try {
    procsFd = leaf.openProcs();
    const child = await launch(program.file, program.args, program.options, {
      procsFd,
      launcherFd,
      oomScoreAdj: facts.oomScoreAdj,
      // Now, while the process cannot have been reaped: later its pid may be somebody else's.
      onStart: (pid) => {
        pidfd = native().openPidfd(pid);
      },
    });
    if (typeof pidfd !== 'number') {
      child.kill('SIGKILL');
      leaf.kill();
      await once(child, 'exit');
      throw cgroupError(cgroup.directory, pidfd ?? { errno: -1, syscall: 'pidfd_open', file: '' }, 'hold a process of');
    }
    return new WorkerProcess(facts, child, leaf, pidfd, onDegraded);
  } catch (error) {
    if (typeof pidfd === 'number') closeSync(pidfd);
    leaf.kill();
    await leaf.remove().catch(onDegraded);
    throw error;
  } finally {
    if (procsFd !== undefined) closeSync(procsFd);
  }
}
