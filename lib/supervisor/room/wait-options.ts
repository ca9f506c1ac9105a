import { checkKeys, invalidOption, parseBytes, parseNumber, type Bytes } from '../../options';

export interface WaitForRoomOptions {
  /** What the work is going to use. Default 0: it waits only until the pool is not full. */
  bytes?: Bytes;
  /** Stops the wait. */
  signal?: AbortSignal;
  /** How long to wait at most. Default no limit. From 0 to 2^31 - 1. */
  timeoutMs?: number;
}

export interface ParsedWait {
  bytes: number;
  signal: AbortSignal | undefined;
  timeoutMs: number | undefined;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseWaitOptions(options: WaitForRoomOptions): ParsedWait {
  checkKeys('waitForRoom()', options, ['bytes', 'signal', 'timeoutMs']);
  const { bytes = 0, signal, timeoutMs } = options;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal)) throw invalidOption('signal', signal, 'an AbortSignal');
  return {
    bytes: parseBytes('bytes', bytes),
    signal,
    // Beyond it a timer of Node fires at once.
    timeoutMs: timeoutMs === undefined ? undefined : parseNumber('timeoutMs', timeoutMs, { min: 0, max: 2 ** 31 - 1, integer: false }),
  };
}
