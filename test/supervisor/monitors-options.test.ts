import { parseMonitorsOptions, type MonitorsOptions } from '../../lib/supervisor/monitors-options';
import { errorOf } from '../support/error-of';

it.each<[unknown, unknown]>([
  [undefined, undefined],
  [{}, undefined],
  [{ pressure: false }, undefined],
  [{ pressure: true }, {}],
  [{ pressure: {} }, {}],
  [{ pressure: { stall: 'some', stallMs: 20, windowMs: 2000 } }, { stall: 'some', stallMs: 20, windowMs: 2000 }],
])('%j', (options, pressure) => {
  expect(parseMonitorsOptions(options as MonitorsOptions)).toEqual({ pressure });
});

it.each<[unknown, RegExp]>([
  [null, /options of a supervisor's monitors to be an object/],
  [{ presure: true }, /did you mean 'pressure'/],
  [{ pressure: null }, /to be an object, got null/],
  [{ pressure: 'some' }, /'monitors\.pressure' to be true, false or an object, got "some"/],
  [{ pressure: { cgroup: '/other' } }, /Unknown option "cgroup"/],
  [{ pressure: { stallMs: 0 } }, /'stallMs'/],
  [{ pressure: { windowMs: 20_000 } }, /'windowMs'/],
])('%j is refused', (options, message) => {
  expect(errorOf(() => parseMonitorsOptions(options as MonitorsOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(message) as string });
});

it('is read once: the caller may reuse its object', () => {
  const pressure = { stallMs: 20 };
  const settings = parseMonitorsOptions({ pressure });
  pressure.stallMs = 30;
  expect(settings).toEqual({ pressure: { stallMs: 20 } });
});
