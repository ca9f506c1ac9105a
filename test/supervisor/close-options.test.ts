import { parseCloseOptions } from '../../lib/supervisor/close-options';

const defaults = { graceMs: 7 };

it("takes the supervisor's grace where none is given", () => {
  expect(parseCloseOptions({}, defaults)).toEqual({ drain: false, graceMs: 7, signal: undefined });
  const { signal } = new AbortController();
  expect(parseCloseOptions({ drain: true, graceMs: 0, signal }, defaults)).toEqual({ drain: true, graceMs: 0, signal });
});

it.each([[{ drain: 1 }], [{ graceMs: -1 }], [{ graceMs: 3_600_001 }], [{ graceMs: NaN }], [{ signal: 'SIGTERM' }], [{ signal: null }], [{ grace: 1 }], [null], [7]])('refuses %j', (options) => {
  expect(() => parseCloseOptions(options as object, defaults)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION' }) as Error);
});
