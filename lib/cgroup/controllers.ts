import { SpillwayError } from '../errors';
import { quote } from '../options';
import type { Cgroup } from './cgroup';

export type Controller = 'cpu' | 'memory' | 'pids';

/** Lets the children of a cgroup have limits of this controller. */
export function enableController(cgroup: Cgroup, controller: Controller): void {
  if (isEnabled(cgroup, controller)) return;
  checkAvailable(cgroup, controller);
  cgroup.write('cgroup.subtree_control', `+${controller}`);
}

export function isEnabled(cgroup: Cgroup, controller: Controller): boolean {
  return cgroup.read('cgroup.subtree_control').split(/\s/).includes(controller);
}

/** @throws ERR_SPILLWAY_CONTROLLER_DISABLED */
export function checkAvailable(cgroup: Cgroup, controller: Controller): void {
  if (cgroup.read('cgroup.controllers').split(/\s/).includes(controller)) return;
  // Only the root of the hierarchy has no type.
  const todo = cgroup.has('cgroup.type')
    ? `write '+${controller}' to cgroup.subtree_control of its parent, or have it delegated`
    : "it is bound to cgroup v1 there, or disabled: boot with 'systemd.unified_cgroup_hierarchy=1', and without 'cgroup_disable='";
  throw new SpillwayError('ERR_SPILLWAY_CONTROLLER_DISABLED', `The ${controller} controller is not available in the cgroup ${quote(cgroup.directory)}; ${todo}`);
}
