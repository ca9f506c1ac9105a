import { isFailure, native } from '../../lib/native';
import { dyingBytes } from '../../lib/supervisor/given-back';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { startTaker } from './support/takers';

const { create } = useSupervisors();

test('what a dying worker has yet to give back is at no moment less than what is still charged for it', async () => {
  const pool = await create({ limits: { highBytes: 512 * MiB } });
  const worker = await startTaker(pool, { id: 'worker', mib: 256 });
  const { leaf } = worker.started;

  process.kill(worker.pid, 'SIGKILL');
  const [unmapped, missing] = [[0], [0]];
  for (const endMs = performance.now() + 10_000; performance.now() < endMs;) {
    const usage = native().readUsage(leaf.directory);
    if (isFailure(usage) || usage.currentBytes === undefined || !leaf.populated) break;
    const { anonBytes = 0, kernelBytes = 0 } = usage;
    unmapped.push(usage.currentBytes - anonBytes - kernelBytes);
    // Read later, so not more than there was.
    missing.push(leaf.number('memory.current') - dyingBytes(usage));
  }

  console.info(`a dying worker of 256 MiB, ${unmapped.length} looks: at most ${(Math.max(...unmapped) / MiB).toFixed(1)} MiB unmapped and charged, ${(Math.max(...missing) / MiB).toFixed(1)} MiB more charged than was said`);
  // Page tables and the like are not counted as given back.
  expect(Math.max(...missing)).toBeLessThan(3 * MiB);
  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' });
});
