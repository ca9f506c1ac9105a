import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SpillwayError } from '../errors';

/** One mount of the cgroup v2 hierarchy: which of its cgroups stands at which directory. */
export interface Cgroup2Mount {
  /** The cgroup that the mount shows as its root, as seen in this process's cgroup namespace. */
  root: string;
  directory: string;
}

/** Reads the cgroup v2 mounts out of /proc/self/mountinfo (proc(5)). */
export function parseCgroup2Mounts(mountinfo: string): Cgroup2Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [fields = '', fileSystem = ''] = line.split(' - ');
    const [, , , root, directory] = fields.split(' ');
    if (!fileSystem.startsWith('cgroup2 ') || root === undefined || directory === undefined) return [];
    return [{ root: unescape(root), directory: unescape(directory) }];
  });
}

/** The kernel writes blanks and backslashes in paths as octal escapes. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** The path of a process within the v2 hierarchy, out of /proc/PID/cgroup: its line with id 0. */
export function parseCgroup2Path(cgroup: string): string | undefined {
  const line = cgroup.split('\n').find((each) => each.startsWith('0::'));
  return line?.slice('0::'.length).replace(/ \(deleted\)$/, '');
}

/**
 * The directory of a cgroup, by whichever mount shows it. Compared as text: a leading `/..` leads out of
 * the cgroup namespace (cgroup_namespaces(7)), to a cgroup whose name cannot be seen from inside.
 */
export function directoryOf(path: string, mounts: readonly Cgroup2Mount[]): string | undefined {
  for (const { root, directory } of mounts) {
    const above = root === '/' ? '' : root;
    if (path !== root && !path.startsWith(`${above}/`)) continue;
    const below = path.slice(above.length);
    if (!below.startsWith('/../') && below !== '/..') return join(directory, below);
  }
  return undefined;
}

/**
 * The directory of this process's own cgroup.
 *
 * @throws ERR_SPILLWAY_NOT_CGROUP2
 */
export function ownCgroup(): string {
  const mounts = parseCgroup2Mounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const path = parseCgroup2Path(readFileSync('/proc/self/cgroup', 'utf8'));
  const directory = path === undefined ? undefined : directoryOf(path, mounts);
  if (directory === undefined) {
    throw new SpillwayError(
      'ERR_SPILLWAY_NOT_CGROUP2',
      mounts.length === 0
        ? "No cgroup v2 hierarchy is mounted; boot with 'systemd.unified_cgroup_hierarchy=1', or mount it: 'mount -t cgroup2 none /sys/fs/cgroup'"
        : `The own cgroup ${String(path)} is not under any cgroup v2 mount (${mounts.map((mount) => mount.directory).join(', ')}); pass the option 'cgroup'`,
    );
  }
  return directory;
}

/**
 * The base that `'auto'` means: the own cgroup, or the one above when this process was moved aside into
 * its `supervisor/` already (by an earlier supervisor, or by systemd's DelegateSubgroup=).
 *
 * @throws ERR_SPILLWAY_NOT_CGROUP2
 */
export function ownBase(): string {
  const own = ownCgroup();
  return basename(own) === 'supervisor' ? dirname(own) : own;
}
