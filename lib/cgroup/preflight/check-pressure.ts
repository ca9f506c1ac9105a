import { join } from 'node:path';
import { info, ok, skipped, warning } from './finding';
import { kernelIsFrom } from './check-platform';
import type { HostFacts } from './host-facts';
import type { Situation } from './situation';
import type { Finding } from './types';

/** Documentation/accounting/psi.rst. Only the pressure monitor needs it. */
export function checkPressure({ base, facts, name }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('pressure', 'this is not Linux');
  // With PSI off by default the file is missing; with it off for good, reading fails with EOPNOTSUPP.
  if (facts.read('/proc/pressure/memory') === undefined) {
    return warning('pressure', 'The kernel measures no pressure (PSI): stalls are not seen, only limits.', { fix: "boot with the kernel parameter 'psi=1'" });
  }
  // It counts for one cgroup alone, so only that of a pool that is there already matters.
  const pool = base.found && name !== undefined ? join(base.directory, name, 'cgroup.pressure') : undefined;
  if (pool !== undefined && facts.read(pool)?.trim() === '0') {
    return warning('pressure', `Pressure is measured, but ${pool} is 0: not of the pool.`, { fix: `'echo 1 >${pool}'` });
  }
  return ok('pressure', 'The kernel measures memory pressure (PSI).');
}

/** capabilities(7): its number in the mask. */
const CAP_SYS_RESOURCE = 24n;

export function checkSysResource({ facts, container }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('sys-resource', 'this is not Linux');
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(facts.read('/proc/self/status') ?? '')?.[1];
  if (mask === undefined) return skipped('sys-resource', '/proc/self/status cannot be read');
  const has = ((BigInt(`0x${mask}`) >> CAP_SYS_RESOURCE) & 1n) === 1n;
  // oom_score_adj asks for it in the initial user namespace (fs/proc/base.c: has_capability_noaudit).
  const inNamespace = !/^\s*0\s+0\s+4294967295\s*$/.test(facts.read('/proc/self/uid_map') ?? '0 0 4294967295');
  if (has && !inNamespace) return ok('sys-resource', 'CAP_SYS_RESOURCE is there.');
  const what = has ? 'CAP_SYS_RESOURCE counts only in a user namespace' : 'No CAP_SYS_RESOURCE';
  const fix = { docker: "'docker run --cap-add SYS_RESOURCE IMAGE COMMAND'", podman: "'podman run --cap-add SYS_RESOURCE IMAGE COMMAND'", kubernetes: "'securityContext: { capabilities: { add: [SYS_RESOURCE] } }'" };
  return info('sys-resource', `${what}: oom_score_adj can be raised but not lowered, and ${has ? 'limits of the host bind' : pressureConsequence(facts)}.`, {
    ...(container !== undefined && !has && { fix: fix[container] }),
  });
}

/** kernel/sched/psi.c: without the capability, windows are multiples of 2 s from 6.4 (d82caa27), and no trigger before. */
function pressureConsequence(facts: HostFacts): string {
  return kernelIsFrom(6, 4, facts) === false ? 'pressure is not told, only read (6.4 tells it)' : 'pressure is told in windows of 2 s only';
}
