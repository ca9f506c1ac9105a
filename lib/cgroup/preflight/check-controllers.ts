import { join } from 'node:path';
import { error, info, ok, skipped } from './finding';
import { delegateFix, unifiedFix } from './fixes';
import { noBase } from './check-hierarchy';
import { readWords, upwards, type Situation } from './situation';
import type { Finding } from './types';

export function checkMemoryController(situation: Situation): Finding {
  const { base, facts, v1Controllers, container } = situation;
  if (!base.found) return skipped('memory-controller', noBase);
  const has = (directory: string): boolean => readWords(join(directory, 'cgroup.controllers'), facts).includes('memory');
  if (has(base.directory)) return ok('memory-controller', 'The memory controller is available in the base.');
  const missing = (why: string, fix: string): Finding =>
    error('memory-controller', `The memory controller is not available in ${base.directory}: ${why}.`, { fix, lowersTo: 'polling' });

  if (v1Controllers.includes('memory')) return missing('it is bound to cgroup v1', unifiedFix(situation));
  if (/^memory\s+\d+\s+\d+\s+0$/m.test(facts.read('/proc/cgroups') ?? '')) {
    return missing('the kernel has it switched off', "boot without 'cgroup_disable=memory', on a Raspberry Pi with 'cgroup_enable=memory'");
  }
  // The nearest one that has it does not hand it down.
  const withIt = upwards(base.directory, facts).find(has);
  if (withIt === undefined) return missing(`no cgroup up to ${base.top} has it`, delegateFix(situation));
  const control = join(withIt, 'cgroup.subtree_control');
  return missing(
    `${control} does not hand it down`,
    facts.writeRefusal(control) === undefined && base.delegation.kind !== 'systemd' && container === undefined ? `'echo +memory >${control}'` : delegateFix(situation),
  );
}

/** For `pids.max` against fork bombs, and `cpu.weight`. */
export function checkOtherControllers({ base, facts }: Situation): Finding {
  if (!base.found) return skipped('other-controllers', noBase);
  const available = readWords(join(base.directory, 'cgroup.controllers'), facts);
  const missing = ['pids', 'cpu'].filter((each) => !available.includes(each));
  if (missing.length === 0) return ok('other-controllers', 'The controllers pids and cpu are available, too.');
  return info('other-controllers', `No controller ${missing.join(' and ')} in the base: ${missing.includes('pids') ? 'workers cannot be kept from forking without end' : 'workers share the CPU as they come'}.`);
}
