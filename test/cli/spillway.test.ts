import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { join } from 'node:path';
import { findingNames } from '../../lib/cgroup/preflight/types';

const root = join(__dirname, '../..');
const program = join(root, 'dist/cli/spillway.js');

beforeAll(() => {
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
}, 60_000);

function run(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
}

test('doctor --json of this machine', () => {
  const { status, stdout, stderr } = run('doctor', '--json');
  const { level, findings } = JSON.parse(stdout) as { level: string; findings: { check: string }[] };
  expect(findings.map(({ check }) => check)).toEqual(findingNames);
  expect([status, stderr]).toEqual([level === 'kernel' ? 0 : 1, '']);
});

test('doctor without a terminal has no colours', () => {
  const { stdout, stderr } = run('doctor');
  expect(stdout).toMatch(/^[✓✗] platform /);
  expect(stdout).toMatch(/\nGuarantee level (?:kernel|polling|none): .*\n$/);
  expect(stdout).not.toContain('\x1b');
  expect(stderr).toBe('');
});

test('wrong usage', () => {
  expect(run('nurse')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('unknown command "nurse"') as string });
});

test('a reader that is gone does not make it crash', () => {
  const { status, stderr } = spawnSync('bash', ['-c', '(sleep 0.2; exec "$0" "$@"; ) | true; exit "${PIPESTATUS[0]}"', process.execPath, program, '--help'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
