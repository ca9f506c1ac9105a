import { fork, type ForkOptions, type SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expandStdio, hasNul, isArray, type StdioEntry } from './spawn-options';

/** The arguments for `launch`. */
export interface ForkArguments {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}

/**
 * What `child_process.fork` hands to `spawn`: Node's own binary, its flags before the module, and an
 * IPC channel in the stdio.
 *
 * @throws Node's own errors for a bad module path, flags or arguments, and ERR_CHILD_PROCESS_IPC_REQUIRED.
 */
export function forkArguments(
  modulePath: string | URL,
  args: readonly string[] = [],
  options: ForkOptions = {},
): ForkArguments {
  const { execPath = '', execArgv, silent, stdio, ...spawnOptions } = options;
  const entries = forkStdio(stdio, silent === true);
  const refused =
    !isModulePath(modulePath) ||
    !isArray(args) ||
    hasNul(execPath) ||
    execArgv?.some(hasNul) === true ||
    entries?.includes('ipc') !== true;
  if (refused) throw refusal(modulePath, args, options);

  const path = typeof modulePath === 'string' ? modulePath : fileURLToPath(modulePath);
  return {
    file: execPath === '' ? process.execPath : execPath,
    args: [...(execArgv ?? ownFlags()), path, ...args],
    options: { ...spawnOptions, stdio: entries },
  };
}

/** `fileURLToPath` checks a URL itself. */
function isModulePath(value: unknown): boolean {
  return typeof value === 'string' ? !hasNul(value) : typeof value === 'object' && value !== null && 'href' in value;
}

/** The IPC channel stands behind the three standard streams, which are the parent's unless `silent`. */
function forkStdio(stdio: SpawnOptions['stdio'], silent: boolean): StdioEntry[] | undefined {
  if (Array.isArray(stdio)) return stdio;
  const entries = expandStdio(typeof stdio === 'string' ? stdio : silent ? 'pipe' : 'inherit');
  return entries?.concat('ipc');
}

/** This process's flags, without a script given on the command line: the child would run that again. */
function ownFlags(): string[] {
  const flags = process.execArgv;
  // Undocumented, but the only place where Node keeps the script of -e and -p.
  const script: unknown = Reflect.get(process, '_eval');
  const index = typeof script === 'string' ? flags.lastIndexOf(script) : -1;
  return index > 0 ? flags.toSpliced(index - 1, 2) : flags;
}

/** Node's own error. `detached` is checked after all that `fork` checks itself, so that nothing can start. */
function refusal(modulePath: string | URL, args: readonly string[], options: ForkOptions): unknown {
  try {
    fork(modulePath, args, { ...options, detached: 'refused' as unknown as boolean });
  } catch (error) {
    return error;
  }
  throw new Error('child_process.fork took what it should refuse');
}
