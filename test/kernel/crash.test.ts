import { setTimeout as delay } from 'node:timers/promises';
import { Supervisor } from '../../lib/supervisor/supervisor';
import { trials } from '../support/trials';
import { churn, expectNothingLeft, stay, unruly, useCrashes } from './support/crashing';
import { MiB, run as runProgram } from './support/program';
import { marked } from './support/scripts';
import { refusalOf, useSupervisors } from './support/supervisors';
import { TestCgroup, until } from './support/test-cgroup';

const { begin, crash } = useCrashes();
const { create, make } = useSupervisors();
const limits = { highBytes: 96 * MiB };

/** The guest is slow: over this time it is in the first creation, in a spawn or in a close. */
const withinMs = 300;

const rounds = trials(3, 50);

test(`kill -9 of the supervisor at a random moment, ${rounds} rounds: the next one leaves no process and no cgroup behind`, async () => {
  for (let round = 0; round < rounds; round++) {
    const base = make();
    const script = begin(churn, { create: { name: 'pool', cgroup: base.directory, limits }, workers: unruly });
    // From the first creation on, from the first spawn, from the first close.
    await script.told(['creating', 'created', 'closing'][round % 3] ?? '');
    await delay(Math.random() * withinMs);
    await crash(script);

    const next = await create({ base });

    await expectNothingLeft(script.mark, base, next);
    await base.destroy();
  }
}, 900_000);

test('processes that still come in while the next one cleans up are ended, too', async () => {
  const base = make();
  const script = begin(stay, { create: { name: 'pool', cgroup: base.directory, limits }, workers: [['sleep', ['1000']]] });
  await script.told('ready');
  const leaf = new TestCgroup(`${base.directory}/pool/default`).children()[0];
  await crash(script);
  // As a worker that was being started when the supervisor died, only many of them.
  const comers = Array.from({ length: 2 }, () =>
    runProgram('sh', ['-c', 'echo begin; while sh -c \'echo 0 >"$0/cgroup.procs" && exec sleep 1000 >/dev/null\' "$0" & do [ -d "$0" ] || exit 0; sleep 0.05; done 2>/dev/null', leaf?.directory ?? '']),
  );
  for (const { lines } of comers) await lines.line('begin');

  const next = await create({ base });

  expect(next.supervisor.adopted).toEqual([]);
  for (const { exited } of comers) await exited;
  await expectNothingLeft(script.mark, base, next);
});

test('a second supervisor of the name, while the first lives: refused by name of its process, and nobody is harmed', async () => {
  const base = make();
  const options = { name: 'pool', cgroup: base.directory, limits };
  const first = begin(stay, { create: options, workers: unruly });
  await first.told('ready');
  const leaves = new TestCgroup(`${base.directory}/pool/default`).children();
  await until('all of them to run', () => leaves.every((leaf) => leaf.populated));

  for (const leftovers of ['kill', 'adopt'] as const) {
    const refused = await refusalOf(Supervisor.create({ ...options, limits: { highBytes: 32 * MiB }, leftovers }));

    expect(refused.code).toBe('ERR_SPILLWAY_NAME_IN_USE');
    expect(refused.message).toContain(`process ${String(first.child.pid)},`);
  }

  expect(leaves.filter((leaf) => leaf.populated)).toHaveLength(unruly.length);
  expect(new TestCgroup(`${base.directory}/pool`).number('memory.high')).toBe(96 * MiB);
  first.say('close');
  await first.exited;
  expect(first.child.exitCode).toBe(0);
  await expectNothingLeft(first.mark, base);
});

test('killed beside a second one of another name: that one and its workers live on', async () => {
  const base = make();
  const other = await create({ base, name: 'other' });
  const { worker } = await other.run('sleep', ['1000']);
  const script = begin(stay, { create: { name: 'pool', cgroup: base.directory, limits }, workers: unruly });
  await script.told('ready');
  await crash(script);
  expect(marked(script.mark).length).toBeGreaterThan(0);

  const next = await create({ base });

  await until('the last process to end', () => marked(script.mark).length === 0);
  expect(next.leaves).toEqual([]);
  expect(worker.process.exitCode).toBeNull();
  expect(other.leaves.map((leaf) => leaf.processes())).toEqual([[worker.pid]]);
});

test('what a dead one has left with other limits and groups of its own: the next one begins anew', async () => {
  const base = make();
  const script = begin(
    async ({ spillway, tell }, directory: string) => {
      const supervisor = await spillway.Supervisor.create({ name: 'pool', cgroup: directory, limits: { highBytes: '64MiB', maxBytes: '80MiB' } });
      await supervisor.group('tenant', { highBytes: '32MiB', maxBytes: '48MiB' });
      await supervisor.spawn('sleep', ['1000'], { stdio: 'ignore' }, { group: 'tenant', memory: { lowBytes: '8MiB' } });
      tell('ready');
      await new Promise(() => setInterval(() => undefined, 1000));
    },
    base.directory,
  );
  await script.told('ready');
  await crash(script);

  const next = await create({ base });

  expect(next.pool.children()).toEqual([]);
  expect(['memory.high', 'memory.max', 'memory.low'].map((file) => next.pool.number(file))).toEqual([96 * MiB, Infinity, 0]);
  await expectNothingLeft(script.mark, base, next);
});
