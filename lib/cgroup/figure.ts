import type { HostFacts } from './preflight/host-facts';

/** A number of bytes and the files that it was read from. */
export interface Figure {
  bytes: number;
  files: readonly string[];
}

export const unlimited: Figure = { bytes: Infinity, files: [] };

/** A single-value file. `undefined`: not there, not readable, or cut off before its newline. Held at 2^53 - 1. */
export function readFigure(path: string, facts: Pick<HostFacts, 'read'>): Figure | undefined {
  const digits = /^(\d+)\n$/.exec(facts.read(path) ?? '')?.[1];
  return digits === undefined ? undefined : { bytes: saturated(Number(digits)), files: [path] };
}

/**
 * A limit. `Infinity`: the kernel's `max`, v1's 9223372036854771712 (the most pages that it can count:
 * PAGE_COUNTER_MAX in linux/page_counter.h) or whatever else nobody has, and a file that is not there.
 * `undefined`: it is there and does not tell.
 */
export function readLimitFigure(path: string, facts: Pick<HostFacts, 'exists' | 'read'>): Figure | undefined {
  if (facts.read(path) === 'max\n' || !facts.exists(path)) return unlimited;
  const figure = readFigure(path, facts);
  return figure === undefined ? undefined : limitFigure(figure.bytes, path);
}

export function limitFigure(bytes: number, file: string): Figure {
  return bytes === Number.MAX_SAFE_INTEGER ? unlimited : { bytes, files: [file] };
}

/** The lines of a file of keys and numbers, in bytes; other lines, and one without its end, are left out. */
export function parseKeyed(text: string, line: RegExp, unitBytes: number): Map<string, number> {
  const values = new Map<string, number>();
  for (const each of text.split('\n').slice(0, -1)) {
    const [, key, digits] = line.exec(each) ?? [];
    if (key !== undefined && digits !== undefined) values.set(key, saturated(Number(digits) * unitBytes));
  }
  return values;
}

/** The lowest, of equal ones the first. `undefined` when one of them is unknown: it may be lower. */
export function lowest(figures: readonly (Figure | undefined)[]): Figure | undefined {
  return figures.reduce((least, each) => (least === undefined || each === undefined ? undefined : each.bytes < least.bytes ? each : least));
}

/** What is in one figure besides others. Never below 0: they are counted, and read, one after the other. */
export function difference(from: number | undefined, ...less: (number | undefined)[]): number | undefined {
  const rest = less.reduce<number | undefined>((left, each) => (left === undefined || each === undefined ? undefined : left - each), from);
  return rest === undefined ? undefined : Math.max(0, rest);
}

export function sum(...parts: (number | undefined)[]): number | undefined {
  const total = parts.reduce<number | undefined>((all, each) => (all === undefined || each === undefined ? undefined : all + each), 0);
  return total === undefined ? undefined : saturated(total);
}

export function figureOf(bytes: number | undefined, ...files: string[]): Figure | undefined {
  return bytes === undefined ? undefined : { bytes, files };
}

function saturated(bytes: number): number {
  return Math.min(bytes, Number.MAX_SAFE_INTEGER);
}
