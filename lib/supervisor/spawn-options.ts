import { spawn, type SpawnOptions, type StdioOptions } from 'node:child_process';

/** What the caller wants to run, after the transformations that `child_process.spawn` makes. */
export interface Program {
  /** Becomes `child.spawnfile`; looked up in the PATH of the child's own environment. */
  readonly file: string;
  /** The argument vector, its first element the program's own name; becomes `child.spawnargs`. */
  readonly argv: readonly string[];
}

export type StdioEntry = Exclude<StdioOptions, string>[number];

/**
 * The program that `child_process.spawn` would run for the same arguments.
 *
 * The launcher takes them at other positions than `spawn` would, so what Node checks by position is
 * checked here first; the error thrown is Node's own.
 */
export function readProgram(file: string, args: readonly string[], options: SpawnOptions): Program {
  if (!isOptions(options)) throw refusal(file, args, options);
  const { shell, argv0 } = options;
  const refused =
    !isWord(file) ||
    file === '' ||
    !isArray(args) ||
    args.some(hasNul) ||
    !(argv0 == null || isWord(argv0)) ||
    !(shell == null || typeof shell === 'boolean' || isWord(shell));
  if (refused) throw refusal(file, args, options);

  if (shell == null || shell === false || shell === '') return { file, argv: [argv0 ?? file, ...args] };
  const shellFile = shell === true ? '/bin/sh' : shell;
  return { file: shellFile, argv: [argv0 ?? shellFile, '-c', [file, ...args].join(' ')] };
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && !hasNul(value);
}

export function hasNul(value: unknown): boolean {
  return typeof value === 'string' && value.includes('\0');
}

/** `Array.isArray` without its narrowing, which makes `any[]` of a readonly array. */
export function isArray(value: unknown): boolean {
  return Array.isArray(value);
}

function isOptions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/** Node's own error. The stdio is one that Node always refuses, so that nothing can start. */
function refusal(file: string, args: readonly string[], options: SpawnOptions): unknown {
  try {
    spawn(file, args, isOptions(options) ? { ...options, stdio: 'refused' as StdioOptions } : options);
  } catch (error) {
    return error;
  }
  throw new Error('child_process.spawn took what it should refuse');
}

/**
 * The stdio option as an array of at least three entries, as Node makes it: the short forms written
 * out, a short array filled up. `undefined` for what Node refuses. The caller's array stays as it is.
 */
export function expandStdio(stdio: StdioOptions | null | undefined): StdioEntry[] | undefined {
  if (Array.isArray(stdio)) {
    const entries = stdio.slice();
    while (entries.length < 3) entries.push(undefined);
    return entries;
  }
  switch (stdio) {
    case undefined:
    case null: // what Node takes for it, though its types do not
      return ['pipe', 'pipe', 'pipe'];
    case 'pipe':
    case 'overlapped':
    case 'ignore':
      return [stdio, stdio, stdio];
    case 'inherit':
      return [0, 1, 2];
    default:
      return undefined;
  }
}

/** The fd that the next entry gets in the child. Node skips the holes of a sparse array. */
export function nextFd(entries: readonly StdioEntry[]): number {
  return entries.reduce<number>((count) => count + 1, 0);
}
