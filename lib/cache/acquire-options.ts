import { parseTimeLimits, type ParsedTimeLimits } from '../leases/time-limits';
import { checkKeys, invalidOption } from '../options';

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

export interface Wish extends ParsedTimeLimits {
  readonly name: string;
  readonly group: string;
  readonly signature: string;
}

const noOptions: AcquireOptions = {};
const noLimits: ParsedTimeLimits = parseTimeLimits(noOptions);

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWish(name: string, options: AcquireOptions = noOptions): Wish {
  if (typeof (name as unknown) !== 'string') throw invalidOption('name', name, 'text');
  if (options !== noOptions) checkKeys('acquire()', options, ['group', 'signature', 'signal', 'timeoutMs']);
  const { group = '', signature = '' } = options;
  if (typeof (group as unknown) !== 'string') throw invalidOption('group', group, 'text');
  if (typeof (signature as unknown) !== 'string') throw invalidOption('signature', signature, 'text');
  const { signal, timeoutMs } = options === noOptions ? noLimits : parseTimeLimits(options);
  return { name, group, signature, signal, timeoutMs };
}
