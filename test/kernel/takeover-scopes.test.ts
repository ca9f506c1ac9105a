import { blockSoon, useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useScripts, type ScriptHost } from './support/scripts';
import { useSupervisors } from './support/supervisors';
import { taker } from './support/blocked';
import type { ReliefReport } from '../../lib/supervisor/types';

const { run } = useScripts();
const { create, make } = useSupervisors();
const answers = useAnswers();

test("a group over its own mark, JavaScript blocked: only its workers die, and are told so", async () => {
  const pool = await create({ takeoverMs: 100, limits: { highBytes: 256 * MiB } });
  await pool.supervisor.group('tenant', { highBytes: 64 * MiB });
  const tenants = [await taker(pool, 24, { id: 'tenant-1', group: 'tenant' }), await taker(pool, 8, { id: 'tenant-2', group: 'tenant', retriable: true })];
  // By the policy this one would be the first to die.
  const neighbour = await taker(pool, 24, { id: 'neighbour', retriable: true });
  await answers.rearmed(() => { neighbour.worker.update({ priority: 1 }); });

  tenants[1]?.tell('grow 400');
  await blockSoon(4000);
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'group', id: 'tenant' }, victims: [{ id: 'tenant-2', by: 'native', died: true }] });
  expect(report.candidates.map(({ id }) => id)).toEqual(['tenant-1', 'tenant-2']);
  expect(await tenants[1]?.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit', reportId: report.reportId });
  expect(tenants[0]?.worker.process.exitCode).toBeNull();
  expect(neighbour.worker.process.exitCode).toBeNull();
  expect(pool.victimIds()).toEqual(['tenant-2']);
});

test('a group and the pool short at once, JavaScript blocked: each limit is relieved by its own workers', async () => {
  const pool = await create({ takeoverMs: 100, limits: { highBytes: 128 * MiB } });
  await pool.supervisor.group('tenant', { highBytes: 48 * MiB });
  const tenant = await taker(pool, 8, { id: 'tenant', group: 'tenant' });
  const other = await taker(pool, 8, { id: 'other', retriable: true });
  await answers.rearmed(() => { other.worker.update({ priority: 1 }); });

  for (const { tell } of [tenant, other]) tell('grow 400');
  await blockSoon(5000);
  const reports = [await pool.relief(1), await pool.relief(2)];

  expect(reports.map(({ limit: { level }, victims }) => [level, ...victims.map(({ id }) => id)]).sort()).toEqual([['group', 'tenant'], ['pool', 'other']]);
  expect(await tenant.worker.exited).toMatchObject({ cause: 'spillway', blame: 'group-limit' });
  expect(await other.worker.exited).toMatchObject({ cause: 'spillway', blame: 'pool' });
});

interface Told {
  report: ReliefReport;
  exit: { cause: string; reportId: string };
}

/** A supervisor and a hog in each of two worker threads; all JavaScript of them is blocked. */
const inThreads = async ({ bundle, tell }: ScriptHost, { bases, program }: { bases: string[]; program: string[] }): Promise<void> => {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const source = `
    const { parentPort, workerData: { bundle, base, program } } = require('node:worker_threads');
    const { Supervisor } = require(bundle);
    (async () => {
      const supervisor = await Supervisor.create({ name: 'pool', cgroup: base, require: 'kernel', force: true, limits: { highBytes: 64 << 20 }, safetyReadMs: 200 });
      const report = new Promise((resolve) => supervisor.once('relief', resolve));
      const hog = await supervisor.spawn('perl', program, { stdio: ['pipe', 'pipe', 'inherit'] }, { id: 'hog', retriable: true });
      await new Promise((resolve) => hog.process.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      hog.process.stdin.write('grow 400\\n');
      await new Promise(setImmediate);
      for (const end = performance.now() + 5000; performance.now() < end;);
      const told = { report: await report, exit: await hog.exited };
      await supervisor.close();
      parentPort.postMessage(told);
    })();`;
  await Promise.all(bases.map((base, index) => new Promise((resolve) => {
    const thread = new Worker(source, { eval: true, workerData: { bundle, base, program } });
    thread.on('message', (told) => { tell(`thread-${index}`, told); });
    thread.on('exit', resolve);
  })));
  tell('ended');
};

test('two supervisors in two worker threads, both blocked: each pool loses its own hog', async () => {
  const program = ['-e', '$| = 1; sub take { vec($held[@held], (1 << 20) - 1, 8) = 1 } take() for 1 .. 30; print "held\\n"; <STDIN>; while (@held < 400) { take(); select(undef, undef, undef, 0.002) } sleep 1000'];
  const bases = [make().directory, make().directory];
  const script = run(inThreads, { bases, program });

  for (const index of [0, 1]) {
    const { report, exit } = await script.told<Told>(`thread-${index}`);
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', by: 'native', died: true }] });
    expect(report.breach.cgroup).toBe(`${bases[index] ?? ''}/pool`);
    expect(exit).toMatchObject({ cause: 'spillway', reportId: report.reportId });
  }
  await script.told('ended');
});
