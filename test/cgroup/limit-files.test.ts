import fc from 'fast-check';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { readLimit, setBytes, setBytesInBackground, setNumber } from '../../lib/cgroup/limit-files';
import { errorOf } from '../support/error-of';
import { describeReal, runApart, useRealCgroups } from '../support/fixture-pool';

let folder: string;
let cgroup: Cgroup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-limits-'));
  cgroup = new Cgroup(folder);
  for (const file of ['cpu.weight', 'memory.max', 'pids.max']) writeFileSync(join(folder, file), '');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** What the file says after any write. */
function readsBack(value: string | undefined): void {
  const read = cgroup.read.bind(cgroup);
  jest.spyOn(cgroup, 'read').mockImplementation((file) => {
    if (value === undefined) rmSync(join(folder, file));
    return value ?? read(file);
  });
}

describe('setBytes', () => {
  it.each([
    [0, '0'],
    [2 ** 53 - 1, '9007199254740991'],
    [Infinity, 'max'],
  ])('writes %d bytes as %s', async (bytes, written) => {
    setBytes(cgroup, 'memory.max', bytes);
    expect(text('memory.max')).toBe(written);
    writeFileSync(join(folder, 'memory.max'), '');
    await setBytesInBackground(cgroup, 'memory.max', bytes);
    expect(text('memory.max')).toBe(written);
  });

  it.each([
    ['a page of 4 KiB', 10_000, '8192\n'],
    ['a page of 64 KiB', 100_000, '65536\n'],
    ['a page of 64 KiB, to nothing', 65_535, '0\n'],
    ['the largest number, to a page', 2 ** 53 - 1, '9007199254736896\n'],
  ])('is content with a limit that was rounded down to %s', async (_what, bytes, found) => {
    readsBack(found);
    setBytes(cgroup, 'memory.max', bytes);
    await setBytesInBackground(cgroup, 'memory.max', bytes);
  });

  it.each<[string, number, string | undefined, RegExp]>([
    ['another limit', 2 ** 30, '4096\n', /Wrote 1073741824 to memory.max of the cgroup ".*" and read back 4096: somebody else writes/],
    ['a limit rounded by more than a page', 2 ** 20, `${2 ** 20 - 2 ** 16}\n`, /read back 983040/],
    ['a higher limit, by however little', 4096, '4097\n', /read back 4097/],
    ['none', 4096, 'max\n', /Wrote 4096 .* read back max/],
    ['one instead of none', Infinity, '9223372036854771712\n', /Wrote max .* read back 9223372036854772000/],
    ['a text', 4096, 'nonsense\n', /read back NaN/],
    ['no file any more', 4096, undefined, /read back nothing/],
  ])('tells when it reads back %s', async (_what, bytes, found, message) => {
    readsBack(found);
    const refusal = { code: 'ERR_SPILLWAY_LIMIT_NOT_SET', message: expect.stringMatching(message) as string };
    expect(errorOf(() => { setBytes(cgroup, 'memory.max', bytes); })).toMatchObject(refusal);
    writeFileSync(join(folder, 'memory.max'), '');
    await expect(setBytesInBackground(cgroup, 'memory.max', bytes)).rejects.toMatchObject(refusal);
  });

  it('takes any rounding to pages, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.constantFrom(12, 14, 16), (bytes, shift) => {
        writeFileSync(join(folder, 'memory.max'), '');
        const rounded = Number((BigInt(bytes) >> BigInt(shift)) << BigInt(shift));
        readsBack(`${rounded}\n`);
        setBytes(cgroup, 'memory.max', bytes);
        readsBack(`${rounded - 2 ** 16}\n`);
        expect(errorOf(() => { setBytes(cgroup, 'memory.max', bytes); })).toMatchObject({ code: 'ERR_SPILLWAY_LIMIT_NOT_SET' });
      }),
    );
  });

  it('hands on what the write throws', async () => {
    const refusal = { code: 'ERR_SPILLWAY_NOT_CGROUP2', message: expect.stringContaining('Could not set memory.low of') as string };
    expect(errorOf(() => { setBytes(cgroup, 'memory.low', 1); })).toMatchObject(refusal);
    await expect(setBytesInBackground(cgroup, 'memory.low', 1)).rejects.toMatchObject(refusal);
  });
});

describe('setNumber', () => {
  it.each([
    ['pids.max', 1, '1'],
    ['pids.max', Infinity, 'max'],
    ['cpu.weight', 10_000, '10000'],
  ] as const)('writes %s %d as %s', (file, value, written) => {
    setNumber(cgroup, file, value);
    expect(text(file)).toBe(written);
  });

  it.each(['99\n', '101\n', 'max\n', ''])('takes no other number for it: %j', (found) => {
    readsBack(found);
    expect(errorOf(() => { setNumber(cgroup, 'pids.max', 100); })).toMatchObject({ code: 'ERR_SPILLWAY_LIMIT_NOT_SET' });
  });
});

describe('readLimit', () => {
  it.each([
    ['max\n', Infinity],
    ['max', Infinity],
    ['0\n', 0],
    ['4096\n', 4096],
  ])('%j is %d', (found, limit) => {
    writeFileSync(join(folder, 'memory.max'), found);
    expect(readLimit(cgroup, 'memory.max')).toBe(limit);
  });

  it('is undefined, and not 0, where there is no such file or no such cgroup', () => {
    expect(readLimit(cgroup, 'memory.swap.max')).toBeUndefined();
    expect(readLimit(cgroup.child('gone'), 'memory.max')).toBeUndefined();
  });

  (process.getuid?.() === 0 ? it : it.skip)('is no unknown limit where permission is missing', async () => {
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'memory.high'), '1\n', { mode: 0o600 });
    const printed = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const { readLimit } = lib('cgroup/limit-files');
      process.setgid(65534); process.setuid(65534);
      try { console.log(readLimit(new Cgroup(${JSON.stringify(folder)}), 'memory.high')); } catch (error) { console.log(error.code); }`);
    expect(printed).toBe('ERR_SPILLWAY_PERMISSION\n');
  });
});

describeReal('in a real cgroup without the controller', () => {
  const real = useRealCgroups();

  it('there is nothing to read and nothing to set', async () => {
    const inner = real.make().child('inner');
    inner.create();
    expect(readLimit(inner, 'memory.high')).toBeUndefined();
    expect(errorOf(() => { setBytes(inner, 'memory.high', 1); })).toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
    await expect(setBytesInBackground(inner, 'memory.high', 1)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_CONTROLLER_DISABLED' });
  });
});
