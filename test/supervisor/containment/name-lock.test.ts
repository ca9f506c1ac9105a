import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { native } from '../../../lib/native';
import { NameLock } from '../../../lib/supervisor/containment/name-lock';
import { errorOf } from '../../support/error-of';
import { openFiles } from '../../support/process-resources';

let folder: string;
const locks: NameLock[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(os.tmpdir(), 'spillway-names-'));
  jest.spyOn(os, 'tmpdir').mockReturnValue(folder);
});
afterEach(() => {
  for (const lock of locks.splice(0)) lock[Symbol.dispose]();
  expect(openFiles().filter((name) => name.startsWith(folder))).toEqual([]);
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const take = (name = 'a'): NameLock => {
  const lock = NameLock.take(name, 'test');
  locks.push(lock);
  return lock;
};
const path = (name = 'a'): string => join(folder, `spillway-${process.getuid?.() ?? 0}-${name}.lock`);
const inUse = { code: 'ERR_SPILLWAY_NAME_IN_USE' };
const refused = { code: 'ERR_SPILLWAY_PERMISSION', message: expect.stringContaining('set TMPDIR') as string };

it('a name has one owner, and is free when that lets go of it', () => {
  const first = take();
  expect(errorOf(() => take())).toMatchObject({ ...inUse, message: expect.stringContaining(path()) as string });
  take('b');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual([expect.stringContaining('-b.lock')]);
  take();
});

it('a file that a crash left is nobody’s', () => {
  writeFileSync(path(), 'whatever');
  take();
});

it('a file that its owner removed just before it was locked is not the one', () => {
  const lockFile = native().lockFile.bind(native());
  const locked = jest.spyOn(native(), 'lockFile').mockImplementationOnce((fd) => {
    unlinkSync(path());
    return lockFile(fd);
  });
  take();
  expect(locked).toHaveBeenCalledTimes(2);
  expect(errorOf(() => take())).toMatchObject(inUse);
});

it('somebody cleans the folder: the former owner does not remove the lock of the next one', () => {
  const first = take();
  rmSync(path());
  take();
  first[Symbol.dispose]();
  expect(existsSync(path())).toBe(true);
  expect(errorOf(() => take())).toMatchObject(inUse);
});

it.each<[string, () => void]>([
  ['a link', () => { writeFileSync(join(folder, 'target'), ''); symlinkSync(join(folder, 'target'), path()); }],
  ['a folder', () => { mkdirSync(path()); }],
  ['nothing, in a folder that is gone', () => { rmSync(folder, { recursive: true }); }],
])('%s in its place is refused', (_what, spoil) => {
  spoil();
  expect(errorOf(() => take())).toMatchObject(refused);
});

(process.getuid?.() === 0 ? it : it.skip)("somebody else's file in its place is refused", () => {
  writeFileSync(path(), '');
  chownSync(path(), 65_534, 65_534);
  expect(errorOf(() => take())).toMatchObject(refused);
  expect(existsSync(path())).toBe(true);
});
