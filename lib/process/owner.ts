import { isAlive, readProcess } from './process-entry';

/** Says who holds a lock: for people, and for {@link ownerIsGone}. */
export function ownerText(runId: string): string {
  return `process ${process.pid}, run ${runId}`;
}

/** The text if it is of that form: whoever may write there may have written anything. */
export function checkedOwner(text: unknown): string | undefined {
  return typeof text === 'string' && /^process \d+, run \w+$/.test(text) ? text : undefined;
}

/**
 * Whether the owner of a lock has ended, so that the lock is about to be free: until then it lives on in a
 * child that the owner had forked and that has not executed its program yet. False when nobody can tell.
 */
export function ownerIsGone(text: unknown): boolean {
  const pid = /^process (\d+),/.exec(checkedOwner(text) ?? '')?.[1];
  if (pid === undefined) return false;
  const owner = readProcess(Number(pid));
  return owner === undefined || !isAlive(owner);
}

/** How long to wait for such a lock, and how often to try; milliseconds. */
export const lockPatienceMs = 3000;
export const lockRetryMs = 10;
