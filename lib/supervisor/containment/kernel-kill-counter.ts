import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownCgroup, parseCgroup1Path } from '../../cgroup/own-cgroup';

/**
 * Tells, where workers have no cgroups of their own, whether the kernel's OOM killer has been here: by
 * the counter of the own cgroup, which the workers share, or else of the machine. A SIGKILL that nobody
 * is known to have sent is the kernel's when the counter has grown.
 */
export class KernelKillCounter {
  readonly #read: () => number | undefined;
  #first: number;
  #accounted: number;

  constructor(sources: readonly (() => number | undefined)[] = [ownEvents, ownOomControl, machine]) {
    const read = sources.find((source) => source() !== undefined) ?? (() => undefined);
    this.#read = () => {
      const count = read();
      // It went back: this process was moved to another cgroup. Counting goes on from there.
      if (count !== undefined && count < this.#accounted) this.#first = this.#accounted = count;
      return count;
    };
    this.#first = this.#accounted = 0;
    this.#first = this.#accounted = this.#read() ?? 0;
  }

  /** Kills since this counter was made. */
  total(): number | undefined {
    const count = this.#read();
    return count === undefined ? undefined : count - this.#first;
  }

  /** Whether there was a kill that is not accounted for yet; accounts for it. */
  take(): boolean {
    const count = this.#read() ?? 0;
    if (count <= this.#accounted) return false;
    this.#accounted++;
    return true;
  }
}

function ownEvents(): number | undefined {
  try {
    return field(join(ownCgroup(), 'memory.events'), /^oom_kill (\d+)$/m);
  } catch {
    return undefined; // no cgroup v2
  }
}

/** cgroup v1; Linux 4.13. */
function ownOomControl(): number | undefined {
  const path = parseCgroup1Path(textOf('/proc/self/cgroup') ?? '', 'memory');
  if (path === undefined) return undefined;
  // Inside a container the mount shows the own cgroup as its root.
  return [path, '/'].map((at) => field(join('/sys/fs/cgroup/memory', at, 'memory.oom_control'), /^oom_kill (\d+)$/m)).find((count) => count !== undefined);
}

function machine(): number | undefined {
  return field('/proc/vmstat', /^oom_kill (\d+)$/m);
}

function field(path: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(textOf(path) ?? '')?.[1];
  // A number of any length: differences of infinite ones are none.
  return digits === undefined ? undefined : Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
