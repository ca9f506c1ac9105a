import { SpillwayError } from '../errors';
import { quote } from '../options';
import type { Cgroup } from './cgroup';
import { causeCode } from './cgroup-error';

export type BytesFile = 'memory.high' | 'memory.low' | 'memory.max' | 'memory.min' | 'memory.swap.max';
export type NumberFile = 'cpu.weight' | 'memory.oom.group' | 'pids.max';

/** The kernel rounds bytes down to whole pages, which are 64 KiB at most. */
const largestPageBytes = 2 ** 16;

/**
 * Sets a limit, and reads it back. `Infinity` is the kernel's `max`.
 *
 * @throws ERR_SPILLWAY_LIMIT_NOT_SET, and what the write throws
 */
export function setBytes(cgroup: Cgroup, file: BytesFile, bytes: number): void {
  cgroup.write(file, toKernel(bytes));
  checkSet(cgroup, file, bytes, largestPageBytes);
}

/** The same where the write may take long: see `Cgroup.writeInBackground`. */
export async function setBytesInBackground(cgroup: Cgroup, file: BytesFile, bytes: number): Promise<void> {
  await cgroup.writeInBackground(file, toKernel(bytes));
  checkSet(cgroup, file, bytes, largestPageBytes);
}

/** The same for what is no number of bytes: `pids.max` (1 or more, `Infinity`), `cpu.weight` (1 to 10,000), `memory.oom.group` (0, 1). */
export function setNumber(cgroup: Cgroup, file: NumberFile, value: number): void {
  cgroup.write(file, toKernel(value));
  checkSet(cgroup, file, value, 1);
}

/** A limit's value; `undefined` when there is no such file (a root cgroup, no swap accounting). */
export function readLimit(cgroup: Cgroup, file: BytesFile | NumberFile): number | undefined {
  let text: string;
  try {
    text = cgroup.read(file).trim();
  } catch (error) {
    const code = causeCode(error);
    if (code === 'ENOENT' || code === 'ENODEV') return undefined;
    throw error;
  }
  return text === 'max' ? Infinity : Number(text);
}

function toKernel(value: number): string {
  return value === Infinity ? 'max' : String(value);
}

function checkSet(cgroup: Cgroup, file: BytesFile | NumberFile, wanted: number, unit: number): void {
  const found = readLimit(cgroup, file);
  if (found === wanted || (found !== undefined && wanted - found >= 0 && wanted - found < unit)) return;
  throw new SpillwayError(
    'ERR_SPILLWAY_LIMIT_NOT_SET',
    `Wrote ${toKernel(wanted)} to ${file} of the cgroup ${quote(cgroup.directory)} and read back ${found === undefined ? 'nothing' : toKernel(found)}: ` +
      'somebody else writes to this cgroup too; give the supervisor a cgroup of its own',
  );
}
