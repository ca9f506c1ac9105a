import { dirname } from 'node:path';
import { SpillwayError } from '../../errors';
import { findOwnBase } from '../base';
import { delegationOf, topOf, type Delegation } from '../delegation';
import { ownCgroup, parseCgroup2Mounts, type CgroupMount } from '../own-cgroup';
import type { HostFacts } from './host-facts';

export type Container = 'docker' | 'podman' | 'kubernetes';

/** What several checks need, found out once. */
export interface Situation {
  facts: HostFacts;
  /** The pool's name, where it was given. */
  name: string | undefined;
  mounts: CgroupMount[];
  /** Controllers bound to cgroup v1, which v2 then does not have. */
  v1Controllers: string[];
  /** Directory of the own cgroup, where a mount shows it. */
  own: string | undefined;
  base: Base;
  container: Container | undefined;
  /** Whether systemd is the init here. */
  systemd: boolean;
  /** Processes that are no strangers in the base: this one, and what only started it. */
  ours: ReadonlySet<number>;
}

export type Base =
  /** `top` is the highest cgroup above it that can be seen. */
  | { found: true; directory: string; why: string; delegation: Delegation; top: string }
  | { found: false; why: string };

export interface SituationOptions {
  /** `undefined`: `'auto'`. */
  cgroup: string | undefined;
  name: string | undefined;
  ours?: readonly number[];
}

export function situationOf(facts: HostFacts, { cgroup, name, ours = [] }: SituationOptions): Situation {
  const mountinfo = facts.read('/proc/self/mountinfo') ?? '';
  return {
    facts,
    name,
    mounts: parseCgroup2Mounts(mountinfo),
    v1Controllers: v1ControllersOf(mountinfo),
    own: orUndefined(() => ownCgroup(facts)),
    base: baseOf(facts, cgroup),
    container: containerOf(facts),
    systemd: facts.exists('/run/systemd/system'),
    ours: new Set([facts.pid, ...ours]),
  };
}

function baseOf(facts: HostFacts, given: string | undefined): Base {
  if (given !== undefined && !facts.exists(given)) return { found: false, why: `there is no directory ${given}` };
  if (given !== undefined && !facts.isCgroup2(given)) return { found: false, why: `${given} is not a cgroup of the v2 hierarchy` };
  try {
    const { directory, why } = given === undefined ? findOwnBase(facts) : { directory: given, why: "the option 'cgroup'" };
    return { found: true, directory, why, delegation: delegationOf(directory, facts), top: topOf(directory, facts) };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return { found: false, why: error.message };
  }
}

function orUndefined(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function v1ControllersOf(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [type, , options = ''] = (line.split(' - ')[1] ?? '').split(' ');
    return type === 'cgroup' ? options.split(',').filter((option) => option !== 'rw' && option !== 'ro' && !option.includes('=')) : [];
  });
}

/** By the marks that the engines leave for this purpose; Kubernetes sets the variable in every container. */
function containerOf(facts: HostFacts): Container | undefined {
  if (facts.env('KUBERNETES_SERVICE_HOST') !== undefined) return 'kubernetes';
  if (facts.exists('/run/.containerenv')) return 'podman';
  return facts.exists('/.dockerenv') ? 'docker' : undefined;
}

/** A cgroup and all above it that can be seen, the nearest first. */
export function upwards(directory: string, facts: HostFacts): string[] {
  const all = [directory];
  const top = topOf(directory, facts);
  for (let at = directory; at !== top && at !== dirname(at); ) all.push((at = dirname(at)));
  return all;
}

/** A file with one number of bytes; `max` is `Infinity`. */
export function readBytes(path: string, facts: HostFacts): number | undefined {
  const text = facts.read(path)?.trim();
  if (text === 'max') return Infinity;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A file with words between blanks, such as `cgroup.controllers`. */
export function readWords(path: string, facts: HostFacts): string[] {
  return facts.read(path)?.split(/\s+/).filter(Boolean) ?? [];
}
