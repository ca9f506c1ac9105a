import { killMarked } from '../../lib/supervisor/containment/marked-processes';
import { runApart } from '../support/fixture-pool';
import { lines, runs, until, useSupervisors } from '../support/containment';

const supervising = useSupervisors();
const name = `unit-leftovers-${process.pid}`;
// Also when a test fails: whatever has the mark goes.
afterEach(async () => {
  await killMarked(name);
});

/** A supervisor that is killed with its workers running. Returns their pids: of each the main process, and then its child. */
async function crash(): Promise<number[]> {
  const body = `
    const { Supervisor } = lib('supervisor/supervisor');
    const supervisor = await Supervisor.create({ name: ${JSON.stringify(name)}, limits: { highBytes: '1TiB' } });
    const pids = [];
    for (const id of ['first', 'second']) {
      const worker = await supervisor.spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] }, { id });
      const [child] = await require('events').once(worker.process.stdout, 'data');
      pids.push(worker.pid, Number(child));
    }
    require('fs').writeSync(1, JSON.stringify(pids));
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout, signal } = await runApart(body).then(() => { throw new Error('it did not crash'); }, (error: unknown) => error as { stdout: string; signal: string });
  expect(signal).toBe('SIGKILL');
  const pids = JSON.parse(stdout) as number[];
  expect(pids.map(runs)).toEqual([true, true, true, true]);
  return pids;
}

it('a name has one live supervisor, and is free when that is closed', async () => {
  const first = await supervising.create({ name, require: 'polling' });
  await expect(supervising.create({ name })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE', message: expect.stringContaining(name) as string });
  const worker = await first.spawn('sleep', ['600'], { stdio: 'ignore' });
  await expect(supervising.create({ name, leftovers: 'adopt' })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NAME_IN_USE' });
  expect(runs(worker.pid)).toBe(true);
  await first.close();
  await supervising.create({ name });
});

it('a child that outlives a main process which no look ever saw with it is found by its mark', async () => {
  const supervisor = await supervising.create({ name });
  const worker = await supervising.shell(supervisor, 'sleep 600 & echo $!; exit 0');
  const [child = 0] = (await lines(worker.process.stdout, 1)).map(Number);
  expect(await worker.exited).toMatchObject({ code: 0, cause: 'exit', leftovers: 1 });
  // One that has given its memory back shows no mark any more, and may take a moment to end.
  await until('its end', () => !runs(child));
});

it('so is a whole daemon, and not that of another worker', async () => {
  const supervisor = await supervising.create({ name });
  const daemon = '(setsid sh -c "sleep 600 & echo \\$!; wait" &); read line; exit 0';
  const other = await supervising.shell(supervisor, 'sleep 600 & echo $!; wait');
  const [kept = 0] = (await lines(other.process.stdout, 1)).map(Number);
  const worker = await supervising.shell(supervisor, daemon, {}, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [child = 0] = (await lines(worker.process.stdout, 1)).map(Number);
  worker.process.stdin?.end('\n');
  expect(await worker.exited).toMatchObject({ code: 0, leftovers: 2 });
  await until('its end', () => !runs(child));
  expect(runs(kept)).toBe(true);
});

it('what a killed supervisor has left is ended before the next one starts', async () => {
  const pids = await crash();
  const supervisor = await supervising.create({ name });
  await until('their end', () => !pids.some(runs));
  expect([supervisor.adopted, supervisor.status().workers]).toEqual([[], []]);
}, 30_000);

it('or adopted, under its ids, and ends with its new owner', async () => {
  const [first = 0, , second = 0, child = 0] = await crash();
  const supervisor = await supervising.create({ name, leftovers: 'adopt' });
  expect(supervisor.adopted.map(({ id, pid }) => [id, pid]).sort()).toEqual([['first', first], ['second', second]].sort());
  expect(supervisor.adopted.every((worker) => (worker.usage()?.currentBytes ?? 0) > 0)).toBe(true);
  await expect(supervisor.spawn('true', [], {}, { id: 'first' })).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
  process.kill(first, 'SIGKILL');
  expect(await supervisor.adopted.find(({ id }) => id === 'first')?.exited).toMatchObject({ id: 'first', code: null, signal: null, leftovers: 1 });
  await supervisor.close();
  await until('their end', () => !runs(second) && !runs(child));
}, 30_000);

it('a second crash leaves both generations to the third', async () => {
  const pids = await crash();
  const printed = runApart(`
    const { Supervisor } = lib('supervisor/supervisor');
    const supervisor = await Supervisor.create({ name: ${JSON.stringify(name)}, leftovers: 'adopt', limits: { highBytes: '1TiB' } });
    await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { id: 'third' });
    process.kill(process.pid, 'SIGKILL');`);
  await expect(printed).rejects.toMatchObject({ signal: 'SIGKILL' });
  const supervisor = await supervising.create({ name, leftovers: 'adopt' });
  expect(supervisor.adopted.map(({ id }) => id).sort()).toEqual(['first', 'second', 'third']);
  await supervisor.close();
  expect(pids.filter(runs)).toEqual([]);
}, 30_000);
