import { readFileSync } from 'node:fs';
import type { EventBreach } from '../../lib/monitor/types';
import { MiB, programFile, run, runIn, type Running } from './support/program';
import { until, useCgroups, type TestCgroup } from './support/test-cgroup';

const { make } = useCgroups();
const started: Running[] = [];

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

/** A process of its own with a monitor of the built package. */
async function watching(cgroup: TestCgroup, where: 'main' | 'thread' = 'main'): Promise<Running & { files: string[] }> {
  const running = run(process.execPath, [programFile('watch'), JSON.stringify({ cgroup: cgroup.directory, safetyReadMs: 100 }), where]);
  started.push(running);
  const files = await running.lines.starting('files ');
  return { ...running, files: JSON.parse(files.slice('files '.length)) as string[] };
}

function isShort(line: string): boolean {
  return line.startsWith('breach ') && (JSON.parse(line.slice('breach '.length)) as EventBreach).short;
}

test.each(['main', 'thread'] as const)('in a process, %s: hears the breach through the held file, and ends with code 0', async (where) => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { child, lines, files, exited } = await watching(cgroup, where);
  expect(files).toContain(`${cgroup.directory}/memory.events`);
  expect(files.filter((name) => name.includes('inotify'))).toEqual([]);

  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await lines.find('a short breach', isShort);
  hog.child.kill('SIGKILL');
  await lines.starting('clear');
  child.stdin?.write('stop\n');
  await exited;

  expect(child.exitCode).toBe(0);
});

test.each(['main', 'thread'] as const)('in a process, %s: survives SIGSTOP and SIGCONT, and hears what comes after', async (where) => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { child, lines, exited } = await watching(cgroup, where);

  for (let round = 0; round < 3; round++) {
    child.kill('SIGSTOP');
    await until('it to be stopped', () => stateOf(child.pid) === 'T');
    child.kill('SIGCONT');
    await until('it to go on', () => stateOf(child.pid) !== 'T');
  }
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await lines.find('a short breach', isShort);
  hog.child.kill('SIGKILL');
  child.stdin?.write('stop\n');
  await exited;

  expect(child.exitCode).toBe(0);
});

test('what happens while the process is stopped is told when it goes on', async () => {
  const cgroup = make({ 'memory.high': 40 * MiB, 'memory.swap.max': 0 });
  const { child, lines, exited } = await watching(cgroup);

  child.kill('SIGSTOP');
  await until('it to be stopped', () => stateOf(child.pid) === 'T');
  const hog = runIn(cgroup, 'hog', 8, 4, 5, 400);
  await until('`high` to grow', () => cgroup.counter('high') > 0);
  hog.child.kill('SIGKILL');
  await hog.exited;
  const counted = cgroup.counter('high');
  child.kill('SIGCONT');
  await lines.find('all of it', (line) => line.startsWith('breach ') && (JSON.parse(line.slice('breach '.length)) as EventBreach).counters.high === counted);
  child.stdin?.write('stop\n');
  await exited;

  expect(child.exitCode).toBe(0);
});

/** The third field of /proc/PID/stat. */
function stateOf(pid: number | undefined): string | undefined {
  const file = `/proc/${pid ?? 0}/stat`;
  return /\) (\S)/.exec(readFileSync(file, 'utf8'))?.[1];
}
