import { MiB } from './program';
import type { Supervised } from './supervisors';
import { startTaker, type Taker } from './takers';

/** With 72 of its 96 MiB the pool is short, and until 48 MiB relief goes on. */
export const twoSteps = { limits: { highBytes: 96 * MiB }, killBufferBytes: 48 * MiB };

/** Some 65 MiB. With 14 more, taken by young, it takes the deaths of young and mid to come below 48 MiB. */
export async function startThree(pool: Supervised): Promise<{ elder: Taker; mid: Taker; young: Taker }> {
  const elder = await startTaker(pool, { id: 'elder', mib: 35 });
  const mid = await startTaker(pool, { id: 'mid', retriable: true, mib: 18 });
  const young = await startTaker(pool, { id: 'young', retriable: true });
  return { elder, mid, young };
}
