import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ownBase } from '../../cgroup/base';
import { Cgroup } from '../../cgroup/cgroup';
import { cgroupError } from '../../cgroup/cgroup-error';
import { setBytesInBackground } from '../../cgroup/limit-files';
import { defaultHighBytes, totalBytesOf } from '../../cgroup/limits';
import { PoolTree } from '../../cgroup/pool-tree';
import { SpillwayError } from '../../errors';
import { errnoName, launcherPath, native } from '../../native';
import { quote } from '../../options';
import { MainProcess } from '../main-process';
import { checkOrder, type SupervisorSettings } from '../supervisor-options';
import type { WorkerFacts } from '../worker-options';
import { CgroupGauge } from './cgroup-gauge';
import { Takeover } from '../takeover/takeover';
import { FollowedMark } from './followed-mark';
import { readRecord } from './leaf-record';
import { OomBlame } from './oom-blame';
import { killNow } from './kill-now';
import { limitMonitors } from './limit-monitors';
import { Strangers } from './strangers';
import type { Adopted, Containment, Enclosure, GroupLimits, LimitLevel, LimitScope, OnDegraded } from './types';
import { WorkerLeaf, type LeafOwner } from './worker-leaf';

/** Workers in cgroups of their own, heard through the kernel's events. */
export class KernelContainment implements Containment {
  readonly pool: LimitScope;
  readonly adopted: Adopted[] = [];
  readonly #leaves = new Set<WorkerLeaf>();
  readonly #groups = new Map<string, LimitScope>();
  /** The last change of each group's limits. */
  readonly #groupChanges = new Map<string, Promise<void>>();
  readonly #blame: OomBlame;
  readonly #gauge: CgroupGauge;
  readonly #strangers: Strangers;
  readonly #owner: LeafOwner;
  readonly #mark: FollowedMark | undefined;
  #removed = false;

  private constructor(
    private readonly tree: PoolTree,
    private readonly settings: SupervisorSettings,
    launcherFd: number,
    onDegraded: OnDegraded,
  ) {
    const { directory } = tree.pool;
    this.#gauge = new CgroupGauge(directory, settings.killBufferBytes);
    this.#blame = new OomBlame(tree, this.#leaves);
    this.pool = this.#scope('pool', tree.pool);
    this.#strangers = new Strangers(tree.base, onDegraded);
    this.#owner = {
      launcher: { fd: launcherFd, path: launcherPath() },
      onDegraded,
      kernelKilledFor: (leaf, counters) => this.#blame.kernelKilledFor(leaf, counters),
      onRemoved: (leaf) => {
        this.#forget(leaf);
      },
    };
    if (settings.highBytes === undefined) this.#mark = new FollowedMark(tree.base, tree.pool, settings, onDegraded);
  }

  static async create(settings: SupervisorSettings, onDegraded: OnDegraded): Promise<KernelContainment> {
    native();
    const base = new Cgroup(realPath(settings.base ?? ownBase()));
    // A pool with both at the same level would meet the OOM killer before Spillway hears anything.
    const highBytes = settings.highBytes ?? defaultHighBytes(Math.min(totalBytesOf(base.directory), settings.maxBytes));
    checkOrder({ ...settings, highBytes });
    const { name, leftovers, moveOthers, force, maxBytes, swapMaxBytes } = settings;
    const runId = randomBytes(4).toString('hex');
    const launcherFd = openLauncher();
    try {
      const tree = await PoolTree.create(base, { name, leftovers, moveOthers, force, runId, limits: { highBytes, maxBytes, swapMaxBytes } });
      return KernelContainment.#in(tree, settings, launcherFd, onDegraded);
    } catch (error) {
      closeSync(launcherFd);
      throw error;
    }
  }

  static #in(tree: PoolTree, settings: SupervisorSettings, launcherFd: number, onDegraded: OnDegraded): KernelContainment {
    let giveUp = (): void => undefined;
    try {
      const containment = new KernelContainment(tree, settings, launcherFd, onDegraded);
      giveUp = () => {
        containment.#giveUp();
      };
      for (const leaf of tree.adopted) containment.#adopt(leaf);
      return containment;
    } catch (error) {
      giveUp();
      try {
        tree.remove();
      } catch {
        // Adopted workers live in it; the lock is given up, and the next start finds them.
      }
      throw error;
    }
  }

  get cgroup(): string {
    return this.tree.pool.directory;
  }

  enclose(facts: WorkerFacts): Enclosure {
    const { group } = facts;
    const cgroup = this.tree.newLeaf(group);
    this.#blame.addGroup(group);
    if (facts.pidsMax !== undefined) this.tree.enable('pids', group);
    if (facts.cpuWeight !== undefined) this.tree.enable('cpu', group);
    const leaf = WorkerLeaf.create(cgroup, facts, this.#owner);
    this.#leaves.add(leaf);
    try {
      this.#protect(leaf);
      return leaf;
    } catch (error) {
      leaf.remove();
      throw error;
    }
  }

  async setGroup(id: string, { highBytes = Infinity, maxBytes = Infinity }: GroupLimits): Promise<LimitScope | undefined> {
    const group = this.tree.group(id);
    const isLimited = Math.min(highBytes, maxBytes) < Infinity;
    // Before any waiting, so that two calls at once make one.
    if (isLimited && !this.#groups.has(id)) this.#watchGroup(id, group);
    // One after the other: the limits of the last call are to stay, and each is read back.
    const before = this.#groupChanges.get(id) ?? Promise.resolve();
    const change = before
      .catch(() => undefined)
      // The mark first: where both are lowered, Spillway is to choose before the kernel does.
      .then(() => setBytesInBackground(group, 'memory.high', highBytes))
      .then(() => setBytesInBackground(group, 'memory.max', maxBytes));
    this.#groupChanges.set(id, change);
    await change;
    return this.#groups.get(id);
  }

  scopeOf({ id, memory }: WorkerFacts, enclosure: Enclosure): LimitScope | undefined {
    // At its memory.max the kernel kills the very same worker, and the user asked for no more.
    if (memory.highBytes === undefined || memory.highBytes === Infinity) return undefined;
    const leaf = [...this.#leaves].find((each) => each === enclosure);
    return leaf && this.#scope('worker', leaf.cgroup, id);
  }

  kernelOomKills(): number | undefined {
    return this.#gauge.kernelOomKills();
  }

  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.#mark?.stop();
    closeSync(this.#owner.launcher.fd);
    try {
      // There may be workers still, when the process exits; or what they have moved to cgroups that they made here themselves.
      killNow(this.tree.pool);
    } finally {
      this.tree.remove();
    }
  }

  letGo(): void {
    if (this.#removed) return;
    this.#removed = true;
    closeSync(this.#owner.launcher.fd);
    this.#giveUp();
    this.tree.remove();
  }

  removeNow(): void {
    this.remove();
  }

  #watchGroup(id: string, group: Cgroup): void {
    const scope = this.#scope('group', group, id);
    this.#groups.set(id, scope);
    // Somebody has removed it: when it is made again it needs another monitor.
    scope.monitor.once('removed', () => this.#groups.delete(id));
  }

  /** Lets go of what it holds of others' workers, who live on. */
  #giveUp(): void {
    this.#mark?.stop();
    for (const { main } of this.adopted) main.release();
    for (const leaf of this.#leaves) leaf.letGo();
  }

  #scope(level: LimitLevel, cgroup: Cgroup, id?: string): LimitScope {
    const gauge = level === 'pool' ? this.#gauge : new CgroupGauge(cgroup.directory, undefined);
    const monitor = limitMonitors(level, cgroup.directory, gauge, this.settings);
    // Over its own mark a worker holds up nobody but itself, so there is no hurry.
    const takeover = level === 'worker' ? undefined : new Takeover(cgroup.directory, () => monitor.watch, this.settings);
    return { level, monitor, gauge, ...(id !== undefined && { id }), ...(takeover && { takeover }) };
  }

  #adopt(cgroup: Cgroup): void {
    const group = basename(dirname(cgroup.directory));
    this.#blame.addGroup(group);
    const { facts, pid } = readRecord(cgroup, { id: cgroup.name, group, oomScoreAdj: this.settings.oomScoreAdj });
    const leaf = WorkerLeaf.open(cgroup, facts, this.#owner);
    this.#leaves.add(leaf);
    this.#protect(leaf);
    const pidfd = native().openPidfd(pid);
    if (typeof pidfd === 'number') {
      const main = MainProcess.ofStranger(pid, pidfd);
      this.adopted.push({ facts, main, enclosure: leaf });
      leaf.holdMain(main);
    }
    // It has ended just now (0: nobody was listed any more); the rest goes too.
    else if (pid === 0 || errnoName(pidfd) === 'ESRCH') void leaf.settle();
    else throw cgroupError(cgroup.directory, pidfd, 'adopt the processes of');
  }

  #forget(leaf: WorkerLeaf): void {
    this.#leaves.delete(leaf);
    this.#protect(leaf);
    this.#strangers.look(leaf.facts.id);
  }

  /** What reclaim spares of a cgroup is spared only as far as it is of those above it. */
  #protect({ facts: { group, memory } }: WorkerLeaf): void {
    for (const [file, key] of [['memory.low', 'lowBytes'], ['memory.min', 'minBytes']] as const) {
      if (memory[key] === undefined) continue;
      const sum = (leaves: WorkerLeaf[]): number => leaves.reduce((total, { facts }) => total + (facts.memory[key] ?? 0), 0);
      const leaves = [...this.#leaves];
      this.tree.protect(file, group, sum(leaves.filter(({ facts }) => facts.group === group)), sum(leaves));
    }
  }
}

/** Whose cgroup it is shows in the cgroups above it, which a link hides. */
function realPath(directory: string): string {
  return existsSync(directory) ? realpathSync(directory) : directory;
}

function openLauncher(): number {
  const path = launcherPath();
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new SpillwayError('ERR_SPILLWAY_SYSTEM_LIMIT', `Could not open the launcher ${quote(path)}: ${String(error)}`, { cause: error });
  }
}
