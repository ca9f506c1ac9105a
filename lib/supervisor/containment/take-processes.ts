import type { Cgroup } from '../../cgroup/cgroup';
import { causeCode } from '../../cgroup/cgroup-error';
import { readProcess } from '../../process/process-entry';
import { setOomScoreAdj } from '../../process/set-oom-score-adj';
import { ProcessTree } from '../../process/process-tree';

/** A process that forks all the time could outrun this for ever; it is reported then. */
const passes = 20;

/**
 * Moves a process and its descendants into a cgroup, and looks again until no new one is found.
 * Returns those that are still outside. Memory that they use already stays charged where they were.
 *
 * @throws the error of the move when the process itself cannot be moved
 */
export function takeProcesses(pid: number, cgroup: Cgroup, oomScoreAdj: number): number[] {
  const main = readProcess(pid);
  if (main === undefined) return [];
  const tree = new ProcessTree(main);
  const look = (): number[] => {
    tree.update();
    const inside = new Set(cgroup.allProcesses());
    return tree.members.map((member) => member.pid).filter((member) => !inside.has(member));
  };
  for (let pass = 0; pass < passes; pass++) {
    const found = look();
    const failed = found.filter((member) => !move(member, cgroup, oomScoreAdj, member === pid));
    // What cannot be moved now cannot be moved a moment later either.
    if (failed.length === found.length) return failed;
  }
  return look();
}

/** Whether it is in, or gone. */
function move(pid: number, cgroup: Cgroup, oomScoreAdj: number, mustMove: boolean): boolean {
  try {
    cgroup.write('cgroup.procs', String(pid));
  } catch (error) {
    if (causeCode(error) === 'ESRCH') return true;
    if (mustMove) throw error;
    return false;
  }
  setOomScoreAdj(pid, oomScoreAdj);
  return true;
}
