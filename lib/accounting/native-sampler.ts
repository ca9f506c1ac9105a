import { cgroupError, outOf } from '../cgroup/cgroup-error';
import { memoryPlace } from '../cgroup/memory-place';
import { SpillwayError } from '../errors';
import { errnoName, isFailure, native, type NativeFailure } from '../native';
import { invalidOption } from '../options';
import type { LimiterSettings } from './limiter-options';
import type { UsageBoard } from './usage-board';
import type { UsageSampler } from './usage-sampler';

/** Samples in the native thread: however busy JavaScript is. */
export class NativeSampler implements UsageSampler {
  failure: Error | undefined;
  readonly #watch: number;

  /** Publishes a first sample. @throws as the constructor of `MemoryLimiter`, for want of `read` */
  constructor(board: UsageBoard, { cgroup, limitBytes, curve: { slowAtFraction }, intervalMs, keepAlive }: LimiterSettings) {
    const binding = native();
    const place = cgroup === undefined ? undefined : memoryPlace(cgroup);
    if (cgroup !== undefined && place?.kind === 'host') throw invalidOption('cgroup', cgroup, 'a cgroup below the root, which has no figure of its own');
    const watch = binding.watchUsage({ place, limitBytes, slowAtFraction, intervalMs, keepAlive, board: board.words }, (failure) => {
      this.failure = failure && errorOf(cgroup, failure);
    });
    if (isFailure(watch)) throw errorOf(cgroup, watch);
    this.#watch = watch;
  }

  refresh(): void {
    // It is another thread's business.
  }

  stop(): void {
    native().unwatch(this.#watch);
  }
}

function errorOf(cgroup: string | undefined, failure: NativeFailure): SpillwayError {
  if (cgroup !== undefined) return cgroupError(cgroup, failure, 'measure the memory of');
  const name = errnoName(failure);
  const limit = outOf[name];
  const why = failure.errno < 0 ? "/proc/self/statm is not in the kernel's format" : `${failure.syscall} of /proc/self/statm failed; is proc mounted?`;
  return new SpillwayError(
    limit === undefined ? 'ERR_SPILLWAY_SYSTEM' : 'ERR_SPILLWAY_SYSTEM_LIMIT',
    `Could not measure the memory of this process: ${limit ?? why} (${name})`,
    { cause: Object.assign(new Error(`${failure.syscall} ${failure.file}: ${name}`), { code: name, syscall: failure.syscall }) },
  );
}
