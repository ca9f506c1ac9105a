import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native } from '../native';
import { quote } from '../options';
import { Cgroup } from './cgroup';
import { cgroupError, errnoFailure } from './cgroup-error';
import { ownCgroup } from './own-cgroup';
import { whenEmpty } from './when-empty';

export interface PoolLimits {
  /** `memory.high`: the mark. */
  highBytes: number;
  /** `memory.max`: where the kernel's OOM killer comes in. */
  maxBytes: number;
  /** `memory.swap.max`. */
  swapMaxBytes: number;
}

/** A supervisor's part of the cgroup tree: BASE/NAME (the pool, locked) and BASE/NAME/default. */
export interface PoolTree {
  pool: Cgroup;
  group: Cgroup;
  /** Removes the tree and gives up the lock. No process may be left in it. */
  remove(): Promise<void>;
}

/** Makes the tree, after ending whatever a dead owner of the same name has left. Undoes it all on failure. */
export async function createPoolTree(base: Cgroup, name: string, limits: PoolLimits): Promise<PoolTree> {
  await makeBase(base, name);
  const pool = base.child(name);
  const lock = await createLocked(pool, name);
  try {
    await endLeftovers(pool);
    await pool.writeBytes('memory.high', limits.highBytes);
    await pool.writeBytes('memory.max', limits.maxBytes);
    await setSwapMax(pool, limits.swapMaxBytes);
    await enableMemory(pool);
    const group = pool.child('default');
    await group.create();
    await enableMemory(group);
    return {
      pool,
      group,
      remove: async () => {
        try {
          await pool.remove();
        } finally {
          closeSync(lock);
        }
      },
    };
  } catch (error) {
    await pool.remove().catch(() => undefined);
    closeSync(lock);
    throw error;
  }
}

/** Lets BASE have children with memory limits: no process may stay in it, the supervisor included. */
async function makeBase(base: Cgroup, name: string): Promise<void> {
  const own = ownCgroup();
  const pool = base.child(name).directory;
  if (own === pool || own.startsWith(`${pool}/`)) {
    throw new SpillwayError(
      'ERR_SPILLWAY_CGROUP_BUSY',
      `The supervisor is inside the pool ${quote(pool)} that it would throttle; start it outside, or choose another name`,
    );
  }
  if (await isEnabled(base)) return;
  // Before anything moves: there would be nothing to gain by it.
  await checkAvailable(base);
  if (!(await isRoot(base))) await vacate(base, own);
  await enableMemory(base);
}

/** Only the root of the hierarchy may have processes beside child cgroups, and only it has no cgroup.type. */
async function isRoot(cgroup: Cgroup): Promise<boolean> {
  return cgroup.read('cgroup.type').then(
    () => false,
    () => true,
  );
}

async function vacate(base: Cgroup, own: string): Promise<void> {
  const others = (await base.processes()).filter((pid) => pid !== process.pid);
  if (others.length > 0) {
    throw new SpillwayError(
      'ERR_SPILLWAY_CGROUP_BUSY',
      `The cgroup ${quote(base.directory)} holds ${others.length} other process(es) (${others.slice(0, 8).join(', ')}), so it cannot have ` +
        "child cgroups with limits; start the supervisor in a cgroup of its own: 'systemd-run --user --scope -p Delegate=yes node ...'",
    );
  }
  if (own !== base.directory) return;
  const aside = base.child('supervisor');
  await aside.create();
  await aside.write('cgroup.procs', String(process.pid));
}

async function isEnabled(cgroup: Cgroup): Promise<boolean> {
  return (await cgroup.read('cgroup.subtree_control')).split(/\s/).includes('memory');
}

async function enableMemory(cgroup: Cgroup): Promise<void> {
  if (await isEnabled(cgroup)) return;
  await checkAvailable(cgroup);
  await cgroup.write('cgroup.subtree_control', '+memory');
}

async function checkAvailable(cgroup: Cgroup): Promise<void> {
  if (!(await cgroup.read('cgroup.controllers')).split(/\s/).includes('memory')) {
    throw new SpillwayError(
      'ERR_SPILLWAY_CONTROLLER_DISABLED',
      `The memory controller is not available in the cgroup ${quote(cgroup.directory)}; write '+memory' to cgroup.subtree_control of its ` +
        'parent, or have it delegated; on a host with cgroup v1 controllers it may be bound there',
    );
  }
}

/** Kernels without swap accounting have no memory.swap.max, and then nothing to limit. */
async function setSwapMax(pool: Cgroup, bytes: number): Promise<void> {
  const present = await pool.read('memory.swap.max').then(
    () => true,
    () => false,
  );
  if (present) await pool.writeBytes('memory.swap.max', bytes);
}

/** The lock lives on the directory's descriptor, and dies with this process. */
async function createLocked(pool: Cgroup, name: string): Promise<number> {
  for (;;) {
    await pool.create();
    let fd: number;
    try {
      fd = openSync(pool.directory, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw cgroupError(pool.directory, errnoFailure(error, 'open', name), 'lock');
    }
    const failure = native().lockFile(fd);
    if (isFailure(failure)) {
      closeSync(fd);
      if (errnoName(failure) !== 'EAGAIN') throw cgroupError(pool.directory, failure, 'lock');
      throw new SpillwayError(
        'ERR_SPILLWAY_NAME_IN_USE',
        `Another supervisor that is alive owns the pool ${quote(pool.directory)}; close it, or choose another name than ${quote(name)}`,
      );
    }
    // Its owner may have removed it just before the lock was ours; then it is another directory.
    if (isSameDirectory(fd, pool.directory)) return fd;
    closeSync(fd);
  }
}

function isSameDirectory(fd: number, directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

async function endLeftovers(pool: Cgroup): Promise<void> {
  if (await pool.populated()) {
    await pool.write('cgroup.kill', '1');
    await whenEmpty(pool);
  }
  for (const child of await pool.children()) await child.remove();
}
