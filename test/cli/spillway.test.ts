import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findingNames } from '../../lib/cgroup/preflight/types';
import { formatReport } from '../../lib/supervisor/reports/format-report';
import { reportOf } from '../supervisor/reports/reports-of';

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

describe('reports', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'spillway-cli-'));
    file = join(directory, 'reports.jsonl');
    writeFileSync(file, `${formatReport(reportOf())}\n{"torn`);
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test('explain a file', () => {
    const { status, stdout, stderr } = run('explain', file);
    expect(stdout).toMatch(/^Spillway killed the worker build-7 because /);
    expect([status, stderr]).toEqual([0, `spillway: ${file}: line 2 is skipped: Not a relief report: this is no whole line of JSON (it may have been cut off)\n`]);
    expect(run('explain', directory)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('it is a directory') as string });
    expect(run('explain', `${file}2`)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('there is no such file') as string });
  });

  test.each(['< "$2"', '< <(cat "$2")', '<<< "$(cat "$2")"'])('explain standard input: %s', (redirection) => {
    const { status, stdout } = spawnSync('bash', ['-c', `exec "$0" "$1" explain - ${redirection}`, process.execPath, program, file], { encoding: 'utf8' });
    expect([status, stdout.split(' because ')[0]]).toEqual([0, 'Spillway killed the worker build-7']);
  });

  test('explain standard input of another Node, which is a socket', () => {
    const { status, stdout } = spawnSync(process.execPath, [program, 'explain', '-'], { encoding: 'utf8', input: formatReport(reportOf()) });
    expect([status, stdout.split(' because ')[0]]).toEqual([0, 'Spillway killed the worker build-7']);
  });

  test('explain standard input that comes late and does not block', () => {
    // A Node that reads from a pipe makes it non-blocking for all who share it.
    const sharing = '(sleep 1; cat "$1") | { "$0" -e "process.stdin.pause(); setTimeout(() => undefined, 2000)" <&0 & sleep 0.5; exec "$0" "$2" explain -; }';
    const { status, stdout } = spawnSync('bash', ['-c', sharing, process.execPath, file, program], { encoding: 'utf8' });
    expect([status, stdout.split(' because ')[0]]).toEqual([0, 'Spillway killed the worker build-7']);
  });

  test.each([
    ['policy.cjs', 'module.exports = POLICY'],
    ['policy.mjs', 'export default POLICY'],
  ])('replay with the module %s', (name, source) => {
    writeFileSync(join(directory, name), source.replace('POLICY', "{ name: 'mine', rank: (all) => all.map(({ id }) => ({ id, reason: 'x' })) }"));
    const { status, stdout } = run('replay', file, '--policy', join(directory, name));
    // Node before 20.19 cannot load an ES module at once.
    if (status === 2 && name.endsWith('.mjs')) return;
    expect([status, stdout.split('\n')[0]]).toEqual([0, 'mine would have chosen the same workers in 0 of 1 report.']);
  });

  test('a module is found from the current directory', () => {
    writeFileSync(join(directory, 'mine.js'), "module.exports = { name: 'mine', rank: () => [] }");
    const { stdout } = spawnSync(process.execPath, [program, 'replay', file, '--policy', './mine.js'], { encoding: 'utf8', cwd: directory });
    expect(stdout).toMatch(/^mine would have/);
  });
});
