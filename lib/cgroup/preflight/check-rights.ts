import { dirname, join } from 'node:path';
import { error, ok, skipped } from './finding';
import { chownFix, delegateFix } from './fixes';
import { noBase } from './check-hierarchy';
import { readWords, type Situation } from './situation';
import type { Finding } from './types';

/** https://systemd.io/CGROUP_DELEGATION: systemd's own cgroups are out of bounds for everybody else. */
export function checkDelegation(situation: Situation): Finding {
  const { base } = situation;
  if (!base.found) return skipped('delegation', noBase);
  const { kind, why } = base.delegation;
  switch (kind) {
    case 'delegated':
      return ok('delegation', `The base was handed over: ${why}.`);
    case 'unmanaged':
      return ok('delegation', `Nobody else manages the base: ${why}.`);
    case 'systemd':
      return error('delegation', `${base.directory} is systemd's own: ${why}.`, { fix: delegateFix(situation), lowersTo: 'polling' });
  }
}

/**
 * What the kernel asks of those who make cgroups and move processes (cgroup-v2.rst, "Delegation"): to
 * move, the right to write `cgroup.procs` of the nearest cgroup that both places have in common.
 */
export function checkPermission(situation: Situation): Finding {
  const { base, facts, own, name } = situation;
  if (!base.found) return skipped('permission', noBase);
  const { directory } = base;
  const common = own === undefined ? directory : commonAncestor(own, directory);
  const pool = name === undefined ? undefined : join(directory, name);
  const needed = [
    directory,
    join(directory, 'cgroup.procs'),
    ...(readWords(join(directory, 'cgroup.subtree_control'), facts).includes('memory') ? [] : [join(directory, 'cgroup.subtree_control')]),
    ...(common === directory ? [] : [join(common, 'cgroup.procs')]),
    // What an earlier supervisor left may be another user's.
    ...(pool !== undefined && facts.exists(pool) ? [pool, join(pool, 'memory.high')] : []),
  ];
  const refused = needed.map((path) => ({ path, why: facts.writeRefusal(path) })).filter(({ why }) => why !== undefined);
  const user = facts.uid === undefined ? 'This user' : facts.uid === 0 ? 'root' : `The user ${facts.uid}`;
  if (refused.length === 0) return ok('permission', `${user} may make cgroups in ${directory} and move processes there.`);
  const paths = refused.map(({ path, why }) => `${path} (${why ?? ''})`).join(', ');
  const elsewhere = refused.length === 1 && common !== directory && refused[0]?.path === join(common, 'cgroup.procs');
  return error(
    'permission',
    elsewhere
      ? `${user} may make cgroups in ${directory}, but not move processes there from ${own ?? 'elsewhere'}, for want of the right to write ${paths}.`
      : `${user} may not make cgroups in ${directory}: no right to write ${paths}.`,
    { fix: elsewhere ? `start the program inside ${directory}: as root, 'echo PID >${join(directory, 'cgroup.procs')}'` : rightsFix(situation, refused), lowersTo: 'polling' },
  );
}

/** A container with a writable mount needs no other mount, but other owners. */
function rightsFix(situation: Situation, refused: readonly { why: string | undefined }[]): string {
  const { container, facts } = situation;
  const onlyOwners = refused.every(({ why }) => why === 'EACCES') && facts.uid !== 0;
  return container !== undefined && onlyOwners ? chownFix(situation) : delegateFix(situation);
}

function commonAncestor(a: string, b: string): string {
  let at = b;
  while (at !== dirname(at) && a !== at && !a.startsWith(`${at}/`)) at = dirname(at);
  return at;
}
