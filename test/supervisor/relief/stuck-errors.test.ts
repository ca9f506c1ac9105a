import { stuckErrors } from '../../../lib/supervisor/relief/stuck-errors';
import { victim } from '../reports/reports-of';

it('tells of those that did not die, and where in the kernel they are', () => {
  const victims = [
    victim('a'), victim('b', { died: false }), victim('c', { died: false, stuck: { state: 'D' } }), victim('d', { died: false, stuck: { state: 'D', waitsFor: 'nfs_wait' } }),
  ];
  const errors = stuckErrors({ victims });
  expect(errors.map(({ code }) => code)).toEqual(['ERR_SPILLWAY_STUCK', 'ERR_SPILLWAY_STUCK', 'ERR_SPILLWAY_STUCK']);
  expect(errors.map(({ message }) => /Worker (.) .* does not die(.*); its memory/.exec(message)?.slice(1))).toEqual([['b', ''], ['c', ' (state D)'], ['d', ' (state D, in nfs_wait)']]);
});
