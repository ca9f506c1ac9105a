import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpillwayError } from '../../../lib/errors';
import { ReportFile } from '../../../lib/supervisor/reports/report-file';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A disk that does as it is told. */
class FakeDisk {
  readonly lines: string[] = [];
  readonly told: SpillwayError[] = [];
  failure: string | undefined;
  #hanging: (() => void)[] | undefined;

  readonly append = async (_path: string, line: string): Promise<void> => {
    if (this.#hanging !== undefined) await new Promise<void>((resolve) => this.#hanging?.push(resolve));
    await settle();
    if (this.failure !== undefined) throw Object.assign(new Error(`it failed: ${this.failure}`), { code: this.failure });
    this.lines.push(line);
  };

  hang(): void {
    this.#hanging = [];
  }

  wake(): void {
    const hanging = this.#hanging ?? [];
    this.#hanging = undefined;
    for (const resolve of hanging) resolve();
  }

  file(maxFileBytes = 65536): ReportFile {
    return new ReportFile({ path: '/x/reports', maxFileBytes, append: this.append, onDegraded: (error) => this.told.push(error) });
  }
}

it('writes in order, and close() waits for all of it', async () => {
  const disk = new FakeDisk();
  const file = disk.file();
  for (const line of ['a', 'b', 'c']) file.write(line);
  expect(disk.lines).toEqual([]);
  await file.close(1000);
  expect([disk.lines, file.lost, disk.told]).toEqual([['a', 'b', 'c'], 0, []]);
});

it('writes again after it was idle', async () => {
  const disk = new FakeDisk();
  const file = disk.file();
  file.write('a');
  await settle();
  await settle();
  expect(disk.lines).toEqual(['a']);
  file.write('b');
  await file.close(1000);
  expect(disk.lines).toEqual(['a', 'b']);
});

it('tells a failure once, and again after a success in between; counts all', async () => {
  const disk = new FakeDisk();
  const file = disk.file();
  const write = async (line: string, failure?: string): Promise<void> => {
    disk.failure = failure;
    file.write(line);
    await settle();
    await settle();
  };
  await write('a', 'ENOSPC');
  await write('b', 'EACCES');
  expect([disk.told.length, file.lost]).toEqual([1, 2]);
  await write('c');
  await write('d', 'ENOSPC');
  expect([disk.told.length, file.lost, disk.lines]).toEqual([2, 3, ['c']]);
  await file.close(1000);
});

it.each([
  ['ENOSPC', 'ERR_SPILLWAY_SYSTEM_LIMIT', 'the disk is full (ENOSPC)'],
  ['EACCES', 'ERR_SPILLWAY_PERMISSION', 'this user may not write there'],
  ['ENOENT', 'ERR_SPILLWAY_SYSTEM', 'its directory does not exist'],
  ['ELOOP', 'ERR_SPILLWAY_PERMISSION', 'it is a symbolic link'],
  ['EIO', 'ERR_SPILLWAY_SYSTEM', 'it failed: EIO'],
])('says what is wrong: %s', async (errno, code, why) => {
  const disk = new FakeDisk();
  disk.failure = errno;
  const file = disk.file();
  file.write('a');
  await file.close(1000);
  expect(disk.told).toEqual([expect.objectContaining({ code, message: expect.stringContaining(why) as string, cause: expect.objectContaining({ code: errno }) as object })]);
  expect(disk.told[0]?.message).toContain('"/x/reports"');
});

it('a disk that hangs holds a bounded number of lines', async () => {
  const disk = new FakeDisk();
  disk.hang();
  const file = disk.file();
  for (let at = 0; at < 300; at++) file.write(`line ${at}`);
  // One is on its way, and 256 wait.
  expect([file.lost, disk.told.length]).toEqual([43, 1]);
  expect(disk.told[0]).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT', message: expect.stringContaining('256 others wait for the disk') as string });
  disk.wake();
  await file.close(5000);
  expect([disk.lines.length, disk.lines[256]]).toEqual([257, 'line 256']);
});

it('a disk that hangs holds a bounded number of bytes', () => {
  const disk = new FakeDisk();
  disk.hang();
  const file = disk.file(2 ** 30);
  for (let at = 0; at < 20; at++) file.write('x'.repeat(2 ** 20));
  expect(file.lost).toBe(4);
});

it('a disk that hangs does not hold close(); what did not get to it is counted', async () => {
  const disk = new FakeDisk();
  disk.hang();
  const file = disk.file();
  for (const line of ['a', 'b', 'c']) file.write(line);
  await file.close(5);
  expect(file.lost).toBe(2);
  disk.wake();
  await settle();
  await settle();
  expect(disk.lines).toEqual(['a']);
});

it('a line that is larger than the file may be is not written', async () => {
  const disk = new FakeDisk();
  const file = disk.file(65536);
  file.write('x'.repeat(65536));
  file.write('ä'.repeat(32768));
  await file.close(1000);
  expect([disk.lines, file.lost, disk.told.map(({ message }) => message)]).toEqual([[], 2, [expect.stringContaining('it is larger than maxFileBytes (64 KiB)')]]);
});

it('after close() nothing is written; it may be called twice', async () => {
  const disk = new FakeDisk();
  const file = disk.file();
  await file.close(1000);
  file.write('a');
  await file.close(1000);
  expect([disk.lines, file.lost]).toEqual([[], 1]);
});

it('writes a real file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-reports-'));
  try {
    const path = join(directory, 'reports.jsonl');
    const told: SpillwayError[] = [];
    const file = new ReportFile({ path, maxFileBytes: 65536, onDegraded: (error) => told.push(error) });
    for (let at = 0; at < 100; at++) file.write(`{"at":${at}}`);
    await file.close(10_000);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(100);
    expect(told).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
