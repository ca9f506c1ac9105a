import { join } from 'node:path';
import { SpillwayError } from '../errors';
import { hostFacts, type CgroupFacts } from './preflight/host-facts';

/** One mount of a cgroup hierarchy: which of its cgroups stands at which directory. */
export interface CgroupMount {
  /** The cgroup that the mount shows as its root, as seen in this process's cgroup namespace. */
  root: string;
  directory: string;
  readOnly: boolean;
  /** Options of the hierarchy, the same in all its mounts, such as `nsdelegate`. */
  options: string[];
}

/** Reads the cgroup v2 mounts out of /proc/self/mountinfo (proc(5)). */
export function parseCgroup2Mounts(mountinfo: string): CgroupMount[] {
  return parseMounts(mountinfo, (type) => type === 'cgroup2');
}

/** Reads the mounts of the v1 hierarchy that this controller is bound to (cgroups(7), "Mounting v1 controllers"). */
export function parseCgroup1Mounts(mountinfo: string, controller: string): CgroupMount[] {
  return parseMounts(mountinfo, (type, options) => type === 'cgroup' && options.includes(controller));
}

function parseMounts(mountinfo: string, isMeant: (type: string, options: string[]) => boolean): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [fields = '', fileSystem = ''] = line.split(' - ');
    const [, , , root, directory, mountOptions = ''] = fields.split(' ');
    const [type = '', , superOptions = ''] = fileSystem.split(' ');
    const options = superOptions.split(',').filter(Boolean);
    // What is not absolute was cut, or is no line of the kernel's.
    if (!isMeant(type, options) || !fileSystem.includes(' ') || root?.startsWith('/') !== true || directory?.startsWith('/') !== true) return [];
    const readOnly = options.includes('ro') || mountOptions.split(',').includes('ro');
    return [{ root: unescape(root), directory: unescape(directory), readOnly, options }];
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

/** The same within the v1 hierarchy that this controller is bound to: its line names the controller. */
export function parseCgroup1Path(cgroup: string, controller: string): string | undefined {
  const line = cgroup.split('\n').map((each) => each.split(':')).find(([, controllers]) => controllers?.split(',').includes(controller));
  const path = line?.slice(2).join(':').replace(/ \(deleted\)$/, '');
  // Cut before its path, it tells of none.
  return path === '' ? undefined : path;
}

/**
 * The directory of a cgroup, by whichever mount shows it. Compared as text: a leading `/..` leads out of
 * the cgroup namespace (cgroup_namespaces(7)), to a cgroup whose name cannot be seen from inside. No cgroup
 * has that name, so elsewhere in the path it is refused as well: it would lead out of the mount.
 */
export function directoryOf(path: string, mounts: readonly Pick<CgroupMount, 'root' | 'directory'>[]): string | undefined {
  return directoriesOf(path, mounts)[0];
}

function directoriesOf(path: string, mounts: readonly Pick<CgroupMount, 'root' | 'directory'>[]): string[] {
  return mounts.flatMap(({ root, directory }) => {
    const above = root === '/' ? '' : root;
    if (path !== root && !path.startsWith(`${above}/`)) return [];
    const below = path.slice(above.length);
    return /\/\.\.(?:\/|$)/.test(below) ? [] : [join(directory, below).replace(/(.)\/$/, '$1')];
  });
}

/**
 * The directory of this process's own cgroup. Of several mounts that show it, one that may be written.
 *
 * @throws ERR_SPILLWAY_NOT_CGROUP2
 */
export function ownCgroup(facts: CgroupFacts = hostFacts): string {
  const mounts = parseCgroup2Mounts(facts.read('/proc/self/mountinfo') ?? '');
  const path = parseCgroup2Path(facts.read('/proc/self/cgroup') ?? '');
  const directory = path === undefined ? undefined : findOwnDirectory(path, mounts, facts);
  if (directory === undefined) {
    throw new SpillwayError(
      'ERR_SPILLWAY_NOT_CGROUP2',
      mounts.length === 0
        ? "No cgroup v2 hierarchy is mounted; boot with 'systemd.unified_cgroup_hierarchy=1', or mount it: 'mount -t cgroup2 none /sys/fs/cgroup'"
        : path === undefined
          ? "/proc/self/cgroup does not tell the own cgroup of the v2 hierarchy; pass the option 'cgroup'"
          : `The own cgroup ${path} is not under any cgroup v2 mount (${mounts.map((mount) => mount.directory).join(', ')}); pass the option 'cgroup'`,
    );
  }
  return directory;
}

/** The directory of the cgroup that this process is in, by its path in the hierarchy of these mounts. `undefined`: none of them shows it. */
export function findOwnDirectory(path: string, mounts: readonly CgroupMount[], facts: CgroupFacts): string | undefined {
  return shown(path, mounts, facts) ?? hidden(path, mounts, facts);
}

/** A mount may be covered by a later one, so of the directories that the table promises those go first that list this process. */
function shown(path: string, mounts: readonly CgroupMount[], facts: CgroupFacts): string | undefined {
  const writableFirst = [...mounts].sort((a, b) => Number(a.readOnly) - Number(b.readOnly));
  const candidates = directoriesOf(path, writableFirst);
  return (
    candidates.find((each) => lists(each, facts)) ??
    // A threaded cgroup does not let its processes be read.
    candidates.find((each) => facts.exists(join(each, 'cgroup.procs')))
  );
}

function lists(directory: string, facts: CgroupFacts): boolean {
  return facts.read(join(directory, 'cgroup.procs'))?.split('\n').includes(String(facts.pid)) === true;
}

/** Ends the search below on a machine with very many cgroups. */
const searchedAtMost = 10_000;

/**
 * A container with a cgroup namespace of its own and the host's whole hierarchy bound into it
 * (`docker run -v /sys/fs/cgroup:/sys/fs/cgroup`): the mount's root reads `/../..`, and the names in between
 * are told nowhere. So each cgroup at that depth is asked whether it lists this process.
 */
function hidden(path: string, mounts: readonly CgroupMount[], facts: CgroupFacts): string | undefined {
  const ups = (text: string): number => /^(?:\/\.\.)*/.exec(text)?.[0].split('/..').length ?? 1;
  let left = searchedAtMost;
  const search = (directory: string, depth: number, rest: string): string | undefined => {
    if (left-- <= 0) return undefined;
    if (depth === 0) return lists(join(directory, rest), facts) ? join(directory, rest) : undefined;
    for (const child of facts.list(directory)) {
      const found = child.directory ? search(join(directory, child.name), depth - 1, rest) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const { root, directory } of mounts) {
    const depth = ups(root) - ups(path);
    const isAbove = /^(?:\/\.\.)+$/.test(root);
    if (!isAbove || depth <= 0) continue;
    const found = search(directory, depth, path.replace(/^(?:\/\.\.)+|^\/$/, ''));
    if (found !== undefined) return found;
  }
  return undefined;
}
