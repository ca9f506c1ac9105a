import { parseBoundsOptions, type BoundsOptions } from '../../lib/supervisor/bounds-options';
import { errorOf } from '../support/error-of';

it('adds nothing up unless asked to', () => {
  expect(parseBoundsOptions()).toEqual({ mode: 'disabled', slopFactor: 0 });
  expect(parseBoundsOptions({ mode: 'strict', slopFactor: 0.25 })).toEqual({ mode: 'strict', slopFactor: 0.25 });
});

it.each([
  [{ mode: 'on' }, /bounds\.mode/],
  [{ slopFactor: 1 }, /slopFactor/],
  [{ slopFactor: -0.1 }, /slopFactor/],
  [{ slopFactor: NaN }, /slopFactor/],
  [{ slop: 0.1 }, /slop/],
  ['strict', /a supervisor's bounds/],
])('refuses %j', (options, message) => {
  const error = errorOf(() => parseBoundsOptions(options as BoundsOptions));
  expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  expect(String(error)).toMatch(message);
});
