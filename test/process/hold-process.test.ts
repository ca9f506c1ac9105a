import fs, { closeSync } from 'node:fs';
import { native } from '../../lib/native';
import { holdProcess } from '../../lib/process/hold-process';
import { readProcess, type ProcessEntry } from '../../lib/process/process-entry';
import { useStrays } from '../support/containment';
import { errorOf } from '../support/error-of';
import { openFiles } from '../support/process-resources';

const strays = useStrays();
const held = (): string[] => openFiles().filter((name) => name.includes('pidfd'));
afterEach(() => {
  jest.restoreAllMocks();
  expect(held()).toEqual([]);
});

function sleeper(): ProcessEntry {
  const entry = readProcess(strays.start('sleep', ['600']).pid ?? 0);
  if (entry === undefined) throw new Error('it did not start');
  return entry;
}

it('holds a process', () => {
  const pidfd = holdProcess(sleeper());
  expect(held()).toHaveLength(1);
  closeSync(pidfd ?? -1);
});

it.each<[string, (entry: ProcessEntry) => Pick<ProcessEntry, 'pid' | 'startTime'>]>([
  ['one that is gone', ({ startTime }) => ({ pid: 4_194_304, startTime })],
  ['another one with its number', ({ pid, startTime }) => ({ pid, startTime: startTime + 1 })],
])('not %s', (_what, of) => {
  expect(holdProcess(of(sleeper()))).toBeUndefined();
});

it.each([['ENOENT', 2], ['EINVAL', 22]])('not a thread with its number, for which the kernel says %s', (_name, errno) => {
  jest.spyOn(native(), 'openPidfd').mockReturnValue({ errno, syscall: 'pidfd_open', file: '' });
  expect(holdProcess({ pid: 7, startTime: 7 })).toBeUndefined();
});

it('without a descriptor to look with, keeps none', () => {
  const entry = sleeper();
  const error = Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
  jest.spyOn(fs, 'readFileSync').mockImplementationOnce(() => { throw error; });
  expect(errorOf(() => holdProcess(entry))).toBe(error);
});
