import { parseWaitOptions, type WaitForRoomOptions } from '../../../lib/supervisor/room/wait-options';
import { errorOf } from '../../support/error-of';

it('wants no bytes and waits without limit where nothing is given', () => {
  expect(parseWaitOptions({})).toEqual({ bytes: 0, signal: undefined, timeoutMs: undefined });
});

it('takes what is given', () => {
  const { signal } = new AbortController();
  expect(parseWaitOptions({ bytes: '1KiB', signal, timeoutMs: 0 })).toEqual({ bytes: 1024, signal, timeoutMs: 0 });
});

it.each<[unknown, string]>([
  [null, 'waitForRoom()'], [{ timeout: 1 }, "did you mean 'timeoutMs'"], [{ bytes: -1 }, 'bytes'], [{ bytes: 'max' }, 'bytes'], [{ bytes: 1.5 }, 'bytes'], [{ signal: {} }, 'signal'],
  [{ timeoutMs: -1 }, 'timeoutMs'], [{ timeoutMs: 2 ** 31 }, 'timeoutMs'], [{ timeoutMs: Infinity }, 'timeoutMs'],
])('refuses %j', (options, text) => {
  expect(errorOf(() => parseWaitOptions(options as WaitForRoomOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(text) as string });
});
