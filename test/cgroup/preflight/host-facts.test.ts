import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFacts } from '../../../lib/cgroup/preflight/host-facts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-facts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('what is there', () => {
  writeFileSync(join(folder, 'file'), 'text');
  mkdirSync(join(folder, 'directory'));
  symlinkSync('directory', join(folder, 'link'));
  expect(hostFacts.read(join(folder, 'file'))).toBe('text');
  expect(hostFacts.exists(join(folder, 'link'))).toBe(true);
  expect(hostFacts.list(folder)).toEqual(expect.arrayContaining([{ name: 'file', directory: false }, { name: 'directory', directory: true }]));
  expect(hostFacts.identity(join(folder, 'link'))).toBe(hostFacts.identity(join(folder, 'directory')));
  expect(hostFacts.identity(folder)).not.toBe(hostFacts.identity(join(folder, 'directory')));
  expect(hostFacts.writeRefusal(join(folder, 'file'))).toBeUndefined();
  expect(hostFacts.isCgroup2(folder)).toBe(false);
  expect(hostFacts.attribute(folder, 'user.delegate')).toBeUndefined();
});

test('what is not throws nothing', () => {
  const missing = join(folder, 'missing');
  expect(hostFacts.read(missing)).toBeUndefined();
  expect(hostFacts.read(folder)).toBeUndefined();
  expect(hostFacts.exists(missing)).toBe(false);
  expect(hostFacts.list(missing)).toEqual([]);
  expect(hostFacts.identity(missing)).toBeUndefined();
  expect(hostFacts.isCgroup2(missing)).toBe(false);
  expect(hostFacts.writeRefusal(missing)).toBe('ENOENT');
  expect(hostFacts.attribute(missing, 'user.delegate')).toBeUndefined();
});

test('this process', () => {
  expect(hostFacts).toMatchObject({ platform: process.platform, pid: process.pid, uid: process.getuid?.() });
});
