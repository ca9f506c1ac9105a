import { formatDuration } from './format-duration';
import type { Criterion } from './order';
import type { Candidate } from './types';

/** A start that is not known (not finite) counts as the oldest. */
export const newestStartFirst: Criterion = {
  key: ({ startedAtMs }) => (Number.isFinite(startedAtMs) ? -startedAtMs : Infinity),
  explain: (candidate, tied) => explainStart(candidate, tied, { first: 'last', extreme: 'newest', direction: 'before' }),
};

/** A start that is not known counts as the newest here: what is not known makes nobody the first to die. */
export const oldestStartFirst: Criterion = {
  key: ({ startedAtMs }) => (Number.isFinite(startedAtMs) ? startedAtMs : Infinity),
  explain: (candidate, tied) => explainStart(candidate, tied, { first: 'first', extreme: 'oldest', direction: 'after' }),
};

interface Words {
  first: string;
  extreme: string;
  direction: string;
}

// Told against the first of the tied, not against now: a policy has no clock.
function explainStart(candidate: Candidate, tied: readonly Candidate[], { first, extreme, direction }: Words): string {
  const { startedAtMs } = candidate;
  const count = tied.length;
  if (count === 1) return 'the only such worker';
  if (!Number.isFinite(startedAtMs)) return 'its start is not known';
  if (candidate === tied[0]) return `started ${first} of ${count} such workers`;
  const distanceMs = Math.abs((tied[0]?.startedAtMs ?? startedAtMs) - startedAtMs);
  return distanceMs === 0
    ? `started at the same time as the ${extreme} of ${count} such workers`
    : `started ${formatDuration(distanceMs)} ${direction} the ${extreme} of ${count} such workers`;
}
