import { invalidOption, parseNumber } from '../options';

/** Beyond it a timer of Node fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** How long one `acquire()` may go on. */
export interface TimeLimits {
  signal?: AbortSignal;
  /** In milliseconds. Default no limit. From 0 to 2^31 - 1. */
  timeoutMs?: number;
}

export interface ParsedTimeLimits {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseTimeLimits({ signal, timeoutMs }: TimeLimits): ParsedTimeLimits {
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) throw invalidOption('signal', signal, 'an AbortSignal');
  if (timeoutMs !== undefined) parseNumber('timeoutMs', timeoutMs, { min: 0, max: maxTimerMs, integer: false });
  return { signal, timeoutMs };
}
