import { readProcessCpu } from '../../lib/process/process-cpu';
import { entryOf, FixtureProc, statOf } from './support/fixture-proc';

let proc: FixtureProc;
beforeEach(() => { proc = new FixtureProc(); });
afterEach(() => { proc.remove(); });

it('Saluki 19: the time of this process is positive, and never falls', () => {
  const seen = [0, 1, 2].map(() => {
    const begin = process.cpuUsage();
    let used = { user: 0, system: 0 };
    while (used.user + used.system < 20_000) used = process.cpuUsage(begin);
    return readProcessCpu(process.pid) ?? NaN;
  });
  expect(seen[0]).toBeGreaterThan(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen[2]).toBeGreaterThan(seen[0] ?? NaN);
});

it.each(['node', 'a) R 1 (b', ''])('is in clock ticks after the name %j', (name) => {
  proc.process(entryOf(7, { name }));
  expect(readProcessCpu(7, proc.root)).toBe(0.03);
});

it.each([
  ['is gone', undefined],
  ['is empty', ''],
  ['is cut short', statOf(entryOf(7)).split(' ').slice(0, 14).join(' ')],
  ['has a sign', statOf(entryOf(7)).replace(' 1 2 0 0 20 ', ' -1 2 0 0 20 ')],
  ['is none', 'stat'],
])('of a file that %s it is unknown', (_what, text) => {
  if (text !== undefined) proc.write('7/stat', text);
  expect(readProcessCpu(7, proc.root)).toBeUndefined();
});
