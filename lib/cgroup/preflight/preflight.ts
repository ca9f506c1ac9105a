import { resolve } from 'node:path';
import { checkKeys, parsePath } from '../../options';
import { parsePoolName } from '../pool-name';
import { checkMemoryController, checkOtherControllers } from './check-controllers';
import { checkDescriptors } from './check-descriptors';
import { checkBase, checkMount, checkType } from './check-hierarchy';
import { checkMountOptions } from './check-mount-options';
import { checkOomScore } from './check-oom-score';
import { checkPlacement, checkVisibleLimits } from './check-placement';
import { checkKernelVersion, checkPlatform } from './check-platform';
import { checkPressure, checkSysResource } from './check-pressure';
import { checkProcesses } from './check-processes';
import { checkDelegation, checkPermission } from './check-rights';
import { checkSwap } from './check-swap';
import { hostFacts, type HostFacts } from './host-facts';
import { situationOf, type Situation } from './situation';
import { findingNames, type Finding, type FindingName } from './types';

export interface PreflightOptions {
  /** As the option of `Supervisor.create()`. Default `'auto'`. */
  cgroup?: string;
  /** As the option of `Supervisor.create()`. Without it, what depends on the name is not looked at. */
  name?: string;
}

const checks: Readonly<Record<FindingName, (situation: Situation) => Finding>> = {
  platform: checkPlatform,
  'kernel-version': checkKernelVersion,
  'cgroup-mount': checkMount,
  base: checkBase,
  delegation: checkDelegation,
  permission: checkPermission,
  'memory-controller': checkMemoryController,
  'other-controllers': checkOtherControllers,
  'cgroup-type': checkType,
  'processes-in-base': checkProcesses,
  'supervisor-placement': checkPlacement,
  'visible-limits': checkVisibleLimits,
  'mount-options': checkMountOptions,
  pressure: checkPressure,
  'sys-resource': checkSysResource,
  swap: checkSwap,
  'file-descriptors': checkDescriptors,
  'oom-score': checkOomScore,
};

/**
 * Looks at the host as `Supervisor.create()` would find it: one finding per check, in a fixed order, also
 * of what is well. Synchronous; takes some milliseconds. Reads only: changes and moves nothing. The first
 * error is mostly the cause of those after it.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION and nothing else, whatever the host is like
 */
export function preflight(options: PreflightOptions = {}): Finding[] {
  return preflightOf(hostFacts, options);
}

/** {@link preflight} of any host. Of processes in `ours` it is known that they are gone when a supervisor starts. */
export function preflightOf(facts: HostFacts, options: PreflightOptions = {}, ours: readonly number[] = []): Finding[] {
  checkKeys('preflight', options, ['cgroup', 'name']);
  const { cgroup = 'auto', name } = options;
  const given = parsePath('cgroup', cgroup);
  const situation = situationOf(facts, {
    cgroup: given === 'auto' ? undefined : resolve(given),
    name: name === undefined ? undefined : parsePoolName(name),
    ours,
  });
  return findingNames.map((each) => checks[each](situation));
}
