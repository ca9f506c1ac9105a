import { readFileSync } from 'node:fs';
import { readProcessCpu } from '../../lib/process/process-cpu';
import { useDisk } from './support/disk';
import { useMonitors } from './support/monitors';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { watch } = useMonitors();
const { create } = useSupervisors();
const { file } = useDisk();

test("a monitor on a worker's leaf ends in 'removed' with the counters that the worker's end tells, exactly", async () => {
  const pool = await create();
  for (let round = 0; round < 5; round++) {
    // A file that was read before would be another cgroup's cache.
    const { worker, leaf } = await pool.start('reader', [file('big'), 64], { memory: { highBytes: 32 * MiB } });
    const { ear } = watch(leaf);
    await until('`high` of its leaf to grow', () => leaf.counter('high') > 3);

    worker.kill();
    const { counters } = await worker.exited;
    await ear.event('removed');

    expect(ear.errors).toEqual([]);
    expect(ear.removals).toEqual([{ cgroup: leaf.directory, counters, exact: true }]);
  }
});

test('processor time of a worker is that of its cgroup, what has ended in it included', async () => {
  const pool = await create();
  const { worker } = await pool.run('sh', ['-c', "sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done'; exec sleep 1000"], { id: 'busy' });

  await until('its child to have worked and ended', () => worker.cpu() !== undefined && readFileSync(`/proc/${worker.pid}/comm`, 'utf8') === 'sleep\n');

  // What is left of the worker by itself has done next to nothing.
  expect(worker.cpu()?.source).toBe('cgroup');
  expect(worker.cpu()?.seconds).toBeGreaterThan(readProcessCpu(worker.pid) ?? NaN);
  worker.kill();
  await worker.exited;
  expect(worker.cpu()).toBeUndefined();
});

test("a monitor stopped in the listener of a breach tells nothing more, and the worker's end is as usual", async () => {
  const pool = await create();
  const { worker, leaf } = await pool.start('reader', [file('big'), 64], { memory: { highBytes: 32 * MiB } });
  const { monitor, ear } = watch(leaf);
  monitor.on('breach', () => { monitor.stop(); });

  await ear.breach(1);
  const told = ear.all.length;
  worker.kill();
  expect(await worker.exited).toMatchObject({ cause: 'signal' });

  expect(ear.all).toHaveLength(told);
  expect(monitor).toMatchObject({ running: false, state: 'stopped' });
});
