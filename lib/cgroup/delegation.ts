import { basename, dirname, join } from 'node:path';
import { quote } from '../options';
import { hostFacts, type CgroupFacts } from './preflight/host-facts';
import { isUserManager, saysDelegate, unitOf } from './unit-file';

/** Whose a cgroup is. */
export interface Delegation {
  /**
   * - `delegated`: systemd handed it over (`Delegate=`), or whoever set the attribute `user.delegate` did.
   * - `unmanaged`: no systemd runs here (a container, a bare init), so nobody else manages the tree.
   * - `systemd`: systemd's own. It may turn controllers off or move processes there at any time:
   *   https://systemd.io/CGROUP_DELEGATION, "Do's and Don'ts".
   */
  kind: 'delegated' | 'unmanaged' | 'systemd';
  /** A clause for people: why it is so. */
  why: string;
  /** The cgroup that was handed over: this one or one above. Only of `delegated`. */
  root?: string;
  /** The systemd unit that it belongs to, where it does to one. */
  unit?: string;
}

/**
 * Finds out whether a cgroup of the v2 hierarchy may be divided further by this process. Reads only.
 * Whether the user has the rights for it is another question: see the finding `permission` of `preflight()`.
 *
 * @param directory absolute path; it need not exist
 */
export function delegationOf(directory: string, facts: CgroupFacts = hostFacts): Delegation {
  // sd_booted(3)
  if (!facts.exists('/run/systemd/system')) return { kind: 'unmanaged', why: 'no systemd manages cgroups here' };
  const top = topOf(directory, facts);
  const marked = nearestMarked(directory, top, facts);
  const unit = unitOf(directory.slice(top.length));
  const named = unit === undefined ? {} : { unit: unit.name };
  // A user's systemd was given its cgroup for itself, and hands on parts of it.
  if (marked !== undefined && !isUserManager(basename(marked))) {
    return { kind: 'delegated', why: `${quote(marked)} has the attribute 'delegate'`, root: marked, ...named };
  }
  if (unit === undefined) return { kind: 'systemd', why: 'it belongs to no unit, so systemd manages it' };
  if (isUserManager(unit.name)) return { kind: 'systemd', why: `it belongs to a user's systemd (${unit.name})`, ...named };
  if (saysDelegate(unit, facts)) {
    return { kind: 'delegated', why: `${unit.name} has 'Delegate=' in its unit file`, root: join(top, unit.path), ...named };
  }
  return { kind: 'systemd', why: `it belongs to the unit ${unit.name}, which has no 'Delegate=yes'`, ...named };
}

/** The attribute that systemd sets for `Delegate=`: `trusted.`, which only root can read, and since 251 `user.` (systemd PR 22768). */
export function isMarked(directory: string, facts: CgroupFacts): boolean {
  return ['user.delegate', 'trusted.delegate'].some((name) => facts.attribute(directory, name) === '1');
}

/** What lies below a delegated cgroup was made by whom it was given to. */
function nearestMarked(directory: string, top: string, facts: CgroupFacts): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (isMarked(at, facts)) return at;
    if (at === top || at === dirname(at)) return undefined;
  }
}

/** The highest cgroup above that can be seen: the mount, as no file system below cgroup2 has these files. */
export function topOf(directory: string, facts: Pick<CgroupFacts, 'exists'>): string {
  let top = directory;
  for (let at = directory; at !== dirname(at); at = dirname(at)) {
    if (facts.exists(join(at, 'cgroup.procs'))) top = at;
  }
  return top;
}
