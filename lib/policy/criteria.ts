import { formatBytes } from '../format-bytes';
import { freeableBytesOf, isFreeableKnown } from './freeable-bytes';
import type { Criterion } from './order';
import { isBound, overBoundBytes } from './over-bound';
import { newestStartFirst } from './start-criteria';
import type { Candidate } from './types';

export const retriableFirst: Criterion = {
  key: ({ retriable }) => (retriable ? 0 : 1),
  explain: ({ retriable }) => (retriable ? 'can be retried' : 'cannot be retried'),
};

export const mostToFreeFirst: Criterion = {
  key: (candidate) => -freeableBytesOf(candidate),
  explain(candidate, tied) {
    if (!isFreeableKnown(candidate)) return 'how much it would free is not known';
    const bytes = freeableBytesOf(candidate);
    const isMost = candidate === tied[0] && tied.length > 1 && bytes > 0;
    return `would free ${formatBytes(bytes)}${isMost ? `, the most of ${tied.length}` : ''}`;
  },
};

export const lowestPriorityFirst: Criterion = {
  key: (candidate) => priorityOf(candidate) ?? 0,
  explain(candidate, tied) {
    const priority = priorityOf(candidate);
    const isLowest = tied.length > 1 && (priority ?? 0) === (tied[0] && (priorityOf(tied[0]) ?? 0));
    const text = priority === undefined ? 'no priority, which counts as 0' : `priority ${priority}`;
    return isLowest ? `${text}, the lowest of ${tied.length}` : text;
  },
};

export const furthestOverBoundFirst: Criterion = {
  key: (candidate) => -overBoundBytes(candidate),
  explain(candidate, tied) {
    const { boundBytes } = candidate;
    if (!isBound(boundBytes)) return 'has declared no bound';
    const bytes = overBoundBytes(candidate);
    if (bytes === 0) return `within its bound of ${formatBytes(boundBytes)}`;
    const isMost = candidate === tied[0] && tied.length > 1;
    return `${formatBytes(bytes)} over its bound of ${formatBytes(boundBytes)}${isMost ? `, the most of ${tied.length}` : ''}`;
  },
};

/** What decides where a policy has no opinion: the least work is lost. */
export const leastWorkFirst: readonly Criterion[] = [retriableFirst, newestStartFirst];

function priorityOf({ priority }: Candidate): number | undefined {
  return typeof priority === 'number' && !Number.isNaN(priority) ? priority : undefined;
}
