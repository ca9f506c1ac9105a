import { checkKeys, invalidOption } from '../options';
import type { ExitCause, ReliefReport, SupervisorStatus, WorkerExit } from '../supervisor/types';
import { statusKey } from './component-name';
import type { Component } from './component-registry';
import type { MemoryLimiter } from './memory-limiter';
import { memoryStatus } from './memory-status';
import type { ResourceGroup } from './resource-group';
import { sampleMemory } from './sample-memory';

/** A `Supervisor`. */
export interface MeasuredSupervisor {
  status(): Pick<SupervisorStatus, 'name' | 'counts'>;
  on(event: 'exit', listener: (exit: WorkerExit) => void): unknown;
  on(event: 'relief', listener: (report: ReliefReport) => void): unknown;
  off(event: 'exit', listener: (exit: WorkerExit) => void): unknown;
  off(event: 'relief', listener: (report: ReliefReport) => void): unknown;
}

/** What metrics are made of. All of it is optional. */
export interface MetricsSources {
  /** Metrics by component. */
  registry?: Component;
  /** Breaches, relief, and kills from now on. */
  supervisors?: readonly MeasuredSupervisor[];
  /** How much intake is slowed now. */
  limiter?: Pick<MemoryLimiter, 'status'>;
  /** By a name of your own: whatever has `stats` with `hits` (`InstanceCache`) or `affine` (`SlotAllocator`). */
  warm?: Readonly<Record<string, { readonly stats: { readonly hits: number } | { readonly affine: number } }>>;
}

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  /** What is not known has no sample. */
  read: () => Sample[];
}

type Allocations = NonNullable<ResourceGroup['allocations']>;

/** Names as in Saluki; there each has the label `group_id`, here too. */
const byGroup: readonly { name: string; help: string; type: Metric['type']; of: (counters: Allocations) => number }[] = [
  { name: 'group_allocated_bytes_total', type: 'counter', help: 'Bytes of buffers that the component has allocated.', of: ({ allocatedBytes }) => allocatedBytes },
  { name: 'group_deallocated_bytes_total', type: 'counter', help: 'Bytes of its buffers that were collected.', of: ({ freedBytes }) => freedBytes },
  { name: 'group_allocated_objects_total', type: 'counter', help: 'Buffers that the component has allocated.', of: ({ allocatedObjects }) => allocatedObjects },
  { name: 'group_deallocated_objects_total', type: 'counter', help: 'Its buffers that were collected.', of: ({ freedObjects }) => freedObjects },
  { name: 'group_allocated_objects_live', type: 'gauge', help: 'Its buffers that are there.', of: ({ allocatedObjects, freedObjects }) => allocatedObjects - freedObjects },
];

/** The metrics of {@link MetricsSources}, for whatever collects them. */
export class MemoryMetrics implements Disposable {
  readonly metrics: readonly Metric[];
  readonly #registry: Component | undefined;
  readonly #release: (() => void)[] = [];

  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  constructor(sources: MetricsSources) {
    checkKeys('the metrics', sources, ['registry', 'supervisors', 'limiter', 'warm']);
    if (!Array.isArray(sources.supervisors ?? [])) throw invalidOption('supervisors', sources.supervisors, 'an array of Supervisors');
    const { registry, supervisors = [], limiter, warm = {} } = sources;
    this.#registry = registry;
    const metrics: Metric[] = [
      ...(registry === undefined ? [] : groupMetrics(registry)),
      ...(supervisors.length === 0 ? [] : supervisorMetrics(supervisors.map((supervisor) => this.#listen(supervisor)))),
      ...(limiter === undefined ? [] : [backoff(limiter)]),
      { name: 'spillway_warm_hits_total', type: 'counter', help: 'How often something warm was found.', read: () => Object.entries(warm).map(([cache, { stats }]) => ({ labels: { cache }, value: 'hits' in stats ? stats.hits : stats.affine })) },
    ];
    this.metrics = metrics.map((metric) => ({ ...metric, read: () => orNone(metric.read) }));
  }

  /** To be awaited before the metrics are read: measures what takes time. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#registry !== undefined) await sampleMemory(this.#registry, { timeoutMs: 250 });
  }

  /** Takes its listeners off the supervisors. */
  stop(): void {
    for (const release of this.#release.splice(0)) release();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #listen(supervisor: MeasuredSupervisor): Heard {
    const heard: Heard = { supervisor, reliefSeconds: 0, kills: new Map([['spillway', 0], ['kernel-oom', 0]]) };
    const onExit = ({ cause }: WorkerExit): void => {
      if (cause !== 'exit') heard.kills.set(cause, (heard.kills.get(cause) ?? 0) + 1);
    };
    const onRelief = ({ timeline }: ReliefReport): void => { heard.reliefSeconds += (timeline.at(-1)?.atMs ?? 0) / 1000; };
    supervisor.on('exit', onExit);
    supervisor.on('relief', onRelief);
    this.#release.push(() => { supervisor.off('exit', onExit); }, () => { supervisor.off('relief', onRelief); });
    return heard;
  }
}

/** One that cannot be read must not take all the others with it. */
function orNone(read: () => Sample[]): Sample[] {
  try {
    return read();
  } catch {
    return [];
  }
}

/** What is counted here because a supervisor's status does not tell it. */
interface Heard {
  supervisor: MeasuredSupervisor;
  reliefSeconds: number;
  kills: Map<ExitCause, number>;
}

function groupMetrics(registry: Component): Metric[] {
  const live = (): Sample[] => Object.entries(memoryStatus(registry)).flatMap(([group_id, { actual_live_bytes: value }]) => (value === null ? [] : [{ labels: { group_id }, value }]));
  const cpu = (): Sample[] => Object.entries(memoryStatus(registry)).flatMap(([group_id, { cpu: taken }]) => (taken?.seconds == null ? [] : [{ labels: { group_id }, value: Math.round(taken.seconds * 1e9) }]));
  return [
    { name: 'group_cpu_time_nanos_total', type: 'counter', help: 'Processor time that the component has taken, as far as that is known; of root the rest of the process.', read: cpu },
    { name: 'group_allocated_bytes_live', type: 'gauge', help: 'Bytes that the component uses, as far as that is known; of root the rest of the process.', read: live },
    ...byGroup.map(({ of, ...metric }) => ({
      ...metric,
      read: () => registry.root.resourceGroups().flatMap(({ name, allocations }) => (allocations === undefined ? [] : [{ labels: { group_id: statusKey(name) }, value: of(allocations) }])),
    })),
  ];
}

/** Saluki's `memory_limiter.current_backoff_secs`, as Prometheus spells it. */
function backoff(limiter: Pick<MemoryLimiter, 'status'>): Metric {
  return { name: 'memory_limiter_current_backoff_secs', type: 'gauge', help: 'What a call of the memory limiter waits now.', read: () => [{ labels: {}, value: limiter.status().delayMs / 1000 }] };
}

function supervisorMetrics(all: readonly Heard[]): Metric[] {
  const counter = (name: string, help: string, read: (counts: SupervisorStatus['counts'], heard: Heard) => Record<string, number | undefined>, label?: string): Metric => ({
    name, help, type: 'counter',
    read: () => all.flatMap((heard) => {
      const { name: supervisor, counts } = heard.supervisor.status();
      return Object.entries(read(counts, heard)).flatMap(([key, value]) => (value === undefined ? [] : [{ labels: { supervisor, ...(label !== undefined && { [label]: key }) }, value }]));
    }),
  });
  return [
    counter('spillway_breaches_total', 'Breaches heard: while memory was short, by page cache alone, and stalls.', ({ shortBreaches, churnBreaches, stallBreaches }) => ({ short: shortBreaches, churn: churnBreaches, stall: stallBreaches }), 'kind'),
    counter('spillway_kills_total', 'Workers that did not end by themselves, by the cause of their end.', (_counts, { kills }) => Object.fromEntries(kills), 'cause'),
    counter('spillway_kernel_oom_kills_total', "Processes that the kernel's OOM killer has killed.", ({ kernelOomKills }) => ({ all: kernelOomKills })),
    counter('spillway_relief_rounds_total', 'Relief rounds.', ({ reliefRounds }) => ({ all: reliefRounds })),
    counter('spillway_relief_seconds_total', 'How long they took together, from when the shortage was noticed.', (_counts, { reliefSeconds }) => ({ all: reliefSeconds })),
  ];
}
