import { basename, dirname } from 'node:path';
import { quote } from '../options';
import { delegationOf, isMarked, topOf } from './delegation';
import { ownCgroup } from './own-cgroup';
import { hostFacts, type CgroupFacts } from './preflight/host-facts';

export interface OwnBase {
  /** The cgroup that pools are made in. */
  directory: string;
  /** The cgroup that this process is in: the base, or one directly below. */
  own: string;
  /** A clause for people: why this one. */
  why: string;
}

/**
 * The base that `cgroup: 'auto'` means: the own cgroup, or the one above when this process was put into
 * a part of it for itself: into `supervisor/` by an earlier supervisor, or by systemd's
 * `DelegateSubgroup=` (systemd.resource-control(5)). Reads only.
 *
 * @throws ERR_SPILLWAY_NOT_CGROUP2 there is no cgroup v2 hierarchy, or no mount shows the own cgroup
 */
export function findOwnBase(facts: CgroupFacts = hostFacts): OwnBase {
  const own = ownCgroup(facts);
  const parent = dirname(own);
  const itself = { directory: own, own, why: 'the cgroup of this process' };
  // The root of a cgroup namespace has a directory above, but no cgroup.
  if (topOf(own, facts) === own) return itself;
  if (basename(own) === 'supervisor') return { directory: parent, own, why: "above 'supervisor', where this process was put" };
  // A unit of a user's systemd stands directly below a delegated cgroup, too; it is no subgroup.
  const isUnit = /\.(?:service|scope|slice)$/.test(basename(own));
  if (isUnit || isMarked(own, facts) || delegationOf(own, facts).root !== parent) return itself;
  return { directory: parent, own, why: `delegated, with ${quote(basename(own))} for this process (DelegateSubgroup=)` };
}

/**
 * The directory of {@link findOwnBase}.
 *
 * @throws ERR_SPILLWAY_NOT_CGROUP2
 */
export function ownBase(facts: CgroupFacts = hostFacts): string {
  return findOwnBase(facts).directory;
}
