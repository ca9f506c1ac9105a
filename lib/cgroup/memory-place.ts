import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cgroupError, errnoFailure } from './cgroup-error';

/** Where memory is counted. */
export type MemoryPlace =
  | {
      kind: 'v2' | 'v1';
      directory: string;
      /** From the parent upwards, as far as they can be seen. */
      ancestors: string[];
    }
  | { kind: 'host' };

const usageFile = { v2: 'memory.current', v1: 'memory.usage_in_bytes' } as const;
const limitFile = { v2: 'memory.max', v1: 'memory.limit_in_bytes' } as const;

/** @throws ERR_SPILLWAY_CGROUP_NOT_FOUND, ERR_SPILLWAY_NOT_CGROUP2, ERR_SPILLWAY_CONTROLLER_DISABLED */
export function memoryPlace(cgroup: string | undefined): MemoryPlace {
  if (cgroup === undefined) return { kind: 'host' };
  const directory = resolve(cgroup);
  for (const kind of ['v2', 'v1'] as const) {
    if (!existsSync(join(directory, usageFile[kind]))) continue;
    const ancestors: string[] = [];
    for (let at = dirname(directory); existsSync(join(at, limitFile[kind])); at = dirname(at)) ancestors.push(at);
    return { kind, directory, ancestors };
  }
  try {
    statSync(directory);
  } catch (error) {
    throw cgroupError(directory, errnoFailure(error, 'stat', ''), 'watch');
  }
  throw cgroupError(directory, { errno: 2, syscall: 'open', file: usageFile.v2 }, 'watch');
}
