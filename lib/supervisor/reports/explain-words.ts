import { formatBytes } from '../../format-bytes';
import { printable } from '../../printable';
import type { ReliefReport } from '../types';

/** Names and reasons may be of any length, and a report is read at a terminal. */
const maxNameLength = 64;
const maxTextLength = 400;

/** The name of a worker, a group, a pool, a policy or a host: of one line, and not long. */
export function safeName(name: string): string {
  return cut(name, maxNameLength);
}

/** A reason or a message. */
export function safeText(text: string): string {
  return cut(text, maxTextLength);
}

/** Not by `Array.from`: it may be megabytes of text. */
function cut(text: string, length: number): string {
  return text.length <= length ? printable(text) : `${printable(text.slice(0, length - 1))}…`;
}

/** What was short of memory: `'the pool jobs'`, `'the group tenant-7 of the pool jobs'`. */
export function limitName({ limit, pool }: ReliefReport): string {
  return limit.level === 'pool' ? `the pool ${safeName(pool)}` : `the ${limit.level} ${safeName(limit.id ?? '?')} of the pool ${safeName(pool)}`;
}

/** `'the worker a'`, `'the workers a, b and c'`, `'9 workers (a, b, c and 6 more)'`. */
export function workerNames(ids: readonly string[]): string {
  const [first = '?'] = ids;
  if (ids.length === 1) return `the worker ${safeName(first)}`;
  if (ids.length <= 4) return `the workers ${enumerated(ids.map(safeName))}`;
  return `${ids.length} workers (${enumerated([...ids.slice(0, 3).map(safeName), `${ids.length - 3} more`])})`;
}

/** `'a'`, `'a and b'`, `'a, b and c'`. */
export function enumerated(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

/** A size that may be unknown. */
export function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : formatBytes(bytes);
}

export function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
