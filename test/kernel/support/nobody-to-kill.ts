import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from './program';
import type { Supervised } from './supervisors';

/**
 * Makes the pool short with nobody in it: a worker that has ended left files in memory (tmpfs), which stay
 * on the pool's account. They are removed after `action`.
 */
async function withMemoryLeftBehind<Result>(pool: Supervised, action: () => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync('/dev/shm/spillway-test-');
  try {
    const writer = await pool.run('dd', ['if=/dev/zero', `of=${join(folder, 'file')}`, 'bs=1M', 'count=24', 'status=none']);
    expect(await writer.worker.exited).toMatchObject({ code: 0, cause: 'exit' });
    expect(pool.pool.number('memory.stat', 'shmem')).toBeGreaterThanOrEqual(24 * MiB);
    pool.pool.write('memory.high', 16 * MiB);
    return await action();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What Ray's policies say with "empty": Spillway has nobody to kill, says so, and nobody is harmed. */
export async function expectNobodyToKill(pool: Supervised): Promise<void> {
  const report = await withMemoryLeftBehind(pool, () => pool.relief(1));
  expect(report).toMatchObject({ outcome: 'no-candidate', before: { short: true }, candidates: [], ranking: [], victims: [] });
  expect(pool.victims).toEqual([]);
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, kernelOomKills: 0 });
}
