import { descendantsOf } from './descendants';
import { isAlive, type ProcessEntry, type ProcessIdentity } from './process-entry';
import { readProcessTable } from './process-table';

/**
 * Remembers, from look to look, which processes belong to one worker: its main process, all descendants, and
 * descendants that were adopted by init after their parent's end, if a look had seen them before. One whose
 * ancestors all came and went between two looks is not found; without a cgroup nothing tells whose it is.
 *
 * Holds no more than the processes of the last look.
 */
export class ProcessTree {
  readonly #main: ProcessIdentity;
  readonly #procRoot: string;
  #members: readonly ProcessEntry[] = [];

  /** Nothing is read before the first {@link update}. */
  constructor({ pid, startTime }: ProcessIdentity, procRoot = '/proc') {
    this.#main = { pid, startTime };
    this.#procRoot = procRoot;
  }

  /** The processes that ran at the last look, the main one first if it was among them. Empty before the first. */
  get members(): readonly ProcessEntry[] {
    return this.#members;
  }

  /**
   * Looks again: forgets members that have ended, also when their pid is another process's now, and adds the
   * descendants of the others.
   *
   * @param table one table serves many trees of one look; without it all of /proc is read
   * @throws as {@link readProcessTable} when no table is given; the members stay what they were
   */
  update(table: ReadonlyMap<number, ProcessEntry> = readProcessTable(this.#procRoot)): void {
    // The main process is looked for each time: a table that was read before its start must not lose it.
    const known = new Map([this.#main, ...this.#members].map(({ pid, startTime }) => [pid, startTime]));
    const same = Array.from(known, ([pid, startTime]) => {
      const entry = table.get(pid);
      return entry?.startTime === startTime ? entry : undefined;
    }).filter((entry) => entry !== undefined);
    // A zombie still leads to children: they may have been read just before it died, and its pid is its own.
    this.#members = [...same, ...descendantsOf(same.map(({ pid }) => pid), table)].filter(isAlive);
  }
}
