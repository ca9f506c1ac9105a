import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultHighBytes, totalBytesOf } from '../../lib/cgroup/limits';
import { MiB, programFile } from './support/program';
import { refusalOf, useSupervisors } from './support/supervisors';
import { TestCgroup } from './support/test-cgroup';

const { create, make } = useSupervisors();

test('a worker is in its leaf from the start, with its oom_score_adj', async () => {
  const pool = await create();
  const { worker, lines, leaf } = await pool.run('sh', ['-c', 'cat /proc/self/cgroup /proc/self/oom_score_adj; exec sleep 1000']);

  const path = await lines.starting('0::');

  expect(path.endsWith(leaf.directory.slice('/sys/fs/cgroup'.length))).toBe(true);
  expect(leaf.directory.startsWith(`${pool.pool.directory}/default/`)).toBe(true);
  expect(leaf.processes()).toContain(worker.pid);
  await lines.line('500');
  expect(leaf.number('memory.oom.group')).toBe(1);
});

test('limits of the pool and of a leaf stand in their files', async () => {
  const pool = await create({ limits: { highBytes: '96MiB', maxBytes: '200MiB' } });
  const limited = await pool.run('sleep', ['1000'], { memory: { lowBytes: '4MiB', highBytes: '32MiB', maxBytes: '64MiB' }, oomScoreAdj: 700 });
  const free = await pool.run('sleep', ['1000']);

  expect(['memory.high', 'memory.max', 'memory.swap.max'].map((file) => pool.pool.number(file))).toEqual([96 * MiB, 200 * MiB, 0]);
  expect(['memory.low', 'memory.high', 'memory.max'].map((file) => limited.leaf.number(file))).toEqual([4 * MiB, 32 * MiB, 64 * MiB]);
  // What is spared of a leaf is spared only as far as it is of those above.
  expect([pool.pool, new TestCgroup(`${pool.pool.directory}/default`)].map((cgroup) => cgroup.number('memory.low'))).toEqual([4 * MiB, 4 * MiB]);
  expect(['memory.low', 'memory.high', 'memory.max'].map((file) => free.leaf.number(file))).toEqual([0, Infinity, Infinity]);
  expect(readFileSync(`/proc/${limited.worker.pid}/oom_score_adj`, 'utf8')).toBe('700\n');
});

test('without limits the mark is what is there less a reserve, and nothing else is limited', async () => {
  const pool = await create({ limits: {} });
  const expected = defaultHighBytes(totalBytesOf(pool.base.directory));

  expect(Math.abs(pool.pool.number('memory.high') - expected)).toBeLessThan(4096);
  expect(pool.pool.number('memory.high')).toBeLessThan(totalmem());
  expect(pool.pool.number('memory.max')).toBe(Infinity);
  expect(pool.pool.number('memory.swap.max')).toBe(0);
});

test('a limit of the base cgroup is taken into account', async () => {
  const pool = await create({ base: make({ 'memory.max': 400 * MiB }), limits: {} });

  expect(pool.pool.number('memory.high')).toBe(300 * MiB);
});

test('a worker of another user lands in its leaf', async () => {
  const pool = await create();
  const worker = await pool.supervisor.spawn('sh', ['-c', 'id -u; id -g; exec sleep 1000'], { uid: 65534, gid: 65534, stdio: ['ignore', 'pipe', 'inherit'] });

  const [leaf] = pool.leaves;
  let output = '';
  for await (const chunk of worker.process.stdout ?? []) {
    output += String(chunk);
    if (output === '65534\n65534\n') break;
  }
  expect(leaf?.processes()).toContain(worker.pid);
  expect(readFileSync(`/proc/${worker.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
  worker.kill();
  expect(await worker.exited).toMatchObject({ cause: 'signal' });
});

test('fork() gives a Node module its IPC channel, and its leaf', async () => {
  const pool = await create();
  const worker = await pool.supervisor.fork(programFile('echo'), ['one', 'two'], {}, { id: 'forked' });
  const messages: unknown[] = [];
  const ended = new Promise<void>((resolve) => {
    worker.process.on('message', (message) => {
      messages.push(message);
      if (messages.length === 1) worker.process.send({ n: 1 });
      else resolve();
    });
  });
  const [leaf] = pool.leaves;
  await ended;
  worker.process.disconnect();

  expect(messages).toEqual([{ args: ['one', 'two'], cgroup: `0::${leaf?.directory.slice('/sys/fs/cgroup'.length) ?? ''}` }, { echo: { n: 1 } }]);
  expect(await worker.exited).toMatchObject({ id: 'forked', code: 0, cause: 'exit' });
});

test('a program that is not there, or may not be executed, rejects and leaves no leaf behind', async () => {
  const pool = await create();
  const folder = mkdtempSync('/tmp/spillway-test-');
  const file = join(folder, 'not-executable');
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o644);

  expect(await refusalOf(pool.supervisor.spawn('/no/such/program'))).toMatchObject({ code: 'ENOENT' });
  expect(await refusalOf(pool.supervisor.spawn(file))).toMatchObject({ code: 'EACCES' });
  expect(await refusalOf(pool.supervisor.spawn('sleep', ['1'], { cwd: '/no/such/folder' }))).toMatchObject({ code: 'ENOENT' });
  rmSync(folder, { recursive: true });

  expect(pool.leaves).toEqual([]);
  expect(pool.supervisor.status().workers).toEqual([]);
  expect(pool.exits).toEqual([]);
});

test('a refused option leaves no leaf behind, and an id is free again after its end', async () => {
  const pool = await create();
  const { supervisor } = pool;
  const first = await pool.run('sleep', ['1000'], { id: 'same' });

  expect(await refusalOf(supervisor.spawn('true', [], {}, { id: 'same' }))).toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  expect(await refusalOf(supervisor.spawn('true', [], {}, { id: 'a\nb' }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  expect(await refusalOf(supervisor.spawn('true', [], {}, { memory: { maxBytes: -1 } }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  expect(pool.leaves).toHaveLength(1);
  first.worker.kill();
  await first.worker.exited;

  const second = await pool.run('true', [], { id: 'same' });
  expect(await second.worker.exited).toMatchObject({ id: 'same', code: 0 });
});

test('after close() nothing starts any more', async () => {
  const { supervisor, leaves } = await create();
  await supervisor.close();

  expect(await refusalOf(supervisor.spawn('true'))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  expect(leaves).toEqual([]);
  await expect(supervisor.close()).resolves.toBeUndefined();
});
