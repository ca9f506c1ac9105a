import { launchersOf } from '../../lib/cli/launchers';
import { FixtureHost } from '../cgroup/preflight/fixture-host';

function host(cmdlines: Record<number, string>, parents: Record<number, number>): FixtureHost {
  const all = new FixtureHost();
  all.environment['npm_execpath'] = 'npm-cli.js';
  for (const [pid, text] of Object.entries(cmdlines)) all.put({ [`/proc/${pid}/cmdline`]: text });
  for (const [pid, parent] of Object.entries(parents)) all.put({ [`/proc/${pid}/status`]: `Name:\tx\nPPid:\t${parent}\n` });
  return all;
}

test('a shell and npm', () => {
  expect(launchersOf(host({ 99: 'sh\0-c\0x', 98: 'npm exec spillway' }, { 100: 99, 99: 98, 98: 50 }))).toEqual([99, 98]);
});

test('npm alone', () => {
  expect(launchersOf(host({ 98: 'npm exec spillway' }, { 100: 98, 98: 50 }))).toEqual([98]);
});

test('none without npm among them, at the top, in a loop, or outside npm', () => {
  expect(launchersOf(host({ 99: 'bash' }, { 100: 99, 99: 1 }))).toEqual([]);
  expect(launchersOf(host({}, {}))).toEqual([]);
  expect(launchersOf(host({}, { 100: 99, 99: 100 }))).toEqual([]);
  const outside = host({ 98: 'npm run dev' }, { 100: 98 });
  delete outside.environment['npm_execpath'];
  expect(launchersOf(outside)).toEqual([]);
});
