import { SpillwayError } from '../errors';
import { checkKeys, invalidOption, parseBoolean, parseBytes, parseNumber, parseOneOf, quote, type Bytes } from '../options';

/** What a supervisor tells Spillway about a worker. */
export interface WorkerOptions {
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
  /** Written to its leaf: `memory.low` (protected), `memory.high` and `memory.max`. Default none. */
  memory?: { lowBytes?: Bytes; highBytes?: Bytes; maxBytes?: Bytes };
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

export interface WorkerFacts {
  id: string;
  owner: string | undefined;
  retriable: boolean;
  kind: 'task' | 'service';
  priority: number | undefined;
  attempt: number;
  labels: Record<string, string> | undefined;
  memory: { lowBytes?: number; highBytes?: number; maxBytes?: number };
  oomScoreAdj: number;
}

const optionNames = ['id', 'owner', 'retriable', 'kind', 'priority', 'attempt', 'labels', 'memory', 'oomScoreAdj'] as const;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWorkerOptions(options: WorkerOptions, defaults: { id: string; oomScoreAdj: number }): WorkerFacts {
  checkKeys('a worker', options, optionNames);
  const { id = defaults.id, owner, retriable = false, kind = 'task', attempt = 0, oomScoreAdj = defaults.oomScoreAdj } = options;
  return {
    id: parseText('id', id),
    owner: owner === undefined ? undefined : parseText('owner', owner),
    retriable: parseBoolean('retriable', retriable),
    kind: parseOneOf('kind', kind, ['task', 'service']),
    priority: parsePriority(options.priority),
    attempt: parseNumber('attempt', attempt, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    labels: parseLabels(options.labels),
    memory: parseMemory(options.memory),
    oomScoreAdj: parseNumber('oomScoreAdj', oomScoreAdj, { min: -1000, max: 1000 }),
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

/** It appears in reports and logs, so it is one line of printable text. */
function parseText(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u.test(value)) {
    throw invalidOption(name, value, 'text of 1 to 256 characters without control characters');
  }
  return value;
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
  checkKeys("a worker's memory", memory, ['lowBytes', 'highBytes', 'maxBytes']);
  const parsed: WorkerFacts['memory'] = {};
  for (const key of ['lowBytes', 'highBytes', 'maxBytes'] as const) {
    const value = memory[key];
    if (value !== undefined) parsed[key] = parseBytes(`memory.${key}`, value, { unlimited: true, min: key === 'lowBytes' ? 0 : 1 });
  }
  const { lowBytes = 0, maxBytes = Infinity, highBytes = maxBytes } = parsed;
  if (lowBytes > highBytes || highBytes > maxBytes) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', "Expected a worker's memory to have lowBytes <= highBytes <= maxBytes");
  }
  return parsed;
}
