import fc from 'fast-check';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHighBytes, lowestLimitOf, totalBytesOf } from '../../lib/cgroup/limits';

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

describe('in a tree', () => {
  let folder: string;
  let root: string;
  let middle: string;
  let leaf: string;
  const write = (directory: string, file: string, text: string): void => {
    writeFileSync(join(directory, file), text);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-limits-'));
    root = join(folder, 'root');
    middle = join(root, 'middle');
    leaf = join(middle, 'leaf');
    mkdirSync(leaf, { recursive: true });
    for (const each of [root, middle, leaf]) write(each, 'cgroup.procs', '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  describe('totalBytesOf', () => {
    it("is the machine's memory where nothing is limited", () => {
      write(leaf, 'memory.max', 'max\n');
      expect(totalBytesOf(leaf)).toBe(totalmem());
      expect(totalBytesOf('/')).toBe(totalmem());
      expect(totalBytesOf(join(root, 'missing'))).toBe(totalmem());
    });

    it('is the lowest limit on the way up, whoever has it', () => {
      write(leaf, 'memory.max', `${300 * MiB}\n`);
      write(root, 'memory.max', `${200 * MiB}\n`);
      expect(totalBytesOf(leaf)).toBe(200 * MiB);
      write(middle, 'memory.max', `${100 * MiB}\n`);
      expect(totalBytesOf(leaf)).toBe(100 * MiB);
      expect(totalBytesOf(root)).toBe(200 * MiB);
    });

    it('heeds memory.high of an ancestor, which throttles the pool all the same', () => {
      write(root, 'memory.max', `${200 * MiB}\n`);
      write(root, 'memory.high', `${150 * MiB}\n`);
      expect(totalBytesOf(leaf)).toBe(150 * MiB);
    });

    it('of limits above the memory of the machine is that memory', () => {
      write(root, 'memory.max', `${2 ** 52}\n`);
      expect(totalBytesOf(leaf)).toBe(totalmem());
    });

    it.each(['', '\n', 'nonsense', '-5\n', '1e3\n', '0x10\n', `${'9'.repeat(30)}\n`])('takes %j for no limit', (text) => {
      write(leaf, 'memory.max', text);
      expect(totalBytesOf(leaf)).toBe(totalmem());
    });

    it('takes 0 at its word', () => {
      write(leaf, 'memory.max', '0\n');
      expect(totalBytesOf(leaf)).toBe(0);
    });
  });

  describe('lowestLimitOf', () => {
    it('names the file of the lowest limit, of equal ones the nearest', () => {
      write(root, 'memory.max', `${300 * MiB}\n`);
      write(middle, 'memory.high', `${200 * MiB}\n`);
      expect(lowestLimitOf(leaf)).toMatchObject({ bytes: 200 * MiB, source: join(middle, 'memory.high') });
      write(leaf, 'memory.max', `${200 * MiB}\n`);
      expect(lowestLimitOf(leaf)).toMatchObject({ bytes: 200 * MiB, source: join(leaf, 'memory.max') });
      expect(lowestLimitOf(root)).toMatchObject({ bytes: 300 * MiB, source: join(root, 'memory.max') });
    });

    it('names none where nothing is limited', () => {
      write(leaf, 'memory.high', 'max\n');
      expect(lowestLimitOf(leaf)).toMatchObject({ bytes: Infinity, source: undefined });
    });

    it('does not look above the mount, where a file of that name would be none of the kernel', () => {
      write(folder, 'memory.max', '5\n');
      expect(lowestLimitOf(leaf).bytes).toBe(Infinity);
    });

    it('also sees those above what is not there yet', () => {
      write(middle, 'memory.max', '7\n');
      expect(lowestLimitOf(join(middle, 'new'))).toMatchObject({ bytes: 7, source: join(middle, 'memory.max') });
    });

    // The root of the hierarchy alone has no cgroup.type; that of a namespace or a bind mount has one.
    it('says whether there may be limits above what can be seen', () => {
      write(leaf, 'cgroup.type', 'domain\n');
      expect(lowestLimitOf(leaf).unknownAbove).toBe(false);
      write(root, 'cgroup.type', 'domain\n');
      expect(lowestLimitOf(leaf).unknownAbove).toBe(true);
    });
  });
});
