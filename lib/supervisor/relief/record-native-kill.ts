import type { Plan } from '../takeover/plan-keeper';
import type { PlannedKill } from '../takeover/planned-kill';
import type { Victim } from '../types';
import { markOf } from './mark-of';
import { minVictimBytesOf } from './min-victim-bytes';
import type { RoundRecord } from './round-record';

/** Takes down a kill by the native thread as if the round had done it, with what the plan said of it; `undefined` if that is not known. */
export function recordNativeKill(kill: PlannedKill, { candidates, ranking, ids }: Plan, record: RoundRecord): Victim | undefined {
  const id = ids.get(kill.victim);
  const candidate = candidates.find((each) => each.id === id);
  const reason = ranking.ranking.find((each) => each.id === id)?.reason;
  if (id === undefined || candidate === undefined || reason === undefined) return undefined;
  const { bytesToFree, dyingBytes, freeableBytes, limits } = kill;
  const atMs = record.sinceNoticed(kill.decidedAtMs);
  const minVictimBytes = minVictimBytesOf(markOf(limits));
  record.weigh(candidates, ranking);
  record.decisions.push({ atMs, by: 'native', bytesToFree, dyingBytes, minVictimBytes, freeableBytes: { [id]: freeableBytes ?? null }, victim: id });
  const victim: Victim = { id, pid: candidate.pid ?? 0, reason, freeableBytes, by: 'native', signal: 'SIGKILL', died: kill.exitedAtMs !== undefined };
  // One that was asked to end before, and had not.
  const asked = record.victims.find((each) => each.id === id);
  if (asked === undefined) record.victims.push(victim);
  else Object.assign(asked, victim);
  record.mark('decided', { id, atMs });
  record.mark('signalled', { id, atMs: record.sinceNoticed(kill.signalledAtMs) });
  if (kill.exitedAtMs !== undefined) record.mark('exited', { id, atMs: record.sinceNoticed(kill.exitedAtMs) });
  return victim;
}
