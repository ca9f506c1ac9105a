import { SpillwayError } from '../errors';
import { checkKeys, parseBytes, type Bytes } from '../options';
import type { GroupLimits } from './containment/types';

export interface GroupOptions {
  /** The group's own mark (`memory.high`): over it, only its workers are killed. Default none. */
  highBytes?: Bytes;
  /** Where the kernel kills in the group (`memory.max`). Default none. */
  maxBytes?: Bytes;
}

/** @throws ERR_SPILLWAY_INVALID_OPTION */
export function parseGroupLimits(options: GroupOptions): Required<GroupLimits> {
  checkKeys('a group', options, ['highBytes', 'maxBytes']);
  const highBytes = parseBytes('highBytes', options.highBytes ?? 'max', { min: 1, unlimited: true });
  const maxBytes = parseBytes('maxBytes', options.maxBytes ?? 'max', { min: 1, unlimited: true });
  if (highBytes > maxBytes && highBytes !== Infinity) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected a group's highBytes (${highBytes}) to be at most its maxBytes (${maxBytes})`);
  }
  return { highBytes, maxBytes };
}
