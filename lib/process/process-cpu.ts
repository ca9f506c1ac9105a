import { readProcFile } from './proc-file';

/** sysconf(_SC_CLK_TCK): part of the kernel's ABI, and 100 on all architectures that Node runs on. */
const ticksPerSecond = 100;

/**
 * The processor time of all threads of a process so far, in seconds: utime and stime of /proc/PID/stat, proc(5).
 * `undefined`: it is gone, or this user may not look at it.
 *
 * @throws the error of node:fs when it cannot be known, such as EMFILE
 */
export function readProcessCpu(pid: number, procRoot = '/proc'): number | undefined {
  const text = readProcFile(procRoot, pid, 'stat') ?? '';
  // Field 3 is the first after the name, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 1).split(' ');
  const ticks = [fields[12], fields[13]].map((field = '') => (/^\d{1,15}$/.test(field) ? Number(field) : NaN));
  const seconds = ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
  return Number.isNaN(seconds) || fields.length < 15 ? undefined : seconds;
}
