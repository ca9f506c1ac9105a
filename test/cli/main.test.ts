import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputs } from '../../lib/cli/inputs';
import { main, usage } from '../../lib/cli/main';
import { FixtureHost, systemService, userScope } from '../cgroup/preflight/fixture-host';

const run = (args: string[], host = systemService()): ReturnType<typeof main> => main(args, host, { colours: false }, inputs);

test.each(['--help', '-h', 'help'])('%s', (word) => {
  expect(run([word])).toEqual({ status: 0, stdout: usage, stderr: '' });
});

test('doctor --help', () => {
  expect(run(['doctor', '--help'])).toEqual({ status: 0, stdout: usage, stderr: '' });
});

test.each(['--version', '-v'])('%s', (word) => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
  expect(run([word])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  [[], 'no command given'],
  [['nurse'], 'unknown command "nurse"'],
  [['--nurse'], 'unknown option "--nurse"'],
  [['doctor', '--nurse'], "Unknown option '--nurse'"],
  [['doctor', 'who'], 'who'],
  [['doctor', '--name'], "'--name <value>' argument missing"],
  [['doctor', '--name', 'a/b'], "Expected option 'name'"],
  [['doctor', '--cgroup', ''], "Expected option 'cgroup'"],
])('%j is wrong usage: status 2, and how it goes', (args, why) => {
  const { status, stdout, stderr } = run(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(why);
  expect(stderr).toContain(usage);
});

test('the status says whether the level is kernel', () => {
  expect(run(['doctor']).status).toBe(0);
  expect(run(['doctor'], userScope(false)).status).toBe(1);
  expect(run(['doctor'], new FixtureHost())).toMatchObject({ status: 1, stderr: '' });
});

test('doctor --json', () => {
  const { status, stdout } = run(['doctor', '--json', '--name', 'jobs'], userScope(false));
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ level: 'polling', findings: expect.arrayContaining([expect.objectContaining({ check: 'delegation', lowersTo: 'polling' })]) as unknown });
});

test('doctor --cgroup', () => {
  expect(run(['doctor', '--cgroup', '/nowhere']).stdout).toContain('there is no directory /nowhere');
});
