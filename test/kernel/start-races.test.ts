import { openFiles } from '../support/process-resources';
import { trials } from '../support/trials';
import { useSupervisors, type Supervised } from './support/supervisors';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();

interface Outcome {
  id: string;
  /** The code of the error, or the cause of the exit. */
  what: unknown;
  exit?: object;
}

/** Each way to die in the course of spawn(). */
const deaths: Record<string, (pool: Supervised, id: string, delayMs: number) => Promise<Outcome>> = {
  'ends at once': (pool, id) => outcome(id, pool.supervisor.spawn('true', [], { stdio: 'ignore' }, { id })),
  'kills itself at once': (pool, id) => outcome(id, pool.supervisor.spawn('sh', ['-c', 'kill -9 $$'], { stdio: 'ignore' }, { id })),
  'killed as soon as it is there': (pool, id) =>
    outcome(id, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore' }, { id }).then((worker) => {
      worker.kill();
      return worker;
    })),
  'killed behind our back': (pool, id) =>
    outcome(id, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore' }, { id }).then((worker) => {
      process.kill(worker.pid, 'SIGKILL');
      return worker;
    })),
  'aborted': (pool, id, delayMs) => {
    const controller = new AbortController();
    setTimeout(() => { controller.abort(); }, delayMs);
    return outcome(id, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore', signal: controller.signal, killSignal: delayMs % 2 === 0 ? 'SIGTERM' : 'SIGKILL' }, { id }));
  },
  'timed out': (pool, id, delayMs) => outcome(id, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore', timeout: delayMs + 1 }, { id })),
  'is not there': (pool, id) => outcome(id, pool.supervisor.spawn('/no/such/program', [], { stdio: 'ignore' }, { id })),
  'may not be executed': (pool, id) => outcome(id, pool.supervisor.spawn('/', [], { stdio: 'ignore' }, { id })),
  'is no program': (pool, id) => outcome(id, pool.supervisor.spawn('/etc/passwd', [], { stdio: 'ignore' }, { id })),
  'cannot even be loaded': (pool, id) => outcome(id, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore' }, { id, memory: { maxBytes: 4096 } })),
  'has no memory after its start': (pool, id) => outcome(id, pool.supervisor.spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }, { id, memory: { maxBytes: '2MiB' } })),
  'may have no process': (pool, id) => outcome(id, pool.supervisor.spawn('sh', ['-c', 'true & wait; exit 3'], { stdio: 'ignore' }, { id, pidsMax: 1 })),
};

/** Rejected, or settled `exited`: what is neither would hang here, and what is both fails. */
async function outcome(id: string, spawned: ReturnType<Supervised['supervisor']['spawn']>): Promise<Outcome> {
  let worker;
  try {
    worker = await spawned;
  } catch (error) {
    return { id, what: (error as NodeJS.ErrnoException).code };
  }
  const exit = await worker.exited;
  return { id, what: exit.cause, exit };
}

const expected: Record<string, unknown[]> = {
  'ends at once': ['exit'],
  'kills itself at once': ['signal'],
  'killed as soon as it is there': ['signal'],
  'killed behind our back': ['signal'],
  'aborted': ['ABORT_ERR', 'aborted'],
  'timed out': ['signal'],
  'is not there': ['ENOENT'],
  'may not be executed': ['EACCES'],
  'is no program': ['EACCES'],
  'cannot even be loaded': ['kernel-oom'],
  'has no memory after its start': ['kernel-oom'],
  'may have no process': ['exit'],
};

const rounds = trials(5, 25);

test(`a worker that dies in the course of its start rejects, or settles its end: never both, never neither (${rounds} x ${Object.keys(deaths).length})`, async () => {
  const pool = await create({ limits: { highBytes: 600 * 2 ** 20 } });
  await pool.run('true', []).then(({ worker }) => worker.exited);
  const before = openFiles();
  pool.exits.length = 0;

  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) {
    outcomes.push(...(await Promise.all(Object.entries(deaths).map(([way, die]) => die(pool, `${way} ${round}`, round * 5)))));
  }

  for (const { id, what } of outcomes) expect([id, expected[id.replace(/ \d+$/, '')]]).toEqual([id, expect.arrayContaining([what])]);
  const settled = outcomes.filter(({ exit }) => exit !== undefined);
  expect(pool.exits.map(({ id }) => id).sort()).toEqual(settled.map(({ id }) => id).sort());
  for (const { id, exit } of settled) expect(pool.exits.find((told) => told.id === id)).toEqual(exit);
  for (const exit of pool.exits) if (exit.cause === 'kernel-oom') expect(exit).toMatchObject({ blame: 'own-limit', retryHint: 'bigger' });
  expect(pool.supervisor.status().workers).toEqual([]);
  expect(pool.leaves).toEqual([]);
  await until('all descriptors to be closed', () => openFiles().length <= before.length);
});

test('close() while workers are on their way: each rejects with ERR_SPILLWAY_STOPPED, or settles its end', async () => {
  for (let round = 0; round < rounds; round++) {
    const pool = await create({ name: `pool-${round}` });
    const spawning = Array.from({ length: 6 }, (_, index) => outcome(`w${index}`, pool.supervisor.spawn('sleep', ['1000'], { stdio: 'ignore' }, { id: `w${index}` })));
    await new Promise((resolve) => setTimeout(resolve, round * 15));

    const [outcomes] = await Promise.all([Promise.all(spawning), pool.supervisor.close()]);

    for (const { what } of outcomes) expect(['closed', 'ERR_SPILLWAY_STOPPED']).toContain(what);
    expect(pool.exits).toHaveLength(outcomes.filter(({ exit }) => exit !== undefined).length);
    expect(pool.base.children()).toEqual([]);
  }
});
