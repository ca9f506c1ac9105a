import { formatBytes } from '../../format-bytes';
import type { KillPolicy } from '../../policy/types';

/** A worker over its own mark dies for it; there is nothing to choose. */
export const ownMark: KillPolicy = {
  name: 'ownMark',
  rank: (candidates, { breach: { limits } }) =>
    candidates.map(({ id }) => ({ id, reason: `over its own mark of ${formatBytes(Math.min(limits.highBytes ?? Infinity, limits.maxBytes ?? Infinity))}` })),
};
