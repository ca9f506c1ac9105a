import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { isFailure, native, support, type Support } from '../../native';
import { fileSystemOf } from '../cgroup-error';

/**
 * All that preflight and the search for the base ask of the host. Tests put a host of their own in its
 * place. No call changes anything, and none throws: what cannot be read is `undefined`.
 */
export interface HostFacts {
  /** As `process.platform`. */
  readonly platform: string;
  /** As `uname -r`. */
  readonly release: string;
  readonly pid: number;
  /** `undefined` where there are no user ids. */
  readonly uid: number | undefined;
  support(): Support;
  env(name: string): string | undefined;
  /** A file's text. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  list(path: string): { name: string; directory: boolean }[];
  /** Device and inode, symbolic links followed: the same for every path of one cgroup. */
  identity(path: string): string | undefined;
  /** The path without symbolic links. */
  realPath(path: string): string | undefined;
  isCgroup2(path: string): boolean;
  /** The errno's name that keeps this user from writing (of a directory: from making entries), `undefined` when nothing does. */
  writeRefusal(path: string): string | undefined;
  /** An extended attribute. */
  attribute(path: string, name: string): string | undefined;
}

/** The part that the search for the own cgroup, its base and its delegation needs. */
export type CgroupFacts = Pick<HostFacts, 'attribute' | 'env' | 'exists' | 'list' | 'pid' | 'read'>;

/** Not read, not there, not ours to see: for a check it is all the same. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readAttribute(path: string, name: string): string | undefined {
  if (!support().ok) return undefined;
  const value = native().readAttribute(path, name);
  return isFailure(value) ? undefined : value;
}

function writeRefusal(path: string): string | undefined {
  try {
    const directory = statSync(path).isDirectory();
    accessSync(path, directory ? constants.W_OK | constants.X_OK : constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'an unknown error';
  }
}

/** The host that this process runs on. */
export const hostFacts: HostFacts = {
  platform: process.platform,
  release: release(),
  pid: process.pid,
  // Workers of worker_threads share it; whoever becomes another user later is asked again.
  get uid() {
    return process.getuid?.();
  },
  support,
  env: (name) => process.env[name],
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  exists: (path) => existsSync(path),
  list: (path) =>
    orUndefined(() => readdirSync(path, { withFileTypes: true }))?.map((entry) => ({ name: entry.name, directory: entry.isDirectory() })) ?? [],
  identity: (path) =>
    orUndefined(() => {
      const { dev, ino } = statSync(path, { bigint: true });
      return `${dev}:${ino}`;
    }),
  realPath: (path) => orUndefined(() => realpathSync(path)),
  isCgroup2: (path) => orUndefined(() => fileSystemOf(path)) === 'cgroup2',
  writeRefusal,
  attribute: readAttribute,
};
