import { wrap } from '../lib/wrap';

const text = 'aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd';

it.each([
  [Infinity, [text]],
  [32, ['aaaaaaaaaa bbbbbbbbbb cccccccccc', 'dddddddddd']],
  [31, ['aaaaaaaaaa bbbbbbbbbb', 'cccccccccc dddddddddd']],
  [1, ['aaaaaaaaaa bbbbbbbbbb', 'cccccccccc dddddddddd']],
  [NaN, [text]],
])('to a width of %p', (width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});

it('leaves a long word whole', () => {
  expect(wrap(`a ${'b'.repeat(40)} c`, 30)).toEqual(['a', 'b'.repeat(40), 'c']);
});
