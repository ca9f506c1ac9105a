import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

const STALE_MS = 24 * 60 * 60 * 1000;

/**
 * Where the lab keeps kernels: outside the repository, so that every clone and
 * every CI cache shares them.
 */
export function cacheDirectory() {
  const xdg = process.env['XDG_CACHE_HOME'];
  // The XDG specification: a relative path is to be ignored. HOME may be empty
  // (some CI runners): the password file knows.
  const base = xdg && isAbsolute(xdg) ? xdg : join(process.env['HOME'] || userInfo().homedir, '.cache');
  return join(base, 'spillway', 'lab');
}

/**
 * A fresh private directory inside the cache, on the same file system, so that
 * what is finished there can be renamed into place.
 * @returns {string}
 */
export function temporaryDirectory() {
  const base = cacheDirectory();
  mkdirSync(base, { recursive: true });
  for (const name of readdirSync(base)) {
    // An interrupted download leaves its directory behind.
    const path = join(base, name);
    if (name.startsWith('tmp-') && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STALE_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
  const path = join(base, `tmp-${process.pid}-${randomBytes(4).toString('hex')}`);
  mkdirSync(path);
  return path;
}

/**
 * Returns the cached directory `name`, made by `fill` where it is not there
 * yet. It appears complete or not at all; of two labs that fill it at once the
 * first wins and the other uses what it finds.
 * @param {string} name
 * @param {(directory: string) => void} fill
 */
export function cachedDirectory(name, fill) {
  const target = join(cacheDirectory(), name);
  if (existsSync(target)) return target;
  const work = temporaryDirectory();
  try {
    const result = join(work, 'result');
    mkdirSync(result);
    fill(result);
    try {
      renameSync(result, target);
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}
