/** Every code that a {@link SpillwayError} can carry. Match on these, never on messages. */
export const errorCodes = [
  /** Not Linux, or no native binary could be loaded; `support()` says which and what to do. */
  'ERR_SPILLWAY_UNSUPPORTED',
  /** An option has the wrong type, is out of range, or is not known. */
  'ERR_SPILLWAY_INVALID_OPTION',
  /** The cgroup's directory does not exist. */
  'ERR_SPILLWAY_CGROUP_NOT_FOUND',
  /** The path is not a cgroup of the v2 hierarchy. */
  'ERR_SPILLWAY_NOT_CGROUP2',
  /** The memory controller is not enabled for the cgroup. */
  'ERR_SPILLWAY_CONTROLLER_DISABLED',
  /** The kernel measures no memory pressure (PSI), or not of this cgroup. */
  'ERR_SPILLWAY_PRESSURE_DISABLED',
  /** The kernel refused access (EACCES, EPERM, EROFS). */
  'ERR_SPILLWAY_PERMISSION',
  /** A kernel file held something that is not its documented format. */
  'ERR_SPILLWAY_FILE_INVALID',
  /** Counters went backwards, or their file was replaced: what happened in between was not seen. */
  'ERR_SPILLWAY_COUNTERS_RESET',
  /** File descriptors, inotify instances or watches, cgroups, processes or memory ran out. */
  'ERR_SPILLWAY_SYSTEM_LIMIT',
  /** Any other failed system call; `cause` has the errno. */
  'ERR_SPILLWAY_SYSTEM',
  /** `start()` was called twice. */
  'ERR_SPILLWAY_ALREADY_STARTED',
  /** Used after `stop()` or `close()`. */
  'ERR_SPILLWAY_STOPPED',
  /** A live supervisor owns a pool of this name under the same base cgroup. */
  'ERR_SPILLWAY_NAME_IN_USE',
  /** Processes stand where the supervisor would have to make child cgroups, or do not leave where they were killed. */
  'ERR_SPILLWAY_CGROUP_BUSY',
  /** The supervisor is itself in the pool that it would throttle. */
  'ERR_SPILLWAY_INSIDE_POOL',
  /** The cgroup is systemd's own: it was not delegated. */
  'ERR_SPILLWAY_NOT_DELEGATED',
  /** The kernel lacks what a guarantee level needs. */
  'ERR_SPILLWAY_KERNEL_TOO_OLD',
  /** A limit that was written reads back as another one. */
  'ERR_SPILLWAY_LIMIT_NOT_SET',
  /** Two live workers of one supervisor asked for the same id. */
  'ERR_SPILLWAY_ID_IN_USE',
  /** The process to attach or adopt does not exist (any more). */
  'ERR_SPILLWAY_NO_PROCESS',
  /** Some processes of a worker could not be put into its cgroup, or have left it. */
  'ERR_SPILLWAY_STRAGGLERS',
  /** A worker that was killed does not die. */
  'ERR_SPILLWAY_STUCK',
  /** The launcher could not put a worker into its cgroup. */
  'ERR_SPILLWAY_LAUNCH_FAILED',
  /** What was waited for did not come within `timeoutMs`. */
  'ERR_SPILLWAY_TIMEOUT',
  /** A reclaimer threw, or did not return a number of bytes; `cause` is what it threw. */
  'ERR_SPILLWAY_RECLAIMER_FAILED',
  /** A component, or an amount of it, was declared twice. */
  'ERR_SPILLWAY_ALREADY_DECLARED',
  /** The components' minimum does not fit into the grant. */
  'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY',
  /** The components' minimum fits into the grant, their firm limit does not. */
  'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE',
  /** The number is no slot of this allocator. */
  'ERR_SPILLWAY_UNKNOWN_SLOT',
  /** The slot is not in use: it was freed before, or was never taken. */
  'ERR_SPILLWAY_SLOT_NOT_IN_USE',
  /** The slot is still starting: `started()` or `startFailed()` comes first. */
  'ERR_SPILLWAY_SLOT_STARTING',
  /** The slot is in use already: it does not start any more. */
  'ERR_SPILLWAY_SLOT_STARTED',
  /** A loader threw; `cause` is what it threw. */
  'ERR_SPILLWAY_LOADER_FAILED',
  /** A loader returned what it must not. */
  'ERR_SPILLWAY_LOADER_INVALID',
  /** A loader did not answer within `loadTimeoutMs`. */
  'ERR_SPILLWAY_LOADER_TIMEOUT',
  /** A function that a pool was given threw; `cause` is what it threw. */
  'ERR_SPILLWAY_HOOK_FAILED',
  /** A function that a pool was given returned what it must not. */
  'ERR_SPILLWAY_HOOK_INVALID',
  /** A function that a pool was given did not settle within `hookTimeoutMs`. */
  'ERR_SPILLWAY_HOOK_TIMEOUT',
  /** A process of `WarmProcesses` ended before it had answered; `cause` is its `WorkerExit`. */
  'ERR_SPILLWAY_PROCESS_ENDED',
  /** A process of `WarmProcesses` could not answer a request, and goes on; `cause` is why. */
  'ERR_SPILLWAY_REQUEST_FAILED',
  /** All that could make room for code, or for one more instance or resource, is in use. */
  'ERR_SPILLWAY_NO_ROOM',
  /** As many wait already as may. */
  'ERR_SPILLWAY_QUEUE_FULL',
  /** The lease was given back before. */
  'ERR_SPILLWAY_LEASE_ENDED',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

const brand = Symbol.for('spillway.error');

/**
 * The one error class of the package. `code` is from the closed list {@link errorCodes}; the
 * message quotes the bad value and says what to do; `cause` keeps the error underneath.
 *
 * `instanceof` works across realms and across two copies of the package.
 */
export class SpillwayError extends Error {
  override readonly name = 'SpillwayError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
