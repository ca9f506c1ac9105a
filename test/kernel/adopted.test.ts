import { readFileSync } from 'node:fs';
import { taking } from './support/leap';
import { isRunning, processesWith, shell, useLaunched } from './support/launched';
import { MiB, programFile } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { until, type TestCgroup } from './support/test-cgroup';

const { create } = useSupervisors();
const { launch } = useLaunched();

function leafOf({ leaves }: Supervised): TestCgroup {
  const [leaf] = leaves;
  if (leaf === undefined || leaves.length > 1) throw new Error('expected one leaf');
  return leaf;
}

function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim();
  } catch {
    return '';
  }
}

test('adopt() of a process whose descendants fork all the time: all are in its leaf from then on', async () => {
  const pool = await create();
  const storm = launch(shell('while :; do (sleep 0.1 2>/dev/null; exec sleep 1115) & sleep 0.02; done & sh -c "while :; do sh -c \\"sleep 0.05\\"; done # 1115" & echo ready; wait; exec sleep 1115'));
  await storm.lines.line('ready');
  await until('some of them', () => processesWith('1115').length > 8);

  const worker = await pool.supervisor.adopt(storm.pid);
  const leaf = leafOf(pool);
  const path = leaf.directory.slice('/sys/fs/cgroup'.length);
  const outside = processesWith('1115').filter((pid) => cgroupOf(pid) !== '' && !cgroupOf(pid).endsWith(path) && isRunning(pid));

  expect(outside).toEqual([]);
  worker.kill();
  expect(await worker.exited).toMatchObject({ cause: 'signal' });
  expect(processesWith('1115')).toEqual([]);
  expect(leaf.exists).toBe(false);
});

test('descendants of another user are adopted as well, and get its oom_score_adj', async () => {
  const pool = await create();
  const { pid, lines } = launch(shell('setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1116 & echo "child $!"; wait'));
  const child = Number((await lines.starting('child ')).slice('child '.length));
  await until('its change of user', () => /^Uid:\t65534/m.test(readFileSync(`/proc/${child}/status`, 'utf8')));

  const worker = await pool.supervisor.adopt(pid);

  expect(leafOf(pool).processes()).toEqual(expect.arrayContaining([pid, child]));
  expect(readFileSync(`/proc/${child}/oom_score_adj`, 'utf8')).toBe('500\n');
  worker.kill();
  await worker.exited;
  expect(isRunning(child)).toBe(false);
});

test('an adopted process is a victim like any other, for what it takes from then on', async () => {
  const pool = await create({ limits: { highBytes: 120 * MiB } });
  const neighbour = await pool.start('hog', [8], { id: 'neighbour' });
  await neighbour.lines.line('held');
  const { pid, child, lines } = launch({ file: process.execPath, args: [programFile('hog'), '8', '4', '0', '400'] });
  await lines.line('held');
  const worker = await pool.supervisor.adopt(pid, { id: 'adopted', retriable: true });

  child.stdin?.write('grow\n');
  const report = await pool.relief(1);

  expect(report).toMatchObject({ outcome: 'relieved', limit: { level: 'pool' }, victims: [{ id: 'adopted', pid, died: true }] });
  expect(await worker.exited).toMatchObject({ id: 'adopted', code: null, signal: null, cause: 'spillway', blame: 'pool', retryHint: 'elsewhere', reportId: report.reportId });
  expect(neighbour.worker.process.signalCode).toBeNull();
});

test('the end of an adopted process that is nobody of ours is told as far as it can be known', async () => {
  const pool = await create();
  const orphan = async (script: string, memory = {}) => {
    const { lines } = launch(shell('setsid sh -c "$0" >/dev/null & echo "pid $!"', script));
    const pid = Number((await lines.starting('pid ')).slice('pid '.length));
    return pool.supervisor.adopt(pid, { memory });
  };
  const onceAdopted = 'until grep -q /pool/ /proc/self/cgroup; do sleep 0.05; done';

  const returned = await orphan(`${onceAdopted}; exit 3`);
  expect(returned.process).toBeUndefined();
  expect(await returned.exited).toMatchObject({ code: null, signal: null, cause: 'exit', retryHint: 'no' });

  const ended = await orphan('exec sleep 1000');
  ended.kill();
  expect(await ended.exited).toMatchObject({ code: null, signal: null, cause: 'signal', retryHint: 'no' });

  const greedy = await orphan(`${onceAdopted}; exec ${taking(400)}`, { maxBytes: 16 * MiB });
  expect(await greedy.exited).toMatchObject({ code: null, signal: null, cause: 'kernel-oom', blame: 'own-limit', retryHint: 'bigger' });

  const closed = await orphan('exec sleep 1000');
  await pool.supervisor.close();
  expect(await closed.exited).toMatchObject({ code: null, signal: null, cause: 'closed' });
});

test('adopt() of a process that ends at that moment rejects, or tells its end: never both, never neither', async () => {
  const pool = await create();
  let adopted = 0;
  for (let round = 0; round < 30; round++) {
    const { child, pid } = launch(shell(`for i in $(seq ${round * 20}); do :; done`));
    const results = await Promise.allSettled([pool.supervisor.adopt(round % 2 === 0 ? pid : child, { id: `w${round}` })]);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'ERR_SPILLWAY_NO_PROCESS' });
        continue;
      }
      adopted++;
      expect(await result.value.exited).toMatchObject({ id: `w${round}`, cause: 'exit' });
    }
  }
  expect(pool.exits).toHaveLength(adopted);
  await until('all leaves to be gone', () => pool.leaves.length === 0);
});
