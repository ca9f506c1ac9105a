import type { MemoryLimits } from '../../../lib/monitor/types';
import { readProcess, type ProcessEntry } from '../../../lib/process/process-entry';
import { ProcessGauge } from '../../../lib/supervisor/containment/process-gauge';
import { ProcessPool } from '../../../lib/supervisor/containment/process-pool';
import { Running } from '../../process/support/running';
import { MiB } from '../../support/containment';

const running: Running[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const each of running.splice(0)) each.release();
});

function entryOf(pid: number): ProcessEntry {
  const entry = readProcess(pid);
  if (entry === undefined) throw new Error('it is gone');
  return entry;
}
const pool = new ProcessPool(0);
const gauge = (limits: MemoryLimits, members: readonly ProcessEntry[] = [], killBufferBytes?: number) => new ProcessGauge(pool, () => members, limits, killBufferBytes);

// As at the other level: with a kill buffer of 5 MiB a shortage begins above 97.5 MiB, and is over at 95 MiB.
it.each([
  [98, false, true],
  [97, false, false],
  [97, true, true],
  [95, true, false],
])('%d MiB of 100, short before: %s: short is %s', (current, wasShort, short) => {
  const usage = { currentBytes: current * MiB };
  expect(gauge({ highBytes: 100 * MiB }).judge(usage, { highBytes: 100 * MiB }, wasShort)).toMatchObject({ short, markBytes: 100 * MiB, usage: { pinnedBytes: current * MiB } });
});

it('its memory.max counts as a mark, for nobody else guards it', () => {
  expect(gauge({}).judge({ currentBytes: 99 * MiB }, { highBytes: Infinity, maxBytes: 100 * MiB }, false)).toMatchObject({ short: true, markBytes: 100 * MiB });
});

it('takes the kill buffer of the options', () => {
  expect(gauge({}, [], 20 * MiB).judge({ currentBytes: 91 * MiB }, { highBytes: 100 * MiB }, false)).toMatchObject({ short: true, bytesToFree: 11 * MiB });
});

it('nobody there uses nothing', () => {
  expect(gauge({ highBytes: 1 }).measure(true)).toMatchObject({ short: false, usage: { currentBytes: 0, pinnedBytes: 0 } });
});

it('without a limit nothing is short', () => {
  expect(gauge({ highBytes: Infinity, maxBytes: Infinity }, [entryOf(process.pid)]).measure(true)).toMatchObject({ short: false, bytesToFree: 0 });
});

it('limits may change under it', () => {
  const limits = { highBytes: 2 ** 40, maxBytes: Infinity };
  const changing = gauge(limits, [entryOf(process.pid)]);
  expect(changing.measure(false)?.short).toBe(false);
  limits.highBytes = MiB;
  expect(changing.measure(false)).toMatchObject({ short: true, markBytes: MiB });
});

it('memory that processes share counts once when it matters', async () => {
  const parent = Running.python(`
held = bytearray(80 << 20)
for at in range(0, len(held), 4096): held[at] = 1
pid = os.fork()
if pid: tell([os.getpid(), pid])
hold()`);
  running.push(parent);
  const members = (await parent.numbers()).map(entryOf);
  const roomy = gauge({ highBytes: 1000 * MiB }, members).measure(false);
  const tight = gauge({ highBytes: 130 * MiB }, members).measure(false);
  expect(roomy?.usage.currentBytes).toBeGreaterThan(160 * MiB);
  expect(tight).toMatchObject({ short: false });
  expect(tight?.usage.currentBytes).toBeLessThan(130 * MiB);
  expect(gauge({ highBytes: 60 * MiB }, members).measure(false)).toMatchObject({ short: true });
});

it('where it cannot look it does not tell; the monitor gets the error', () => {
  jest.spyOn(pool, 'look').mockImplementation(() => { throw new Error('EMFILE'); });
  expect(gauge({ highBytes: 1 }).measure(true)).toBeUndefined();
  expect(() => gauge({ highBytes: 1 }).look(true)).toThrow('EMFILE');
});
