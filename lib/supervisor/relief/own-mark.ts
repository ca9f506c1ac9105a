import { formatBytes } from '../../format-bytes';
import type { KillPolicy } from '../../policy/types';
import { markOf } from './mark-of';

/** A worker over its own mark dies for it; there is nothing to choose. */
export const ownMark: KillPolicy = {
  name: 'ownMark',
  rank: (candidates, { breach: { limits } }) =>
    candidates.map(({ id }) => ({ id, reason: `over its own mark of ${formatBytes(markOf(limits))}` })),
};
