import { join } from 'node:path';
import { error, info, ok, skipped } from './finding';
import { delegateFix, unifiedFix } from './fixes';
import type { Situation } from './situation';
import type { Finding } from './types';

export const noBase = 'there is no base cgroup';

/** No cgroup v2, beside v1 ("hybrid"), or alone ("unified"). */
export function checkMount(situation: Situation): Finding {
  const { facts, mounts, v1Controllers } = situation;
  if (facts.platform !== 'linux') return skipped('cgroup-mount', 'this is not Linux');
  const v1 = v1Controllers.length > 0;
  if (mounts.length === 0) {
    return error('cgroup-mount', `No cgroup v2 hierarchy is mounted${v1 ? ', only v1' : ''}.`, {
      fix: v1 ? unifiedFix(situation) : "'mount -t cgroup2 none /sys/fs/cgroup'",
      lowersTo: 'polling',
    });
  }
  const where = mounts.map(({ directory, readOnly }) => directory + (readOnly ? ' (read-only)' : '')).join(', ');
  if (!v1) return ok('cgroup-mount', `cgroup v2 alone (unified), at ${where}.`);
  return info('cgroup-mount', `cgroup v2 at ${where} beside v1 (hybrid), which holds ${v1Controllers.join(', ')}.`);
}

/** The cgroup that the pool would be made in. */
export function checkBase(situation: Situation): Finding {
  const { base, mounts, name } = situation;
  if (base.found) {
    return ok('base', `The pool would be ${join(base.directory, name ?? 'NAME')}: the base is ${base.why}.`);
  }
  if (mounts.length === 0) return skipped('base', 'there is no cgroup v2');
  return error('base', `No base cgroup: ${base.why}.`, { fix: delegateFix(situation), lowersTo: 'polling' });
}

/** cgroup-v2.rst, "Threads": a threaded cgroup, and what lies below one, has no memory controller. */
export function checkType({ base, facts }: Situation): Finding {
  if (!base.found) return skipped('cgroup-type', noBase);
  const type = facts.read(join(base.directory, 'cgroup.type'))?.trim();
  if (type === undefined) return ok('cgroup-type', 'The base is the root of the hierarchy.');
  if (type === 'domain') return ok('cgroup-type', 'The base is a domain, as it must be.');
  return error('cgroup-type', `${base.directory} is of type '${type}': threaded cgroups have no memory controller.`, {
    fix: 'choose a base that is a domain, outside any threaded cgroup',
    lowersTo: 'polling',
  });
}
