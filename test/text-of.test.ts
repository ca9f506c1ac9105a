import { textOf } from '../lib/text-of';

it.each<[unknown, string]>([[new TypeError('x'), 'TypeError: x'], ['x', 'x'], [undefined, 'undefined'], [Symbol('x'), 'Symbol(x)'], [Object.create(null), 'something that has no text']])('of %p', (error, text) => {
  expect(textOf(error)).toBe(text);
});
