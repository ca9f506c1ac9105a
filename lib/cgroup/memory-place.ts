import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SpillwayError } from '../errors';
import type { NativeFailure } from '../native';
import { quote } from '../options';
import { cgroupError, errnoFailure, fileSystemOf } from './cgroup-error';
import { findOwnDirectory, parseCgroup1Mounts, parseCgroup1Path, parseCgroup2Mounts, parseCgroup2Path } from './own-cgroup';
import { hostFacts, type CgroupFacts, type HostFacts } from './preflight/host-facts';

/** Where memory is counted. */
export type MemoryPlace =
  | {
      /** Which names the files have: `memory.current` and `memory.max`, or `memory.usage_in_bytes` and `memory.limit_in_bytes`. */
      kind: 'v2' | 'v1';
      directory: string;
      /** Cgroups that its memory counts in as well, from the parent upwards, as far as they can be seen. */
      ancestors: string[];
    }
  /** No cgroup counts it alone, or none that can be seen: /proc/meminfo. */
  | { kind: 'host' };

export type PlaceFacts = CgroupFacts & Pick<HostFacts, 'identity' | 'isCgroup2' | 'realPath'>;

const usageFile = { v2: 'memory.current', v1: 'memory.usage_in_bytes' } as const;
const limitFile = { v2: 'memory.max', v1: 'memory.limit_in_bytes' } as const;

/**
 * Finds out where the memory of a cgroup is counted. `undefined` means this process's own: the nearest one upwards
 * that the memory controller is enabled for, on v1 or v2, wherever that controller is; the host where there is none.
 *
 * The root of the v2 hierarchy is the host: it has no figure of its own.
 *
 * @param cgroup a directory, of v2 or of v1's memory controller
 * @throws ERR_SPILLWAY_CGROUP_NOT_FOUND, ERR_SPILLWAY_NOT_CGROUP2, ERR_SPILLWAY_CONTROLLER_DISABLED,
 * ERR_SPILLWAY_PERMISSION: only of a directory that was given
 */
export function memoryPlace(cgroup: string | undefined, facts: PlaceFacts = hostFacts): MemoryPlace {
  if (cgroup === undefined) return ownPlace(facts) ?? { kind: 'host' };
  const directory = withoutLinks(resolve(cgroup), facts);
  const place = placeAt(directory, facts);
  if (place !== undefined) return place;
  // Only the root of the whole hierarchy has no type; that of a namespace or a bind mount has one.
  if (facts.isCgroup2(directory) && !facts.exists(join(directory, 'cgroup.type'))) return { kind: 'host' };
  throw notCounted(directory);
}

/** A controller is bound to one hierarchy: where v1 has it, the own cgroup of v2 counts no memory. */
function ownPlace(facts: PlaceFacts): MemoryPlace | undefined {
  const cgroup = facts.read('/proc/self/cgroup') ?? '';
  const mountinfo = facts.read('/proc/self/mountinfo') ?? '';
  const v1Path = parseCgroup1Path(cgroup, 'memory');
  const path = v1Path ?? parseCgroup2Path(cgroup);
  if (path === undefined) return undefined;
  const mounts = v1Path === undefined ? parseCgroup2Mounts(mountinfo) : parseCgroup1Mounts(mountinfo, 'memory');
  const directory = findOwnDirectory(path, mounts, facts);
  if (directory === undefined) return undefined;
  // Where the controller is not enabled, in a threaded cgroup too, the memory counts in the nearest above that has it.
  for (let at = directory; facts.exists(join(at, 'cgroup.procs')); at = dirname(at)) {
    const place = placeAt(at, facts);
    if (place !== undefined) return place;
  }
  return undefined;
}

function placeAt(directory: string, facts: PlaceFacts): MemoryPlace | undefined {
  for (const kind of ['v2', 'v1'] as const) {
    if (facts.exists(join(directory, usageFile[kind]))) return { kind, directory, ancestors: ancestorsOf(directory, kind, facts) };
  }
  return undefined;
}

/** A controller is enabled from the top down, so that the first without its files is the root, or no cgroup. */
function ancestorsOf(directory: string, kind: 'v2' | 'v1', facts: PlaceFacts): string[] {
  const ancestors: string[] = [];
  for (let at = dirname(directory); facts.exists(join(at, limitFile[kind])); at = dirname(at)) {
    // Before Linux 5.11 a cgroup of v1 could count without those below it: memory.rst, "Hierarchy support".
    if (kind === 'v1' && facts.read(join(at, 'memory.use_hierarchy'))?.trim() === '0') break;
    ancestors.push(at);
    if (at === dirname(at)) break;
  }
  return ancestors;
}

/** Upwards of a link are no cgroups. A link of /proc/PID/root may lead elsewhere than its text says, and stays. */
function withoutLinks(directory: string, facts: PlaceFacts): string {
  const real = facts.realPath(directory);
  return real !== undefined && facts.identity(real) === facts.identity(directory) ? real : directory;
}

function notCounted(directory: string): SpillwayError {
  let failure: NativeFailure = { errno: constants.errno.ENOENT, syscall: 'stat', file: usageFile.v2 };
  try {
    if (fileSystemOf(directory) === 'cgroup1') return ofOtherController(directory);
    statSync(join(directory, usageFile.v2));
  } catch (error) {
    failure = errnoFailure(error, 'stat', usageFile.v2);
  }
  return cgroupError(directory, failure, 'read the memory of');
}

function ofOtherController(directory: string): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_CONTROLLER_DISABLED',
    `Could not read the memory of the cgroup ${quote(directory)}: it belongs to another controller of cgroup v1; name its directory under the mount of the memory controller`,
  );
}
