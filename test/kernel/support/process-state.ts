import { readFileSync } from 'node:fs';

/** By `/proc/PID/stat`; empty when there is no such process. */
export function stateOf(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
