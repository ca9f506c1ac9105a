import type { PoolState } from '../types';

/** How full the pool is. */
export interface Fill {
  pinnedBytes: number;
  /** `Infinity`: it has no mark. */
  markBytes: number;
}

/** `undefined` when nobody can tell: total memory instead would count page cache, which the kernel gives back by itself. */
export function fillOf(state: PoolState | undefined): Fill | undefined {
  const pinnedBytes = state?.usage.pinnedBytes;
  return state === undefined || pinnedBytes === undefined ? undefined : { pinnedBytes, markBytes: state.markBytes };
}
