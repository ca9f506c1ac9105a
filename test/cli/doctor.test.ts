import { diagnose, format } from '../../lib/cli/doctor';
import { dockerPrivate, FixtureHost, systemService, top, userScope } from '../cgroup/preflight/fixture-host';

const plain = { colours: false };

test('a line for each check, aligned, and what it comes to', () => {
  const text = format(diagnose(userScope(true), { name: 'jobs' }), plain);
  const lines = text.split('\n');
  expect(lines.filter((line) => /^[✓·!✗] [a-z-]+ +\S/.test(line))).toHaveLength(18);
  const columns = lines.filter((line) => /^[✓·!✗] /.test(line)).map((line) => /^. \S+ +/.exec(line)?.[0].length);
  expect(new Set(columns)).toEqual(new Set([24]));
  expect(lines.slice(-3)).toEqual(['', 'Guarantee level kernel: limits are heard from the kernel the moment it counts them, and each worker has a cgroup of its own.', '']);
});

test('fixes below their findings, and the checks that lowered the level', () => {
  const text = format(diagnose(userScope(false), {}), plain);
  expect(text).toMatch(/^✗ delegation .*\n {24}→ 'systemd-run --user --scope -p Delegate=yes COMMAND'$/m);
  expect(text).toMatch(/^Guarantee level polling: .* Lowered by: delegation\.$/m);
});

test('what was not looked at takes one line', () => {
  const text = format(diagnose(new FixtureHost(), {}), plain);
  expect(text).toMatch(/^· not looked at {9}base, delegation, permission, .*\.$/m);
  expect(text).not.toContain('there is no base cgroup');
});

test('wraps to the width, and colours only when told to', () => {
  const diagnosis = diagnose(dockerPrivate(), {});
  const narrow = format(diagnosis, { colours: false, columns: 90 });
  // A word longer than the width stays whole, and what is there to be copied.
  for (const line of narrow.split('\n').filter((each) => each.trim().includes(' ') && !each.includes('→'))) expect(line.length).toBeLessThanOrEqual(90);
  expect(narrow).not.toContain('\x1b');
  const coloured = format(diagnosis, { colours: true, columns: 90 });
  expect(coloured).toContain('\x1b[31m✗\x1b[0m permission');
  // eslint-disable-next-line no-control-regex
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(narrow);
});

test('a name cannot command the terminal', () => {
  const host = systemService().cgroup(`${top}/system.slice/jobs.service`, { delegate: true, procs: [7, 100] }).process(7, 'a\x1b[2Jb\rc\x7f');
  expect(format(diagnose(host, {}), plain)).toContain('7 (a?[2Jb?c?)');
});

test('npm in between is no stranger in the base', () => {
  const host = systemService().cgroup(`${top}/system.slice/jobs.service`, { delegate: true, procs: [98, 99, 100] });
  host.put({ '/proc/100/status': 'PPid:\t99\n', '/proc/99/status': 'PPid:\t98\n', '/proc/99/cmdline': 'sh\0-c\0spillway doctor\0', '/proc/98/status': 'PPid:\t1\n', '/proc/98/cmdline': 'npm exec spillway doctor\0' });
  expect(diagnose(host, {}).level).toBe('polling');
  host.environment['npm_execpath'] = '/usr/lib/node_modules/npm/bin/npx-cli.js';
  expect(diagnose(host, {}).level).toBe('kernel');
});
