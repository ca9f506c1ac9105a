import { parseShedOptions, type ShedOptions } from '../../../lib/supervisor/shed/shed-options';
import { errorOf } from '../../support/error-of';

it('sheds nothing and is killed at once where nothing is given', () => {
  expect(parseShedOptions({})).toEqual({ shed: 'none', shedMs: 100, graceMs: 0 });
});

it.each<Required<ShedOptions>>([{ shed: 'ipc', shedMs: 1, graceMs: 3_600_000 }, { shed: 'signal', shedMs: 60_000, graceMs: 0 }])('takes %j', (options) => {
  expect(parseShedOptions(options)).toEqual(options);
});

it.each<[unknown, string]>([
  [{ shed: 'SIGUSR2' }, 'shed'], [{ shed: true }, 'shed'], [{ shedMs: 0 }, 'shedMs'], [{ shedMs: 60_001 }, 'shedMs'], [{ shedMs: 1.5 }, 'shedMs'], [{ graceMs: -1 }, 'graceMs'], [{ graceMs: 3_600_001 }, 'graceMs'],
])('refuses %j', (options, name) => {
  expect(errorOf(() => parseShedOptions(options as ShedOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(`'${name}'`) as string });
});
