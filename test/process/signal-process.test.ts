import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { native } from '../../lib/native';
import { readProcess, type ProcessEntry } from '../../lib/process/process-entry';
import { signalProcess } from '../../lib/process/signal-process';
import { runs, until, useStrays } from '../support/containment';
import { errorOf } from '../support/error-of';
import { openFiles } from '../support/process-resources';

const strays = useStrays();
afterEach(() => {
  jest.restoreAllMocks();
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
});

function sleeper(): ProcessEntry {
  const entry = readProcess(strays.start('sleep', ['600']).pid ?? 0);
  if (entry === undefined) throw new Error('it did not start');
  return entry;
}

it('sends SIGKILL', async () => {
  const entry = sleeper();
  expect(signalProcess(entry, 'SIGKILL')).toBe(true);
  await until('its end', () => !runs(entry.pid));
});

it('sends SIGSTOP', async () => {
  const entry = sleeper();
  expect(signalProcess(entry, 'SIGSTOP')).toBe(true);
  await until('its halt', () => readProcess(entry.pid)?.state === 'T');
});

it('one that is gone needs none', async () => {
  const child = strays.start('sleep', ['600']);
  const { pid = 0 } = child;
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(signalProcess({ pid, startTime: 1 }, 'SIGKILL')).toBe(true);
});

it('another process that has its number now is spared', () => {
  const { pid, startTime } = sleeper();
  const signal = jest.spyOn(native(), 'signalPidfd');
  expect(signalProcess({ pid, startTime: startTime - 1 }, 'SIGKILL')).toBe(true);
  expect(signal).not.toHaveBeenCalled();
});

it('a thread that has its number now is spared', () => {
  const tid = Number(readdirSync('/proc/self/task').find((name) => name !== String(process.pid)));
  expect(signalProcess({ pid: tid, startTime: 1 }, 'SIGKILL')).toBe(true);
});

it.each([
  ['gone meanwhile', 3, true],
  ["another user's", 1, false],
])('%s', (_what, errno, outcome) => {
  jest.spyOn(native(), 'signalPidfd').mockReturnValue({ errno, syscall: 'pidfd_send_signal', file: '' });
  expect(signalProcess(sleeper(), 'SIGKILL')).toBe(outcome);
});

it('says so when no descriptor is left', () => {
  const entry = sleeper();
  jest.spyOn(native(), 'openPidfd').mockReturnValue({ errno: 24, syscall: 'pidfd_open', file: '' });
  expect(errorOf(() => signalProcess(entry, 'SIGKILL'))).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT', message: `Could not hold the process ${entry.pid}: EMFILE` });
});
