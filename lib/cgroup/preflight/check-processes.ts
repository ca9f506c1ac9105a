import { join } from 'node:path';
import { error, ok, skipped } from './finding';
import { delegateFix } from './fixes';
import { noBase } from './check-hierarchy';
import { readWords, type Situation } from './situation';
import type { Finding } from './types';

/**
 * cgroup-v2.rst, "No Internal Process Constraint": a cgroup other than the root that has processes cannot
 * give its children a memory controller. The supervisor moves itself; others only when it is told to.
 */
export function checkProcesses(situation: Situation): Finding {
  const { base, facts, ours } = situation;
  if (!base.found) return skipped('processes-in-base', noBase);
  const { directory } = base;
  if (facts.read(join(directory, 'cgroup.type')) === undefined) return ok('processes-in-base', 'The base is the root of the hierarchy, where processes may stay.');
  const text = facts.read(join(directory, 'cgroup.procs'));
  if (text === undefined) return skipped('processes-in-base', `${directory} does not tell its processes`);
  const others = text.split('\n').filter((line) => /^\d+$/.test(line)).map(Number).filter((pid) => !ours.has(pid));
  if (others.length === 0) return ok('processes-in-base', 'No other process stands in the base.');
  // Were it handed down already, processes beside it could not be there.
  if (readWords(join(directory, 'cgroup.subtree_control'), facts).includes('memory')) {
    return ok('processes-in-base', `${others.length} other process(es) stand in the base, and need not be moved.`);
  }
  // The kernel shows 0 for a process outside this pid namespace (cgroup_procs_show), and writing 0 would move the writer.
  const named = others.map((pid) => (pid === 0 ? 'one outside this pid namespace, which cannot be moved from here' : `${pid} (${nameOf(pid, situation)})`));
  return error('processes-in-base', `${others.length} other process(es) stand in ${directory}, so its children cannot have memory limits: ${named.join(', ')}.`, {
    fix: `pass 'moveOthers: true' to Supervisor.create(), which moves them into ${join(directory, 'supervisor')}, or start the supervisor in a cgroup of its own: ${delegateFix(situation)}`,
    lowersTo: 'polling',
  });
}

function nameOf(pid: number, { facts }: Situation): string {
  return facts.read(`/proc/${pid}/comm`)?.trim() ?? 'gone since';
}
