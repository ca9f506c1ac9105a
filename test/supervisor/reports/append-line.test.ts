import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendLine } from '../../../lib/supervisor/reports/append-line';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spillway-reports-'));
  file = join(directory, 'reports.jsonl');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});
const text = (path = file): string => readFileSync(path, 'utf8');

it('makes the file for its owner only, and appends', async () => {
  await appendLine(file, 'a', 1000);
  await appendLine(file, 'größe', 1000);
  expect(text()).toBe('a\ngröße\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('leaves the mode of a file that is there', async () => {
  writeFileSync(file, 'a\n');
  chmodSync(file, 0o644);
  await appendLine(file, 'b', 1000);
  expect([text(), statSync(file).mode & 0o777]).toEqual(['a\nb\n', 0o644]);
});

it('begins on a new line after one that was torn', async () => {
  writeFileSync(file, 'a\n{"half":');
  await appendLine(file, 'b', 1000);
  expect(text()).toBe('a\n{"half":\nb\n');
});

it('rotates before it grows beyond the cap, and replaces the older file: two at most', async () => {
  for (const line of ['1234', '5678', 'abcd', 'efgh', 'ijkl']) await appendLine(file, line, 11);
  expect([text(`${file}.1`), text()]).toEqual(['abcd\nefgh\n', 'ijkl\n']);
  expect(existsSync(`${file}.2`)).toBe(false);
});

it('does not follow a symbolic link', async () => {
  const target = join(directory, 'passwd');
  writeFileSync(target, 'root\n');
  symlinkSync(target, file);
  await expect(appendLine(file, 'x', 1000)).rejects.toMatchObject({ code: 'ELOOP' });
  symlinkSync(join(directory, 'new'), `${file}2`);
  await expect(appendLine(`${file}2`, 'x', 1000)).rejects.toMatchObject({ code: 'ELOOP' });
  expect([text(target), existsSync(join(directory, 'new'))]).toEqual(['root\n', false]);
});

it('a symbolic link in the place of the older file is replaced, not followed', async () => {
  const target = join(directory, 'passwd');
  writeFileSync(target, 'root\n');
  symlinkSync(target, `${file}.1`);
  writeFileSync(file, '12345678\n');
  await appendLine(file, 'x', 10);
  expect([text(target), lstatSync(`${file}.1`).isSymbolicLink(), text()]).toEqual(['root\n', false, 'x\n']);
});

it('refuses what is no regular file, without waiting for the other end of a FIFO', async () => {
  execFileSync('mkfifo', [file]);
  await expect(appendLine(file, 'x', 1000)).rejects.toThrow('it is no regular file');
  await expect(appendLine(directory, 'x', 1000)).rejects.toMatchObject({ code: 'EISDIR' });
});

it('a file that was moved away is made anew; a directory that is gone is an error until it is back', async () => {
  await appendLine(file, 'a', 1000);
  rmSync(directory, { recursive: true });
  await expect(appendLine(file, 'b', 1000)).rejects.toMatchObject({ code: 'ENOENT' });
  mkdirSync(directory);
  await appendLine(file, 'c', 1000);
  expect(text()).toBe('c\n');
});

it('a disk that becomes full in the middle of a line keeps nothing of it', async () => {
  await appendLine(file, 'a', 1000);
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as { write: (bytes: Buffer) => Promise<{ bytesWritten: number }> };
  await handle.close();
  const { write } = prototype;
  const half = jest.spyOn(prototype, 'write').mockImplementation(function (this: unknown, bytes: Buffer) {
    return write.call(this as never, bytes.subarray(0, 2));
  });
  try {
    await expect(appendLine(file, 'bbbb', 1000)).rejects.toMatchObject({ code: 'ENOSPC' });
  } finally {
    half.mockRestore();
  }
  expect(text()).toBe('a\n');
});
