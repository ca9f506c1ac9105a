import { readProcessTable } from '../../process/process-table';
import { readProcessesMemory, readProcessesMemoryExact, type ProcessMemory } from '../../process/process-memory';
import type { ProcessEntry } from '../../process/process-entry';
import type { ProcessTree } from '../../process/process-tree';

/** The processes of all workers, looked at together. */
export class ProcessPool {
  readonly #trees = new Set<ProcessTree>();
  #lookedAtMs = -Infinity;

  /** For so long, in milliseconds, one look serves all that ask: it reads all of /proc. */
  constructor(private readonly lookLastsMs: number) {}

  add(tree: ProcessTree): void {
    tree.update();
    this.#trees.add(tree);
  }

  delete(tree: ProcessTree): void {
    this.#trees.delete(tree);
  }

  /** Finds out who belongs to whom now; with `fresh` whatever was seen a moment ago. */
  look(fresh = false): void {
    if (!fresh && performance.now() - this.#lookedAtMs < this.lookLastsMs) return;
    const table = readProcessTable();
    this.#lookedAtMs = performance.now();
    for (const tree of this.#trees) tree.update(table);
  }
}

/** Memory of processes together: cheap and perhaps too high, as pages that they share count in each. */
export function memoryOf(members: readonly ProcessEntry[]): ProcessMemory {
  return sum(readProcessesMemory(members.map(({ pid }) => pid)));
}

/** The same, dear and right; a process that does not let itself be looked into counts as above. */
export function exactMemoryOf(members: readonly ProcessEntry[]): ProcessMemory {
  const pids = members.map(({ pid }) => pid);
  const exact = readProcessesMemoryExact(pids);
  const hidden = pids.filter((_, index) => exact[index] === undefined);
  return sum([...exact, ...readProcessesMemory(hidden)]);
}

function sum(memories: readonly (ProcessMemory | undefined)[]): ProcessMemory {
  const total = { anonBytes: 0, shmemBytes: 0, swapBytes: 0 };
  for (const memory of memories) {
    total.anonBytes += memory?.anonBytes ?? 0;
    total.shmemBytes += memory?.shmemBytes ?? 0;
    total.swapBytes += memory?.swapBytes ?? 0;
  }
  return total;
}
