import { checkKeys, invalidOption, parseNumber } from '../options';
import { maxTimerMs } from './cache-options';

export interface AcquireOptions {
  /** Instances are never shared between groups. Default `''`. */
  group?: string;
  /** Of the function, where one name has several. Default `''`. */
  signature?: string;
  /** Ends the wait and the loading. */
  signal?: AbortSignal;
  /** How long it may all take, in milliseconds. Default no limit. From 0 to 2^31 - 1. */
  timeoutMs?: number;
}

export interface Wish {
  readonly name: string;
  readonly group: string;
  readonly signature: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

const noOptions: AcquireOptions = {};

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWish(name: string, options: AcquireOptions = noOptions): Wish {
  if (typeof (name as unknown) !== 'string') throw invalidOption('name', name, 'text');
  if (options !== noOptions) checkKeys('acquire()', options, ['group', 'signature', 'signal', 'timeoutMs']);
  const { group = '', signature = '', signal, timeoutMs } = options;
  if (typeof (group as unknown) !== 'string') throw invalidOption('group', group, 'text');
  if (typeof (signature as unknown) !== 'string') throw invalidOption('signature', signature, 'text');
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) throw invalidOption('signal', signal, 'an AbortSignal');
  if (timeoutMs !== undefined) parseNumber('timeoutMs', timeoutMs, { min: 0, max: maxTimerMs, integer: false });
  return { name, group, signature, signal, timeoutMs };
}
