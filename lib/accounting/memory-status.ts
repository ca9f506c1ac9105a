import type { BoundFigures, ComponentBounds } from './component-bounds';
import { parentOf, statusKey } from './component-name';
import type { Component } from './component-registry';
import { type CpuFigure, CpuSum } from './cpu-figure';
import { type Confidence, type MemoryFigure, MemorySum, unmeasured } from './memory-figure';
import { ProcessTotals } from './process-totals';

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
  /** Absent: it has nothing of its own to be measured. */
  figure?: MemoryFigure;
  /** Absent where nobody measures it. */
  cpu?: CpuFigure;
  /** Of those below; of its own too once all is added up. */
  total: MemorySum;
  totalCpu: CpuSum;
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
  const totals = new ProcessTotals();
  for (const group of component.root.resourceGroups()) {
    const { figure, cpu } = totals.add(group);
    if (group.name === '') continue;
    const entry = entryOf(entries, group.name);
    entry.figure = figure;
    if (cpu !== undefined) entry.cpu = cpu;
  }
  const names = [...entries.keys()].sort();
  addUp(entries, names);
  const root = totals.finish();

  const time = isoTimes();
  // Not by assignment: a component may be named `__proto__`.
  return Object.fromEntries(names.map((name) => {
    const { bounds, totalBounds, figure, cpu, total, totalCpu } = entryOf(entries, name);
    const isRoot = name === '';
    const own = shown(bounds, isRoot ? root.figure : (figure ?? unmeasured), isRoot ? root.cpu : cpu, time) as ComponentStatus;
    own.total = isRoot ? shown(totalBounds, root.total, root.totalCpu, time) : shown(totalBounds, total.figure, totalCpu.isEmpty ? undefined : totalCpu.figure, time);
    return [statusKey(name), own];
  }));
}

function declaredEntries(tree: ComponentBounds): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const add = (bounds: ComponentBounds): void => {
    const entry = emptyEntry(bounds.self, bounds);
    // A component that only stands above others, and has declared nothing, has nothing of its own to be measured.
    if (bounds.self.firmBytes > 0) entry.figure = unmeasured;
    entries.set(bounds.name, entry);
    bounds.children.forEach(add);
  };
  add(tree);
  return entries;
}

function emptyEntry(bounds: BoundFigures, totalBounds: BoundFigures): Entry {
  return { bounds, totalBounds, total: new MemorySum(), totalCpu: new CpuSum() };
}

function entryOf(entries: Map<string, Entry>, name: string): Entry {
  const known = entries.get(name);
  if (known !== undefined) return known;
  if (name !== '') entryOf(entries, parentOf(name));
  const nothing = { minimumBytes: 0, firmBytes: 0 };
  const entry = emptyEntry(nothing, nothing);
  entries.set(name, entry);
  return entry;
}

/** Those below come after those above: backwards, each total is complete when it is added to the one above it. */
function addUp(entries: Map<string, Entry>, names: readonly string[]): void {
  for (const name of names.toReversed()) {
    const { figure, cpu, total, totalCpu } = entryOf(entries, name);
    if (figure !== undefined) total.add(figure);
    if (cpu !== undefined) totalCpu.add(cpu);
    if (name === '') continue;
    const above = entryOf(entries, parentOf(name));
    above.total.add(total.figure);
    if (!totalCpu.isEmpty) above.totalCpu.add(totalCpu.figure);
  }
}

/** Writes times. Most figures of a status are of the same millisecond, and to write one costs more than all the rest of a figure. */
function isoTimes(): (atMs: number) => string {
  let last = { atMs: NaN, text: '' };
  return (atMs) => {
    if (atMs !== last.atMs) last = { atMs, text: new Date(atMs).toISOString() };
    return last.text;
  };
}

function shown({ minimumBytes, firmBytes }: BoundFigures, { bytes, source, confidence, sampledAt, measuring }: MemoryFigure, cpu: CpuFigure | undefined, time: (atMs: number) => string): StatusFigures {
  const figures: StatusFigures = {
    minimum_required_bytes: minimumBytes,
    firm_limit_bytes: firmBytes,
    actual_live_bytes: bytes ?? null,
    source: source ?? null,
    confidence,
    sampled_at: sampledAt === undefined ? null : time(sampledAt),
    measuring,
  };
  if (cpu !== undefined) figures.cpu = shownCpu(cpu, time);
  return figures;
}

function shownCpu({ seconds, source, confidence, sampledAt, measuring }: CpuFigure, time: (atMs: number) => string): StatusCpu {
  return { seconds: seconds ?? null, source: source ?? null, confidence, sampled_at: sampledAt === undefined ? null : time(sampledAt), measuring };
}
