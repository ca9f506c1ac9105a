import fc from 'fast-check';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHighBytes, totalBytes } from '../../lib/cgroup/limits';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

describe('defaultHighBytes', () => {
  it.each([
    ['1 GiB: a quarter stays', GiB, 768 * MiB],
    ['2 GiB: 500 MiB stay', 2 * GiB, 2 * GiB - 500 * MiB],
    ['4 GiB: 500 MiB stay', 4 * GiB, 4 * GiB - 500 * MiB],
    ['5000 MiB: both rules agree', 5000 * MiB, 4500 * MiB],
    ['64 GiB: 10 % stay', 64 * GiB, Math.floor(57.6 * GiB)],
    ['100 GiB: both rules agree', 100 * GiB, 90 * GiB],
    ['512 GiB: 10 GiB stay', 512 * GiB, 502 * GiB],
    ['an odd number', 3 * GiB + 12_345, 3 * GiB + 12_345 - 500 * MiB],
    ['next to nothing', 3, 2],
    ['nothing', 0, 0],
  ])('of %s', (_what, total, high) => {
    expect(defaultHighBytes(total)).toBe(high);
  });

  const bytes = fc.integer({ min: 1, max: 2 ** 53 - 1 });

  it('is whole, leaves at least something and takes at least three quarters', () => {
    fc.assert(
      fc.property(bytes, (total) => {
        const high = defaultHighBytes(total);
        expect(Number.isSafeInteger(high)).toBe(true);
        expect(high).toBeLessThan(total);
        expect(high).toBeGreaterThanOrEqual(Math.floor(total * 0.75));
        expect(total - high).toBeLessThanOrEqual(10 * GiB + 2);
      }),
    );
  });

  it('never falls when there is more', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(defaultHighBytes(Math.min(a, b))).toBeLessThanOrEqual(defaultHighBytes(Math.max(a, b)));
      }),
    );
  });
});

describe('totalBytes', () => {
  let root: string;
  let leaf: string;
  const write = (directory: string, file: string, text: string): void => {
    writeFileSync(join(directory, file), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'spillway-limits-'));
    leaf = join(root, 'middle', 'leaf');
    mkdirSync(leaf, { recursive: true });
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("is the machine's memory where nothing is limited", async () => {
    write(leaf, 'memory.max', 'max\n');
    expect(await totalBytes(leaf)).toBe(totalmem());
    expect(await totalBytes('/')).toBe(totalmem());
    expect(await totalBytes(join(root, 'missing'))).toBe(totalmem());
  });

  it('is the lowest limit on the way up, whoever has it', async () => {
    write(leaf, 'memory.max', `${300 * MiB}\n`);
    write(root, 'memory.max', `${200 * MiB}\n`);
    expect(await totalBytes(leaf)).toBe(200 * MiB);
    write(join(root, 'middle'), 'memory.max', `${100 * MiB}\n`);
    expect(await totalBytes(leaf)).toBe(100 * MiB);
    expect(await totalBytes(root)).toBe(200 * MiB);
  });

  it('heeds memory.high of an ancestor, which throttles the pool all the same', async () => {
    write(root, 'memory.max', `${200 * MiB}\n`);
    write(root, 'memory.high', `${150 * MiB}\n`);
    expect(await totalBytes(leaf)).toBe(150 * MiB);
  });

  it.each(['', '\n', 'nonsense', '-5\n', '1e3\n', '0x10\n', `${'9'.repeat(30)}\n`])('takes %j for no limit', async (text) => {
    write(leaf, 'memory.max', text);
    expect(await totalBytes(leaf)).toBe(totalmem());
  });

  it('takes 0 at its word', async () => {
    write(leaf, 'memory.max', '0\n');
    expect(await totalBytes(leaf)).toBe(0);
  });
});
