import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { SpillwayError } from './errors';
import type { NativeBinding } from './native-binding';
import type { NativeFailure } from './native-shapes';

// Whoever calls the raw functions gets their shapes from here, too.
export type * from './native-binding';
export type * from './native-shapes';

export function isFailure(result: unknown): result is NativeFailure {
  return typeof result === 'object' && result !== null && 'errno' in result;
}

/** `ENOENT` and the like. */
export function errnoName(failure: NativeFailure): string {
  return failure.errno > 0 ? getSystemErrorName(-failure.errno) : 'bad content';
}

/** Whether the native parts work here, and if not, why and what to do. */
export type Support = { ok: true } | { ok: false; reason: string; fix: string };

type Loaded = { ok: true; binding: NativeBinding; launcher: string } | { ok: false; reason: string; fix: string; cause?: unknown };

const root = join(__dirname, '..');
let loaded: Loaded | undefined;

function load(): Loaded {
  if (process.platform !== 'linux') {
    return {
      ok: false,
      reason: `cgroup v2 is a part of Linux, and this is ${process.platform}`,
      fix: 'run on Linux; the pure parts (policies, formats) work here as they are',
    };
  }
  try {
    const lookup = createRequire(__filename)('node-gyp-build') as ((dir: string) => unknown) & { path(dir: string): string };
    const binding = lookup(root) as NativeBinding;
    const launcher = join(dirname(lookup.path(root)), 'spillway-launch');
    if (!existsSync(launcher)) throw new Error('the program spillway-launch is missing beside spillway.node');
    return { ok: true, binding, launcher };
  } catch (cause) {
    return {
      ok: false,
      reason: `no native binary for ${process.platform}-${process.arch} could be loaded: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}`,
      fix: "run 'npm rebuild spillway'; where npm blocks install scripts, first 'npm install-scripts approve spillway'",
      cause,
    };
  }
}

/** Says whether the native parts can be used here. Never throws, loads the binary at its first call. */
export function support(): Support {
  loaded ??= load();
  return loaded.ok ? { ok: true } : { ok: false, reason: loaded.reason, fix: loaded.fix };
}

/** Shorthand for `support().ok`. */
export function isSupported(): boolean {
  return support().ok;
}

function loadedOrThrow(): Extract<Loaded, { ok: true }> {
  loaded ??= load();
  if (loaded.ok) return loaded;
  throw new SpillwayError('ERR_SPILLWAY_UNSUPPORTED', `Spillway cannot work here: ${loaded.reason}; ${loaded.fix}`, { cause: loaded.cause });
}

/** @throws ERR_SPILLWAY_UNSUPPORTED */
export function native(): NativeBinding {
  return loadedOrThrow().binding;
}

/** The program that puts a worker into its cgroup. @throws ERR_SPILLWAY_UNSUPPORTED */
export function launcherPath(): string {
  return loadedOrThrow().launcher;
}
