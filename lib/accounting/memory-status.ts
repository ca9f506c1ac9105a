import type { BoundFigures, ComponentBounds } from './component-bounds';
import { parentOf, statusKey } from './component-name';
import type { Component } from './component-registry';
import { type CpuFigure, sumOfCpu } from './cpu-figure';
import { type Confidence, type MemoryFigure, sumOf, unmeasured } from './memory-figure';
import { readOwnCpu } from './own-cpu';
import { readOwnMemory } from './own-memory';
import type { ResourceGroup } from './resource-group';

/** What was declared, and what is used. `null`: unknown. */
export interface StatusFigures {
  minimum_required_bytes: number;
  firm_limit_bytes: number;
  actual_live_bytes: number | null;
  source: string | null;
  confidence: Confidence;
  /** When the figure was measured, by the wall clock; of several, the oldest. */
  sampled_at: string | null;
  /** Whether anything measures it. False: `actual_live_bytes` will stay unknown. */
  measuring: boolean;
  /** The processor time taken; absent where nobody measures it, nor ever has. */
  cpu?: StatusCpu;
}

export interface StatusCpu {
  seconds: number | null;
  source: string | null;
  confidence: Confidence;
  /** `null` also for what has ended: it does not age. */
  sampled_at: string | null;
  measuring: boolean;
}

export interface ComponentStatus extends StatusFigures {
  /** With all components below it. */
  total: StatusFigures;
}

/** By the full name of the component; the root first, as `'root'`, then by name. */
export type MemoryStatus = Record<string, ComponentStatus>;

/** What is known of one component, in and below it. */
interface Entry {
  bounds: BoundFigures;
  totalBounds: BoundFigures;
  figure: MemoryFigure;
  /** Its own figure, and the totals of those one level below. */
  parts: MemoryFigure[];
  /** Of its own, and with all below it; empty where nobody measures it. */
  cpu: CpuFigure[];
  totalCpu: CpuFigure[];
}

/**
 * Every component that has declared bounds or registered a group, and those above them, with what is known now.
 * Plain data, to be written as JSON: Saluki's three figures for each by their names, and where they come from. Measures
 * only what costs next to nothing; `sampleMemory()` before it brings the rest up to date.
 *
 * The figure of `'root'` itself is what is left of this process when the known parts of the components are taken off,
 * and what the root's group tracks outside of it. Its total is all of this process and of the processes that are
 * tracked. A component whose name begins with the segment `root` has `root.` before it.
 *
 * @param component any of the registry: the status is always that of the whole
 */
export function memoryStatus(component: Component): MemoryStatus {
  const entries = declaredEntries(component.root.toTree());
  const groups = component.root.resourceGroups();
  for (const group of groups) {
    if (group.name === '') continue;
    measured(entries, group.name, group.figure);
    addCpu(entries, group.name, [...group.cpuFigures('inside'), ...group.cpuFigures('outside')]);
  }
  const names = [...entries.keys()].sort();
  const totals = addUp(entries, names);

  const { all, remainder } = readOwnMemory(groups.filter(({ name }) => name !== ''));
  measured(entries, '', sumOf([remainder, ...outside(groups.filter(({ name }) => name === ''))]));
  totals.set('', sumOf([all, ...outside(groups)]));
  const root = entryOf(entries, '');
  const ownCpu = readOwnCpu(groups.filter(({ name }) => name !== ''));
  root.cpu = [ownCpu.remainder, ...groups.flatMap((group) => (group.name === '' ? group.cpuFigures('outside') : []))];
  root.totalCpu = [ownCpu.all, ...groups.flatMap((group) => group.cpuFigures('outside'))];

  const time = isoTimes();
  // Not by assignment: a component may be named `__proto__`.
  return Object.fromEntries(names.map((name) => {
    const { bounds, totalBounds, figure, cpu, totalCpu } = entryOf(entries, name);
    const own = shown(bounds, figure, cpu, time) as ComponentStatus;
    own.total = shown(totalBounds, totals.get(name) ?? unmeasured, totalCpu, time);
    return [statusKey(name), own];
  }));
}

/** What they track of other processes. */
function outside(groups: readonly ResourceGroup[]): MemoryFigure[] {
  const figures: MemoryFigure[] = [];
  for (const { sources } of groups) for (const source of sources) if (!source.inProcess) figures.push(source.figure);
  return figures;
}

function declaredEntries(tree: ComponentBounds): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const add = (bounds: ComponentBounds): void => {
    // A component that only stands above others, and has declared nothing, has nothing of its own to be measured.
    entries.set(bounds.name, { bounds: bounds.self, totalBounds: bounds, figure: unmeasured, parts: bounds.self.firmBytes > 0 ? [unmeasured] : [], cpu: [], totalCpu: [] });
    bounds.children.forEach(add);
  };
  add(tree);
  return entries;
}

function measured(entries: Map<string, Entry>, name: string, figure: MemoryFigure): void {
  const entry = entryOf(entries, name);
  entry.figure = figure;
  entry.parts = [figure];
}

/** To its own, and to that of all above it. */
function addCpu(entries: Map<string, Entry>, name: string, figures: readonly CpuFigure[]): void {
  if (figures.length === 0) return;
  entryOf(entries, name).cpu.push(...figures);
  for (let at = name; at !== ''; at = parentOf(at)) entryOf(entries, at).totalCpu.push(...figures);
}

function entryOf(entries: Map<string, Entry>, name: string): Entry {
  const known = entries.get(name);
  if (known !== undefined) return known;
  if (name !== '') entryOf(entries, parentOf(name));
  const nothing = { minimumBytes: 0, firmBytes: 0 };
  const entry = { bounds: nothing, totalBounds: nothing, figure: unmeasured, parts: [], cpu: [], totalCpu: [] };
  entries.set(name, entry);
  return entry;
}

/** The totals by name. Those below come after those above: backwards, each is complete when it is added to the one above it. */
function addUp(entries: Map<string, Entry>, names: readonly string[]): Map<string, MemoryFigure> {
  const totals = new Map<string, MemoryFigure>();
  for (const name of names.toReversed()) {
    const total = sumOf(entryOf(entries, name).parts);
    if (name !== '') entries.get(parentOf(name))?.parts.push(total);
    totals.set(name, total);
  }
  return totals;
}

/** Writes times. Most figures of a status are of the same millisecond, and to write one costs more than all the rest of a figure. */
function isoTimes(): (atMs: number) => string {
  let last = { atMs: NaN, text: '' };
  return (atMs) => {
    if (atMs !== last.atMs) last = { atMs, text: new Date(atMs).toISOString() };
    return last.text;
  };
}

function shown({ minimumBytes, firmBytes }: BoundFigures, { bytes, source, confidence, sampledAt, measuring }: MemoryFigure, cpu: readonly CpuFigure[], time: (atMs: number) => string): StatusFigures {
  const figures: StatusFigures = {
    minimum_required_bytes: minimumBytes,
    firm_limit_bytes: firmBytes,
    actual_live_bytes: bytes ?? null,
    source: source ?? null,
    confidence,
    sampled_at: sampledAt === undefined ? null : time(sampledAt),
    measuring,
  };
  if (cpu.length > 0) figures.cpu = shownCpu(sumOfCpu(cpu), time);
  return figures;
}

function shownCpu({ seconds, source, confidence, sampledAt, measuring }: CpuFigure, time: (atMs: number) => string): StatusCpu {
  const isAged = sampledAt !== undefined && sampledAt !== Infinity;
  return { seconds: seconds ?? null, source: source ?? null, confidence, sampled_at: isAged ? time(sampledAt) : null, measuring };
}
