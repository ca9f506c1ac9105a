import { SpillwayError } from '../errors';
import { parseShedOptions, type ShedOptions } from './shed/shed-options';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseName, parseNumber, parseOneOf, parseText, quote, type Bytes } from '../options';

/** The group of workers that name none. */
export const defaultGroup = 'default';

/** What a supervisor tells Spillway about a worker. */
export interface WorkerOptions extends ShedOptions {
  /** Unique among the live workers. 1 to 256 characters without control characters. Default `'w1'`, `'w2'`, ... */
  id?: string;
  /** On whose behalf it runs; policies may group by it. */
  owner?: string;
  /** Whether its work can be done again. Default false. */
  retriable?: boolean;
  /** Default `'task'`. */
  kind?: 'task' | 'service';
  /** Higher dies later, in policies that ask for it. */
  priority?: number;
  /** How many times this work was started before. Default 0. */
  attempt?: number;
  labels?: Record<string, string>;
  /** The group (tenant) that it belongs to: 1 to 64 letters, digits, `_` or `-`. Default `'default'`. */
  group?: string;
  /**
   * Written to its leaf. Default none.
   *
   * `minBytes` and `lowBytes` (`memory.min`, `memory.low`) are spared by reclaim, `min` always and `low`
   * while there is other memory to take. At `highBytes` Spillway kills it, and nobody else; at
   * `maxBytes` the kernel does.
   */
  memory?: { minBytes?: Bytes; lowBytes?: Bytes; highBytes?: Bytes; maxBytes?: Bytes };
  /** How many processes and threads it may have at a time (`pids.max`): what stops a fork bomb. Default no limit. From 1 to 4,194,304. */
  pidsMax?: number;
  /** Its share of the CPU among its group's workers (`cpu.weight`). Default the kernel's, 100. From 1 to 10,000. */
  cpuWeight?: number;
  /**
   * -1000 to 1000; lower than the supervisor's own needs CAP_SYS_RESOURCE. Default 500, or the
   * supervisor's own if that is higher, so that the kernel prefers workers to the supervisor.
   */
  oomScoreAdj?: number;
}

/** What of it may change while the worker lives. */
export interface WorkerUpdate {
  /** Whether it holds no work at present. Turning busy starts a new `startedAtMs`. */
  idle?: boolean;
  retriable?: boolean;
  priority?: number;
  labels?: Record<string, string>;
}

export interface WorkerFacts extends Required<ShedOptions> {
  id: string;
  owner: string | undefined;
  retriable: boolean;
  kind: 'task' | 'service';
  priority: number | undefined;
  attempt: number;
  labels: Record<string, string> | undefined;
  group: string;
  memory: { minBytes?: number; lowBytes?: number; highBytes?: number; maxBytes?: number };
  pidsMax: number | undefined;
  cpuWeight: number | undefined;
  oomScoreAdj: number;
}

const optionNames = [
  'id', 'owner', 'retriable', 'kind', 'priority', 'attempt', 'labels', 'group', 'memory', 'pidsMax', 'cpuWeight', 'oomScoreAdj',
  'shed', 'shedMs', 'graceMs',
] as const;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWorkerOptions(options: WorkerOptions, defaults: { id: string; oomScoreAdj: number }): WorkerFacts {
  checkKeys('a worker', options, optionNames);
  const { id = defaults.id, owner, retriable = false, kind = 'task', attempt = 0, group = defaultGroup, pidsMax, cpuWeight, oomScoreAdj = defaults.oomScoreAdj } = options;
  return {
    id: parseText('id', id),
    owner: owner === undefined ? undefined : parseText('owner', owner),
    retriable: parseBoolean('retriable', retriable),
    kind: parseOneOf('kind', kind, ['task', 'service']),
    priority: parsePriority(options.priority),
    attempt: parseNumber('attempt', attempt, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    labels: parseLabels(options.labels),
    group: parseName('group', group),
    memory: parseMemory(options.memory),
    pidsMax: pidsMax === undefined ? undefined : parseNumber('pidsMax', pidsMax, { min: 1, max: 4_194_304 }),
    cpuWeight: cpuWeight === undefined ? undefined : parseNumber('cpuWeight', cpuWeight, { min: 1, max: 10_000 }),
    oomScoreAdj: parseNumber('oomScoreAdj', oomScoreAdj, { min: -1000, max: 1000 }),
    ...parseShedOptions(options),
  };
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWorkerUpdate(update: WorkerUpdate): WorkerUpdate {
  checkKeys('update()', update, ['idle', 'retriable', 'priority', 'labels']);
  const { idle, retriable } = update;
  const priority = parsePriority(update.priority);
  const labels = parseLabels(update.labels);
  return {
    ...(idle !== undefined && { idle: parseBoolean('idle', idle) }),
    ...(retriable !== undefined && { retriable: parseBoolean('retriable', retriable) }),
    ...(priority !== undefined && { priority }),
    ...(labels !== undefined && { labels }),
  };
}

function parsePriority(priority: unknown): number | undefined {
  if (priority === undefined) return undefined;
  return parseNumber('priority', priority, { min: -Number.MAX_VALUE, max: Number.MAX_VALUE, integer: false });
}

function parseLabels(labels: unknown): Record<string, string> | undefined {
  if (labels === undefined) return undefined;
  if (typeof labels !== 'object' || labels === null || Symbol.iterator in labels) {
    throw invalidOption('labels', labels, 'an object with strings as values');
  }
  // Own properties, each read once; `__proto__` among them becomes one of the copy.
  const copy = { ...(labels as Record<string, unknown>) };
  for (const [key, value] of Object.entries(copy)) {
    if (typeof value !== 'string') throw invalidOption(`labels[${quote(key)}]`, value, 'a string');
  }
  return copy as Record<string, string>;
}

function parseMemory(memory: WorkerOptions['memory']): WorkerFacts['memory'] {
  if (memory === undefined) return {};
  checkKeys("a worker's memory", memory, ['minBytes', 'lowBytes', 'highBytes', 'maxBytes']);
  const parsed: WorkerFacts['memory'] = {};
  for (const key of ['minBytes', 'lowBytes', 'highBytes', 'maxBytes'] as const) {
    const value = memory[key];
    const min = key === 'highBytes' || key === 'maxBytes' ? 1 : 0;
    if (value !== undefined) parsed[key] = parseBytes(`memory.${key}`, value, { unlimited: true, min });
  }
  const { minBytes = 0, lowBytes = minBytes, maxBytes = Infinity, highBytes = maxBytes } = parsed;
  if (minBytes > lowBytes || lowBytes > highBytes || highBytes > maxBytes) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', "Expected a worker's memory to have minBytes <= lowBytes <= highBytes <= maxBytes");
  }
  return parsed;
}
