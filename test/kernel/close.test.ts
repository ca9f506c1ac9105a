import { trials } from '../support/trials';
import { expectNothingLeft, unruly } from './support/crashing';
import { marked, markName, newMark } from './support/scripts';
import { refusalOf, useSupervisors, type Options, type Started, type Supervised } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create, make } = useSupervisors();

interface Marked {
  pool: Supervised;
  mark: string;
  /** Started, with the mark. */
  start: (file: string, args: string[], id?: string) => Promise<Started>;
  expectNothing: () => Promise<void>;
}

async function begin(options: Options = {}): Promise<Marked> {
  const base = make();
  const mark = newMark();
  const pool = await create({ base, ...options });
  return {
    pool,
    mark,
    start: (file, args, id) => pool.run('env', [`${markName}=${mark}`, file, ...args], id === undefined ? {} : { id }),
    expectNothing: () => expectNothingLeft(mark, base),
  };
}

const obeys = ['-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'];
const ignores = ['-c', 'trap "echo asked" TERM; echo ready; while :; do sleep 0.05; done'];

test('plain: all are killed, whatever they do', async () => {
  const { pool, start, mark, expectNothing } = await begin();
  const workers = [];
  for (const [file, args] of unruly) workers.push(await start(file, args));
  const ignoring = await start('sh', ignores);
  await ignoring.lines.line('ready');
  await until('them to be many', () => marked(mark).length > workers.length + 3);

  await pool.supervisor.close();

  expect(marked(mark)).toEqual([]);
  await expectNothing();
  for (const { worker } of [...workers, ignoring]) expect(await worker.exited).toMatchObject({ cause: 'closed', signal: 'SIGKILL' });
  expect(pool.exits).toHaveLength(4);
});

test('graceMs: one that obeys ends by itself, and nobody waits for longer', async () => {
  const { pool, start, expectNothing } = await begin({ graceMs: 3_600_000 });
  const workers = [await start('sh', obeys), await start('sleep', ['1000'])];
  await workers[0]?.lines.line('ready');

  await pool.supervisor.close();

  expect(await workers[0]?.worker.exited).toMatchObject({ code: 5, cause: 'closed' });
  expect(await workers[1]?.worker.exited).toMatchObject({ signal: 'SIGTERM', cause: 'closed' });
  await expectNothing();
});

test('graceMs: one that ignores SIGTERM is killed in the end', async () => {
  const { pool, start, expectNothing } = await begin();
  const { worker, lines } = await start('sh', ignores);
  await lines.line('ready');

  await pool.supervisor.close({ graceMs: 200 });

  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  await expectNothing();
});

test('an AbortSignal cuts the grace short', async () => {
  const { pool, start, expectNothing } = await begin();
  const { worker, lines } = await start('sh', ignores);
  await lines.line('ready');
  const abort = new AbortController();

  const closed = pool.supervisor.close({ graceMs: 3_600_000, signal: abort.signal });
  await lines.line('asked');
  abort.abort();
  await closed;

  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  await expectNothing();
});

test('an AbortSignal that has fired before: nobody is waited for, nobody is asked', async () => {
  const { pool, start, expectNothing } = await begin();
  const { worker, lines } = await start('sh', ignores);
  await lines.line('ready');

  await pool.supervisor.close({ drain: true, graceMs: 3_600_000, signal: AbortSignal.abort() });

  expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'closed' });
  expect(lines.all).not.toContain('asked');
  await expectNothing();
});

test('drain: those that work end in their own time, and nobody new comes', async () => {
  const { pool, start, expectNothing } = await begin();
  const { worker, tell, lines } = await start('sh', ['-c', 'echo ready; read line; exit 3']);
  await lines.line('ready');

  const closed = pool.supervisor.close({ drain: true });
  expect(await refusalOf(pool.supervisor.spawn('true'))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  tell('go');
  await closed;

  expect(await worker.exited).toMatchObject({ code: 3, cause: 'exit' });
  await expectNothing();
});

test('drain, then closed without: the rest is killed, and both calls resolve', async () => {
  const { pool, start, expectNothing } = await begin();
  const { worker } = await start('sleep', ['1000']);

  const first = pool.supervisor.close({ drain: true });
  await Promise.all([pool.supervisor.close(), first, pool.supervisor.close({ drain: true })]);

  expect(await worker.exited).toMatchObject({ cause: 'closed' });
  expect(pool.exits).toHaveLength(1);
  await expectNothing();
});

test('drain while one grows over the mark: relief goes on, then it closes', async () => {
  const { pool, start, expectNothing } = await begin();
  const patient = await start('sh', ['-c', 'read line; exit 3'], 'patient');
  const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog', retriable: true });
  await hog.lines.line('held');

  const closed = pool.supervisor.close({ drain: true });
  hog.tell('grow');
  expect(await hog.worker.exited).toMatchObject({ cause: 'spillway' });
  patient.tell('go');
  await closed;

  expect(await patient.worker.exited).toMatchObject({ code: 3, cause: 'exit' });
  await expectNothing();
});

const moments = trials(6, 40);

test(`during spawns, at ${moments} moments: each is refused or told of its end, never both, never neither`, async () => {
  for (let moment = 0; moment < moments; moment++) {
    const { pool, start, expectNothing } = await begin();
    const spawns = unruly.map(([file, args]) => start(file, args));
    const settled = Promise.allSettled(spawns);
    for (let turn = 0; turn < moment; turn++) await new Promise((resolve) => setImmediate(resolve));

    await pool.supervisor.close();

    let started = 0;
    for (const result of await settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
      else {
        started++;
        expect(await result.value.worker.exited).toMatchObject({ cause: 'closed' });
      }
    }
    expect(pool.exits).toHaveLength(started);
    await expectNothing();
  }
}, 600_000);
