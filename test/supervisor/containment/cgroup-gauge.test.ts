import { native } from '../../../lib/native';
import { CgroupGauge } from '../../../lib/supervisor/containment/cgroup-gauge';
import { FixtureCgroup, MiB } from '../../support/fixture-cgroup';

let pool: FixtureCgroup;
beforeEach(() => {
  pool = new FixtureCgroup({ oom_kill: 3 }).high(100 * MiB).max('max');
});
afterEach(() => {
  jest.restoreAllMocks();
  pool.remove();
});

const measure = (wasShort: boolean, killBufferBytes?: number) => new CgroupGauge(pool.directory, killBufferBytes).measure(wasShort);

it('tells of a shortage what must be freed', () => {
  pool.usage({ current: 120 * MiB, inactiveFile: 15 * MiB, activeFile: 4 * MiB, slabReclaimable: MiB });
  expect(measure(false)).toMatchObject({
    short: true, markBytes: 100 * MiB, bytesToFree: 5 * MiB, usage: { currentBytes: 120 * MiB, pinnedBytes: 100 * MiB }, limits: { highBytes: 100 * MiB, maxBytes: Infinity },
  });
});

// The kill buffer is 5 MiB: a shortage begins above 97.5 MiB, and is over at 95 MiB.
it.each([
  [98, false, true, 3],
  [97, false, false, 0],
  [97, true, true, 2],
  [96, true, true, 1],
  [95, true, false, 0],
])('%d MiB of 100, short before: %s: short is %s, %d MiB to free', (current, wasShort, short, toFree) => {
  pool.usage({ current: current * MiB });
  expect(measure(wasShort)).toMatchObject({ short, bytesToFree: toFree * MiB });
});

it('takes the kill buffer of the options', () => {
  pool.usage({ current: 85 * MiB });
  expect(measure(true, 20 * MiB)).toMatchObject({ short: true, bytesToFree: 5 * MiB });
});

it('is not short of what is only cache', () => {
  pool.usage({ current: 100 * MiB, inactiveFile: 99 * MiB });
  expect(measure(true)).toMatchObject({ short: false, bytesToFree: 0, usage: { pinnedBytes: MiB } });
});

it('looks afresh each time, also at the limits', () => {
  pool.usage({ current: 99 * MiB });
  const gauge = new CgroupGauge(pool.directory, undefined);
  expect(gauge.measure(true)?.short).toBe(true);
  pool.high(200 * MiB);
  expect(gauge.measure(true)).toMatchObject({ short: false, markBytes: 200 * MiB });
});

it('without any limit is never short', () => {
  pool.high('max').usage({ current: 99 * MiB });
  expect(measure(true)).toMatchObject({ short: false, markBytes: Infinity, bytesToFree: 0 });
});

it.each<[string, () => void]>([
  ['it is gone', () => { pool.remove(); }],
  ['no usage can be read', () => undefined],
  ['no limit can be read', () => { pool.usage({ current: 1 }).delete('memory.high').delete('memory.max'); }],
  ['no descriptor is left', () => jest.spyOn(native(), 'readMemory').mockReturnValue({ errno: 24, syscall: 'open', file: 'memory.current' })],
])('does not tell when %s', (_what, spoil) => {
  spoil();
  expect(measure(true)).toBeUndefined();
});

it("counts the kernel's kills, and does not call it 0 when that cannot be read", () => {
  const gauge = new CgroupGauge(pool.usage({ current: 1 }).directory, undefined);
  expect(gauge.kernelOomKills()).toBe(3);
  pool.delete('memory.events');
  expect(gauge.kernelOomKills()).toBeUndefined();
  pool.remove();
  expect(gauge.kernelOomKills()).toBeUndefined();
});
