import { readFileSync } from 'node:fs';
import { native } from '../../lib/native';
import type { WorkerExit } from '../../lib/supervisor/types';
import { expectNothingLeft, stay, unruly, useCrashes } from './support/crashing';
import { stateOf } from './support/process-state';
import { MiB, programFile, run } from './support/program';
import { useSupervisors, type Options, type Supervised } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { begin, crash } = useCrashes();
const { create, make } = useSupervisors();
const limits = { highBytes: 96 * MiB };
const record = 'user.spillway.worker';

/** The next supervisor after a crash of one with these workers. */
async function adoptAfterCrash(workers: Parameters<typeof stay>[1]['workers'], { between, ...options }: Options & { between?: (pids: Record<string, number>) => Promise<void> } = {}): Promise<{ next: Supervised; mark: string; pids: Record<string, number> }> {
  const base = make();
  const script = begin(stay, { create: { name: 'pool', cgroup: base.directory, limits }, workers });
  const pids = await script.told<Record<string, number>>('ready');
  await crash(script);
  await between?.(pids);
  return { next: await create({ base, leftovers: 'adopt', ...options }), mark: script.mark, pids };
}

test('workers are adopted with id, group, owner and labels; they are measured, killed, heard of, and closed', async () => {
  const { next, mark, pids } = await adoptAfterCrash([
    ['sleep', ['1000'], {}, { id: 'a', group: 'tenant', owner: 'me', labels: { job: '1' }, priority: 3, attempt: 2, retriable: true }],
    ['sleep', ['1000'], {}, { id: 'b' }],
    ['sleep', ['1000'], {}, { id: 'c', kind: 'service', memory: { lowBytes: '4MiB' } }],
    ['sleep', ['1000'], {}, { id: 'd' }],
  ]);
  const { adopted } = next.supervisor;
  const byId = new Map(adopted.map((worker) => [worker.id, worker]));

  expect([...byId].map(([id, { pid }]) => [id, pid]).sort()).toEqual(Object.entries(pids).sort());
  const candidates = new Map(next.supervisor.status().workers.map((worker) => [worker.id, worker]));
  expect(candidates.get('a')).toMatchObject({ group: 'tenant', owner: 'me', labels: { job: '1' }, priority: 3, attempt: 2, retriable: true, kind: 'task' });
  expect(candidates.get('c')).toMatchObject({ group: 'default', kind: 'service' });
  for (const worker of adopted) {
    expect(worker.process).toBeUndefined();
    expect(worker.usage()?.currentBytes).toBeGreaterThan(0);
  }

  expect(next.pool.number('memory.low')).toBe(4 * MiB);

  byId.get('a')?.kill();
  expect(await byId.get('a')?.exited).toMatchObject({ id: 'a', code: null, cause: 'signal', leftovers: 0 });
  process.kill(pids['b'] ?? 0, 'SIGTERM');
  expect(await byId.get('b')?.exited).toMatchObject({ id: 'b', code: null, signal: null, cause: 'exit' });
  expect(next.exits.map(({ id }) => id)).toEqual(['a', 'b']);
  await expect(next.supervisor.spawn('true', [], {}, { id: 'c' })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  const { worker } = await next.run('true', [], { id: 'a' });
  expect(await worker.exited).toMatchObject({ code: 0 });
  await next.supervisor.close({ graceMs: 3_600_000 });
  expect(await byId.get('d')?.exited).toMatchObject({ cause: 'closed' });
  await expectNothingLeft(mark, next.base);
});

test('unruly ones are adopted whole, and end whole', async () => {
  const { next, mark } = await adoptAfterCrash(unruly.map(([file, args]) => [file, args]));

  expect(next.supervisor.adopted).toHaveLength(unruly.length);
  await next.supervisor.close();

  await expectNothingLeft(mark, next.base);
});

test('an adopted worker can be the victim of a relief round', async () => {
  const node = process.execPath;
  const { next } = await adoptAfterCrash(
    [
      [node, [programFile('hog'), '60'], {}, { id: 'hog', retriable: true }],
      ['sleep', ['1000'], {}, { id: 'honest' }],
    ],
    { limits: { highBytes: 48 * MiB } },
  );
  const hog = next.supervisor.adopted.find(({ id }) => id === 'hog');

  const report = await next.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', died: true }] });
  expect(await hog?.exited).toMatchObject({ cause: 'spillway', blame: 'pool', retryHint: 'elsewhere', reportId: report.reportId });
  expect(next.supervisor.status().workers.map(({ id }) => id)).toEqual(['honest']);
});

/** A leaf made by hand, with a process in it; `text` becomes its record. */
async function leaf(base: TestCgroup, name: string, text?: string): Promise<number> {
  const pool = new TestCgroup(`${base.directory}/pool`);
  const group = new TestCgroup(`${pool.directory}/default`);
  if (!pool.exists) base.enableMemory().make('pool').enableMemory();
  if (!group.exists) pool.make('default').enableMemory();
  const directory = group.make(name).directory;
  const { child, lines } = run('sh', ['-c', 'echo 0 >"$0/cgroup.procs" && echo in && exec sleep 1000', directory]);
  await lines.line('in');
  if (text !== undefined) expect(native().writeAttribute(directory, record, text)).toBeUndefined();
  return child.pid ?? 0;
}

test('a record that is missing or garbage costs the worker its name, not its life', async () => {
  const base = make();
  const stranger = process.pid;
  const facts = { id: 'x', kind: 'task', attempt: 0 };
  const records = [
    undefined, '', 'garbage', 'null', '[]', '7', '{"pid":"1"}', '{"pid":1}', `{"pid":${stranger},"startTime":0}`,
    JSON.stringify({ version: 1, pid: 1, startTime: 0, facts: { ...facts, id: '', group: '../..' } }),
    JSON.stringify({ version: 1, pid: -1, startTime: 0, facts: { ...facts, group: 7, labels: { a: 1 }, memory: 'x' } }),
    JSON.stringify({ version: 99, pid: 2 ** 53, facts: { unknown: 'x'.repeat(3000) } }),
    '\0\u{1F4A9}{', 'x'.repeat(3000),
  ];
  const pids: number[] = [];
  for (const [index, text] of records.entries()) pids.push(await leaf(base, `leaf-${index}`, text));

  const next = await create({ base, leftovers: 'adopt' });

  const { adopted } = next.supervisor;
  expect(adopted.map(({ pid }) => pid).sort()).toEqual(pids.sort());
  expect(new Set(adopted.map(({ id }) => id)).size).toBe(records.length);
  expect(next.supervisor.status().workers.every(({ group }) => group === 'default')).toBe(true);
  await next.supervisor.close();
  const exits: WorkerExit[] = await Promise.all(adopted.map(({ exited }) => exited));
  expect(exits.every(({ cause }) => cause === 'closed')).toBe(true);
});

test('two leaves that claim the same id: both are adopted, by different ids', async () => {
  const base = make();
  const text = (pid: number): string => JSON.stringify({ version: 1, pid, startTime: 0, facts: { id: 'same' } });
  const pids = [await leaf(base, 'one'), await leaf(base, 'two')];
  for (const [index, name] of ['one', 'two'].entries()) native().writeAttribute(`${base.directory}/pool/default/${name}`, record, text(pids[index] ?? 0));

  const { supervisor } = await create({ base, leftovers: 'adopt' });

  expect(new Set(supervisor.adopted.map(({ id }) => id)).size).toBe(2);
  expect(supervisor.adopted.map(({ id }) => id)).toContain('same');
});

describe('a worker with a second process, whose main process ends', () => {
  const workers: Parameters<typeof stay>[1]['workers'] = [['sh', ['-c', 'setsid sleep 1000 & exec sleep 1000'], {}, { id: 'main' }]];
  const endMain = async (pids: Record<string, number>): Promise<void> => {
    const pid = pids['main'] ?? 0;
    await until('its second process', () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '');
    process.kill(pid, 'SIGKILL');
  };

  test('after its adoption: the other one is ended, and counted', async () => {
    const { next, pids } = await adoptAfterCrash(workers);

    await endMain(pids);
    await until('its end', () => next.exits.length === 1);

    expect(next.exits).toMatchObject([{ id: 'main', code: null, leftovers: 1 }]);
  });

  test('before its adoption: the other one is the worker now', async () => {
    const isGone = (pid = 0) => () => ['Z', 'X', ''].includes(stateOf(pid));
    const { next, pids } = await adoptAfterCrash(workers, {
      between: async (all) => {
        await endMain(all);
        await until('its end', isGone(all['main']));
      },
    });
    const [left] = next.supervisor.adopted;

    expect(left?.id).toBe('main');
    expect(left?.pid).not.toBe(pids['main']);
    left?.kill();
    expect(await left?.exited).toMatchObject({ id: 'main', cause: 'signal', leftovers: 0 });
  });
});

test('empty leaves and groups of a dead one are removed, not adopted', async () => {
  const base = make();
  await leaf(base, 'one');
  const pool = new TestCgroup(`${base.directory}/pool`);
  pool.children()[0]?.make('empty');
  pool.make('group').enableMemory().make('empty-too');

  const next = await create({ base, leftovers: 'adopt' });

  expect(next.supervisor.adopted).toHaveLength(1);
  expect(next.pool.children().map(({ name }) => name)).toEqual(['default']);
  expect(next.leaves.map(({ name }) => name)).toEqual(['one']);
});
