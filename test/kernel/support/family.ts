import { join } from 'node:path';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import type { Started, Supervised } from './supervisors';

/** A worker of so many processes below the first, each of which takes `mib` MiB when the worker is told a line. */
export async function startFamily(pool: Supervised, processes: number, mib: number, options: WorkerOptions): Promise<Started & { pids: number[] }> {
  const started = await pool.run('perl', [join(__dirname, '../programs/bloat.pl'), String(processes), String(mib)], options);
  const pids = (await started.lines.starting('pids ')).split(' ').slice(1).map(Number);
  return { ...started, pids };
}
