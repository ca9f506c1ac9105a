import { resolve } from 'node:path';
import { SpillwayError } from '../errors';
import { checkKeys, invalidOption, parseBytes, parseName, parseNumber, parsePath, type Bytes } from '../options';
import { byStartTime } from '../policy/by-start-time';
import type { KillPolicy } from '../policy/types';

export interface SupervisorOptions {
  /** Names the pool: one directory below `cgroup`. 1 to 64 letters, digits, `_` or `-`. One live supervisor per name. */
  name: string;
  /**
   * The cgroup that the pool is made in: a directory of the cgroup v2 tree that this user may write.
   * Default `'auto'`: the supervisor's own, out of which it moves into `supervisor/`.
   */
  cgroup?: string;
  limits?: {
    /** The mark (`memory.high`). Default: the memory that is there, less 10 %, at least 500 MiB, at most 10 GiB or a quarter. */
    highBytes?: Bytes;
    /** Where the kernel kills (`memory.max`). Default `'max'`: the supervisor acts alone. */
    maxBytes?: Bytes;
    /** `memory.swap.max`. Default 0. */
    swapMaxBytes?: Bytes;
  };
  /** Who dies first. Default `byStartTime()`. */
  policy?: KillPolicy;
  /** A shortage begins at the mark less half of this, and relief goes on to the mark less all of it. Default 5 % of the mark. */
  killBufferBytes?: Bytes;
  /** How long a victim may take to die before the next one is chosen. Default 2000, from 1 to 600,000. */
  victimTimeoutMs?: number;
  /** See `EventMemoryMonitorOptions`. Default 1000, from 10 to 3,600,000. */
  safetyReadMs?: number;
}

export interface SupervisorSettings {
  name: string;
  /** `undefined`: the supervisor's own. */
  base: string | undefined;
  highBytes: number | undefined;
  maxBytes: number;
  swapMaxBytes: number;
  policy: KillPolicy;
  killBufferBytes: number | undefined;
  victimTimeoutMs: number;
  safetyReadMs: number;
}

const optionNames = ['name', 'cgroup', 'limits', 'policy', 'killBufferBytes', 'victimTimeoutMs', 'safetyReadMs'] as const;

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseSupervisorOptions(options: SupervisorOptions): SupervisorSettings {
  checkKeys('Supervisor', options, optionNames);
  const { cgroup = 'auto', limits = {}, policy = byStartTime(), killBufferBytes, victimTimeoutMs = 2000, safetyReadMs = 1000 } = options;
  checkKeys("a supervisor's limits", limits, ['highBytes', 'maxBytes', 'swapMaxBytes']);
  const { highBytes, maxBytes = 'max', swapMaxBytes = 0 } = limits;
  const settings = {
    name: parsePoolName(options.name),
    base: cgroup === 'auto' ? undefined : resolve(parsePath('cgroup', cgroup)),
    highBytes: highBytes === undefined ? undefined : parseBytes('limits.highBytes', highBytes, { min: 1 }),
    maxBytes: parseBytes('limits.maxBytes', maxBytes, { min: 1, unlimited: true }),
    swapMaxBytes: parseBytes('limits.swapMaxBytes', swapMaxBytes, { unlimited: true }),
    policy: parsePolicy(policy),
    killBufferBytes: killBufferBytes === undefined ? undefined : parseBytes('killBufferBytes', killBufferBytes),
    victimTimeoutMs: parseNumber('victimTimeoutMs', victimTimeoutMs, { min: 1, max: 600_000 }),
    safetyReadMs: parseNumber('safetyReadMs', safetyReadMs, { min: 10, max: 3_600_000 }),
  };
  checkOrder(settings);
  return settings;
}

function parsePoolName(value: unknown): string {
  const name = parseName('name', value);
  if (name === 'supervisor') throw invalidOption('name', value, "another name than 'supervisor', which is the supervisor's own cgroup");
  return name;
}

function parsePolicy(policy: unknown): KillPolicy {
  const { name, rank } = (policy ?? {}) as Partial<KillPolicy>;
  if (typeof name !== 'string' || typeof rank !== 'function') throw invalidOption('policy', policy, 'an object with a name and a rank function');
  const given = policy as KillPolicy;
  // The name is read once: a report must not fail over it.
  return { name, rank: (candidates, need) => given.rank(candidates, need) };
}

/**
 * Also to be asked when the default of `highBytes` is known: with a kill buffer as large as the mark the pool would be short for ever.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function checkOrder({ highBytes, maxBytes, killBufferBytes }: Pick<SupervisorSettings, 'highBytes' | 'maxBytes' | 'killBufferBytes'>): void {
  if (highBytes === undefined) return;
  if (highBytes >= maxBytes && maxBytes !== Infinity) {
    throw new SpillwayError(
      'ERR_SPILLWAY_INVALID_OPTION',
      `Expected limits.highBytes (${highBytes}) to be below limits.maxBytes (${maxBytes}): the kernel would kill before Spillway hears anything`,
    );
  }
  if (killBufferBytes !== undefined && killBufferBytes >= highBytes) {
    throw invalidOption('killBufferBytes', killBufferBytes, `less than limits.highBytes (${highBytes})`);
  }
}
