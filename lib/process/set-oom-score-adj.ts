import { writeFileSync } from 'node:fs';

/** As well as it can: a process that is gone, or another user's, keeps its own. The kernel's preference is a second line only. */
export function setOomScoreAdj(pid: number, oomScoreAdj: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(oomScoreAdj));
  } catch {
    // See above.
  }
}
