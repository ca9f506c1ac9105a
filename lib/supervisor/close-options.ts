import { checkKeys, invalidOption, parseBoolean, parseNumber } from '../options';
import type { SupervisorSettings } from './supervisor-options';

export interface CloseOptions {
  /** Whether to wait first until the workers have ended by themselves. Default false. Relief goes on meanwhile. */
  drain?: boolean;
  /** How long workers may take to end after SIGTERM, in milliseconds, before they are killed. Default the supervisor's `graceMs`; from 0 to 3,600,000. */
  graceMs?: number;
  /** Cuts draining and grace short: what is left then is killed at once. */
  signal?: AbortSignal;
}

export interface CloseSettings {
  drain: boolean;
  graceMs: number;
  signal: AbortSignal | undefined;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseCloseOptions(options: CloseOptions, defaults: Pick<SupervisorSettings, 'graceMs'>): CloseSettings {
  checkKeys('close()', options, ['drain', 'graceMs', 'signal']);
  const { drain = false, graceMs = defaults.graceMs, signal } = options;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) throw invalidOption('signal', signal, 'an AbortSignal');
  return { drain: parseBoolean('drain', drain), graceMs: parseNumber('graceMs', graceMs, { min: 0, max: 3_600_000 }), signal };
}
