import { randomBytes } from 'node:crypto';
import { totalmem } from 'node:os';
import { defaultHighBytes } from '../../cgroup/limits';
import type { CreatedMonitors } from '../../monitor/create-monitors';
import { MonitorSet } from '../../monitor/monitor-set';
import { ThresholdPoller } from '../../monitor/threshold-poller';
import type { MemoryLimits } from '../../monitor/types';
import { native } from '../../native';
import { holdProcess } from '../../process/hold-process';
import type { WorkerMarker } from '../../process/worker-marker';
import { MainProcess } from '../main-process';
import { checkOrder, type SupervisorSettings } from '../supervisor-options';
import { parseWorkerOptions, type WorkerFacts } from '../worker-options';
import { KernelKillCounter } from './kernel-kill-counter';
import { findMarked, killMarked, type Marked } from './marked-processes';
import { NameLock } from './name-lock';
import { ProcessEnclosure } from './process-enclosure';
import { ProcessGauge } from './process-gauge';
import { ProcessPool } from './process-pool';
import type { Adopted, Containment, Enclosure, GroupLimits, LimitLevel, LimitScope, OnDegraded } from './types';

/** Workers without cgroups: measured by /proc at intervals, killed by pidfd. No kernel guards their limits. */
export class PollingContainment implements Containment {
  readonly cgroup = undefined;
  readonly adopted: Adopted[] = [];
  readonly pool: LimitScope;
  readonly #processes: ProcessPool;
  readonly #enclosures = new Set<ProcessEnclosure>();
  readonly #groups = new Map<string, { limits: MemoryLimits; scope: LimitScope }>();
  readonly #kernelKills = new KernelKillCounter();

  private constructor(
    private readonly settings: SupervisorSettings,
    private readonly onDegraded: OnDegraded,
    private readonly lock: NameLock,
    private readonly runId: string,
  ) {
    const { maxBytes, killBufferBytes, pollMs } = settings;
    const highBytes = settings.highBytes ?? defaultHighBytes(Math.min(totalBytes(), maxBytes));
    checkOrder({ ...settings, highBytes });
    this.#processes = new ProcessPool(pollMs / 2);
    this.pool = this.#scope('pool', { highBytes, maxBytes }, () => true, undefined, killBufferBytes);
  }

  /** @throws ERR_SPILLWAY_UNSUPPORTED, ERR_SPILLWAY_NAME_IN_USE, ERR_SPILLWAY_PERMISSION, ERR_SPILLWAY_STUCK, ERR_SPILLWAY_SYSTEM_LIMIT */
  static async create(settings: SupervisorSettings, onDegraded: OnDegraded): Promise<PollingContainment> {
    native();
    const runId = randomBytes(4).toString('hex');
    const lock = NameLock.take(settings.name, runId);
    let containment: PollingContainment | undefined;
    try {
      containment = new PollingContainment(settings, onDegraded, lock, runId);
      if (settings.leftovers === 'adopt') for (const marked of findMarked(settings.name)) containment.#adopt(marked);
      else await killMarked(settings.name);
      return containment;
    } catch (error) {
      for (const { main } of containment?.adopted ?? []) main.release();
      lock[Symbol.dispose]();
      throw error;
    }
  }

  enclose(facts: WorkerFacts): Enclosure {
    return this.#enclose(facts, { pool: this.settings.name, runId: this.runId, id: facts.id });
  }

  setGroup(id: string, { highBytes = Infinity, maxBytes = Infinity }: GroupLimits): Promise<LimitScope> {
    const group = this.#groups.get(id) ?? this.#newGroup(id);
    Object.assign(group.limits, { highBytes, maxBytes });
    return Promise.resolve(group.scope);
  }

  scopeOf(facts: WorkerFacts, enclosure: Enclosure): LimitScope | undefined {
    // Nobody else guards its memory.max here.
    const { highBytes = Infinity, maxBytes = Infinity } = facts.memory;
    if (Math.min(highBytes, maxBytes) === Infinity) return undefined;
    return this.#scope('worker', { highBytes, maxBytes }, (each) => each === enclosure, facts.id);
  }

  kernelOomKills(): number | undefined {
    return this.#kernelKills.total();
  }

  remove(): void {
    this.lock[Symbol.dispose]();
  }

  letGo(): void {
    for (const { main } of this.adopted) main.release();
    this.remove();
  }

  removeNow(): void {
    for (const enclosure of this.#enclosures) enclosure.kill();
    this.remove();
  }

  #enclose(facts: WorkerFacts, marker: WorkerMarker): ProcessEnclosure {
    const onRemoved = (): void => void this.#enclosures.delete(enclosure);
    const enclosure: ProcessEnclosure = new ProcessEnclosure(facts, marker, this.#processes, this.#kernelKills, this.onDegraded, onRemoved);
    this.#enclosures.add(enclosure);
    return enclosure;
  }

  /** Nothing of its facts is known but what the mark says. */
  #adopt({ marker, processes }: Marked): void {
    for (const entry of processes) {
      const pidfd = holdProcess(entry);
      // It has ended just now; the next oldest is the main one then.
      if (pidfd === undefined) continue;
      const facts = factsOf(marker.id, this.settings.oomScoreAdj);
      const main = MainProcess.ofStranger(entry.pid, pidfd);
      const enclosure = this.#enclose(facts, marker);
      this.adopted.push({ facts, main, enclosure });
      enclosure.take(main);
      return;
    }
  }

  #newGroup(id: string): { limits: MemoryLimits; scope: LimitScope } {
    const limits = {};
    const group = { limits, scope: this.#scope('group', limits, ({ facts }) => facts.group === id, id) };
    this.#groups.set(id, group);
    return group;
  }

  #scope(level: LimitLevel, limits: MemoryLimits, holds: (enclosure: ProcessEnclosure) => boolean, id?: string, killBufferBytes?: number): LimitScope {
    // By pid: one that a worker has started and that was adopted, too, is in both.
    const members = () => [...new Map([...this.#enclosures].filter(holds).flatMap(({ members }) => members.map((each) => [each.pid, each]))).values()];
    const gauge = new ProcessGauge(this.#processes, members, limits, killBufferBytes);
    const { name, pollMs, safetyReadMs } = this.settings;
    const of = { pool: `all processes of the pool ${name}`, group: `the processes of the group ${id ?? ''}`, worker: `the processes of the worker ${id ?? ''}` };
    const make = (): CreatedMonitors => ({
      monitors: [new ThresholdPoller({ name: of[level], measure: (wasShort) => gauge.look(wasShort), intervalMs: pollMs, repeatMs: safetyReadMs })],
      decisions: [{ name: 'threshold', made: true, reason: 'there is no cgroup' }],
    });
    const monitor = new MonitorSet({ cgroup: of[level], make, wantsPressure: false, retryMs: safetyReadMs });
    return { level, monitor, gauge, ...(id !== undefined && { id }) };
  }
}

/** The machine's memory, or what a container leaves of it (cgroup v1 and v2, as libuv finds it). */
function totalBytes(): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Infinity);
}

/** An environment can hold any text; one that is no id of ours gets another. */
function factsOf(id: string, oomScoreAdj: number): WorkerFacts {
  try {
    return parseWorkerOptions({ id }, { id, oomScoreAdj });
  } catch {
    return parseWorkerOptions({}, { id: 'adopted', oomScoreAdj });
  }
}
