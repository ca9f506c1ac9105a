import { parseNumber, parseOneOf } from '../../options';

/** How a worker gives way before it is killed. */
export interface ShedOptions {
  /**
   * How it is told to shed memory when the pool gets full: by an IPC message (`ShedMessage`; it must have
   * been started with an IPC channel), by SIGUSR2, whose default action ends a program that does not
   * handle it, or not at all. Default `'none'`.
   */
  shed?: 'none' | 'ipc' | 'signal';
  /** How long a relief round waits for what it sheds, in milliseconds. Default 100. From 1 to 60,000. */
  shedMs?: number;
  /**
   * With SIGTERM first, how long it may take to end by itself before SIGKILL, in milliseconds. Only where
   * its own or its group's limit is short: at the pool's mark others are throttled meanwhile. Default 0:
   * SIGKILL at once. At most 3,600,000. Far over that limit the kernel throttles the worker so much that it
   * may not get to its handler in time (seen on Linux 6.12).
   */
  graceMs?: number;
}

/** Not the keys: those of a worker's options are checked all together. @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseShedOptions({ shed = 'none', shedMs = 100, graceMs = 0 }: ShedOptions): Required<ShedOptions> {
  return {
    shed: parseOneOf('shed', shed, ['none', 'ipc', 'signal']),
    shedMs: parseNumber('shedMs', shedMs, { min: 1, max: 60_000 }),
    graceMs: parseNumber('graceMs', graceMs, { min: 0, max: 3_600_000 }),
  };
}
