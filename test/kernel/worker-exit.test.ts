import { useDisk } from './support/disk';
import { stateOf } from './support/process-state';
import { MiB } from './support/program';
import { useSupervisors } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();
const { file } = useDisk();

test.each([0, 1, 7, 137])('exit code %d is told as cause exit', async (code) => {
  const pool = await create();
  const { worker } = await pool.run('sh', ['-c', `exit ${code}`], { id: 'w' });

  expect(await worker.exited).toMatchObject({ id: 'w', code, signal: null, cause: 'exit', retryHint: 'no' });
  expect(pool.exits).toHaveLength(1);
});

test.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'] as const)('%s by somebody else is told as cause signal', async (signal) => {
  const pool = await create();
  const { worker } = await pool.run('sleep', ['1000']);

  process.kill(worker.pid, signal);

  expect(await worker.exited).toMatchObject({ code: null, signal, cause: 'signal', retryHint: 'no' });
});

test('kill() by the owner is told as cause signal', async () => {
  const pool = await create();
  const { worker } = await pool.run('sleep', ['1000']);

  worker.kill();

  expect(await worker.exited).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'signal', retryHint: 'no' });
  expect(() => { worker.kill(); }).not.toThrow();
});

test('a tiny memory.max of its own: the kernel kills it, and only a bigger limit helps', async () => {
  const pool = await create();
  const { worker } = await pool.start('hog', [8, 4, 10, 400], { id: 'tiny', memory: { maxBytes: '24MiB' } });

  const exit = await worker.exited;

  expect(exit).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' });
  expect(exit.counters).toMatchObject({ oom_group_kill: 1, high: 0 });
  // With memory.oom.group the kernel may count its first victim twice (mm/oom_kill.c, oom_kill_process).
  expect(exit.counters?.oom_kill).toBeGreaterThan(0);
  expect(exit.counters?.oom).toBeGreaterThan(0);
  expect(exit.peakBytes).toBeGreaterThan(20 * MiB);
  expect(exit.peakBytes).toBeLessThanOrEqual(24 * MiB);
  expect(exit.reportId).toBeUndefined();
  expect(pool.supervisor.status().counts).toMatchObject({ kills: 0, kernelOomKills: exit.counters?.oom_kill });
  expect(pool.reliefs).toEqual([]);
});

test("a child of a worker killed by the kernel takes the worker's whole leaf with it (memory.oom.group)", async () => {
  const pool = await create();
  const { worker } = await pool.run('sh', ['-c', '"$0" -e "const held = []; for (;;) held.push(Buffer.alloc(2 ** 20, 1))" & sleep 1000', process.execPath], {
    memory: { maxBytes: '24MiB' },
  });

  const exit = await worker.exited;

  expect(exit).toMatchObject({ signal: 'SIGKILL', cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' });
  expect(exit.counters).toMatchObject({ oom_group_kill: 1 });
});

test("the pool's memory.max reached in one leap: told as the kernel's kill", async () => {
  const pool = await create({ limits: { highBytes: 90 * MiB, maxBytes: 91 * MiB } });
  const leaping = await pool.start('hog', [8], { id: 'leaping' });
  await leaping.lines.line('held');

  leaping.tell('400');
  const exit = await leaping.worker.exited;

  // Whoever came first, the kernel or Spillway, is told as it was.
  expect(['kernel-oom', 'spillway']).toContain(exit.cause);
  expect(exit).toMatchObject({ blame: 'pool', retryHint: 'elsewhere' });
  expect(exit.cause === 'kernel-oom').toBe((exit.counters?.oom_kill ?? 0) > 0);
});

test('close() is told as cause closed', async () => {
  const pool = await create();
  const workers = [await pool.run('sleep', ['1000']), await pool.start('forker', [2, 'stay']), await pool.start('term-ignorer', [1])];

  await pool.supervisor.close();

  for (const { worker, leaf } of workers) {
    expect(await worker.exited).toMatchObject({ code: null, signal: 'SIGKILL', cause: 'closed', retryHint: 'elsewhere' });
    expect(leaf.exists).toBe(false);
  }
});

test('an AbortSignal is told as cause aborted', async () => {
  const pool = await create();
  const controller = new AbortController();
  const worker = await pool.supervisor.spawn('sleep', ['1000'], { signal: controller.signal, stdio: 'ignore' });

  controller.abort();

  expect(await worker.exited).toMatchObject({ code: null, signal: 'SIGTERM', cause: 'aborted', retryHint: 'no' });
});

test("the counters of a worker's end are those of the kernel, exact", async () => {
  const pool = await create();
  // A hog would be killed at its mark; the page cache is none to be killed for.
  const { worker, leaf } = await pool.start('reader', [file('big'), 64], { memory: { highBytes: 32 * MiB } });
  await until('`high` of its leaf to grow', () => leaf.counter('high') > 3);
  process.kill(worker.pid, 'SIGSTOP');
  // It finishes its way through the kernel before.
  await until('it to stand still', () => stateOf(worker.pid) === 'T');
  const counted = leaf.counter('high');

  worker.kill();
  const exit = await worker.exited;

  expect(exit.counters).toMatchObject({ high: counted, oom_kill: 0 });
  expect(exit.peakBytes).toBeGreaterThan(20 * MiB);
});
