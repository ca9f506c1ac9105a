import { newestFirst } from '../../lib/policy';
import { isPolicy } from '../../lib/policy/is-policy';

it('takes those of the package, and any object with a name and a rank function', () => {
  expect([newestFirst(), { name: 'mine', rank: () => [] }].map(isPolicy)).toEqual([true, true]);
});

it('takes nothing else', () => {
  const others = [undefined, null, 'newestFirst', newestFirst, {}, { name: 'mine' }, { name: 1, rank: () => [] }, { name: 'mine', rank: 'first' }];
  expect(others.filter(isPolicy)).toEqual([]);
});
