import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SpillwayError } from '../errors';
import { quote } from '../options';
import { Cgroup } from './cgroup';
import { causeCode, cgroupError, errnoFailure } from './cgroup-error';
import { checkAvailable, enableController, isEnabled } from './controllers';
import { delegationOf } from './delegation';
import { ownCgroup } from './own-cgroup';

export interface BaseOptions {
  /** Whether other processes of the base may be moved aside together with the supervisor. */
  moveOthers: boolean;
  /** Whether a cgroup may be used that systemd has not delegated. */
  force: boolean;
}

/** Lets BASE have children with memory limits: no process may stay in it, the supervisor included. */
export function makeBase(base: Cgroup, pool: Cgroup, { moveOthers, force }: BaseOptions): void {
  // First of all, for it tells what is no cgroup at all.
  const isReady = isEnabled(base, 'memory');
  const own = new Cgroup(ownCgroup());
  if (isInside(own, pool)) {
    throw new SpillwayError(
      'ERR_SPILLWAY_INSIDE_POOL',
      `The supervisor is inside the pool ${quote(pool.directory)} that it would throttle; start it outside, or choose another name`,
    );
  }
  if (!force) checkDelegation(base);
  checkMove(own, base);
  if (isReady) return;
  // Before anything moves: there would be nothing to gain by it.
  checkAvailable(base, 'memory');
  if (!isRoot(base)) vacate(base, moveOthers);
  enableController(base, 'memory');
}

/** By what the directories are, not by what they are called: there may be links and other mounts. */
function isInside(own: Cgroup, pool: Cgroup): boolean {
  try {
    const found = statSync(pool.directory, { throwIfNoEntry: false });
    if (found === undefined) return false;
    for (let at = realpathSync(own.directory); ; at = dirname(at)) {
      const { dev, ino } = statSync(at);
      if (dev === found.dev && ino === found.ino) return true;
      if (at === '/') return false;
    }
  } catch (error) {
    throw cgroupError(dirname(pool.directory), errnoFailure(error, 'stat', pool.name), `look for '${pool.name}' in`);
  }
}

/**
 * To move a process takes the right to the nearest cgroup that both places have in common: cgroup-v2.rst,
 * "Delegation Containment". Without it every spawn would fail.
 *
 * @throws ERR_SPILLWAY_PERMISSION
 */
function checkMove(own: Cgroup, base: Cgroup): void {
  const from = realpathSync(own.directory);
  let common = realpathSync(base.directory);
  while (common !== '/' && from !== common && !from.startsWith(`${common}/`)) common = dirname(common);
  try {
    accessSync(join(common, 'cgroup.procs'), constants.W_OK);
  } catch (error) {
    // They stand in different mounts.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cgroupError(common, errnoFailure(error, 'access', 'cgroup.procs'), `move workers from ${quote(from)} to ${quote(base.directory)} within`);
  }
}

/** @throws ERR_SPILLWAY_NOT_DELEGATED */
function checkDelegation(base: Cgroup): void {
  const { kind, why } = delegationOf(base.directory);
  if (kind !== 'systemd') return;
  throw new SpillwayError(
    'ERR_SPILLWAY_NOT_DELEGATED',
    `The cgroup ${quote(base.directory)} is systemd's own (${why}); start the supervisor in one that is handed over: ` +
      "'systemd-run --user --scope -p Delegate=yes node ...', or set Delegate=yes in its unit; the option force uses it all the same",
  );
}

/** Only the root of the hierarchy may have processes beside child cgroups, and only it has no cgroup.type. */
function isRoot(cgroup: Cgroup): boolean {
  return !cgroup.has('cgroup.type');
}

/** A process can be born while the others move, so it looks again. */
const passes = 10;

function vacate(base: Cgroup, moveOthers: boolean): void {
  const all = base.processes();
  const others = all.filter((pid) => pid !== process.pid);
  // The kernel shows 0 for a process outside of this pid namespace; written back it would mean ourselves.
  if (others.includes(0)) {
    throw new SpillwayError('ERR_SPILLWAY_CGROUP_BUSY', `The cgroup ${quote(base.directory)} holds processes of another pid namespace, which cannot be moved aside from here`);
  }
  if (others.length > 0 && !moveOthers) {
    throw new SpillwayError(
      'ERR_SPILLWAY_CGROUP_BUSY',
      `The cgroup ${quote(base.directory)} holds ${others.length} other process(es) (${others.slice(0, 8).join(', ')}), so it cannot have ` +
        "child cgroups with limits; start the supervisor in a cgroup of its own ('systemd-run --user --scope -p Delegate=yes node ...'), " +
        "or have them moved into its 'supervisor' cgroup by the option moveOthers",
    );
  }
  if (all.length === 0) return;
  const aside = base.child('supervisor');
  aside.create();
  for (let pass = 0; pass < passes; pass++) {
    const pids = base.processes();
    if (pids.length === 0) return;
    for (const pid of pids) move(pid, aside);
  }
}

function move(pid: number, to: Cgroup): void {
  try {
    to.write('cgroup.procs', String(pid));
  } catch (error) {
    // It has ended in the meantime.
    if (causeCode(error) !== 'ESRCH') throw error;
  }
}
