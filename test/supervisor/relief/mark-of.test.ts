import { markOf } from '../../../lib/supervisor/relief/mark-of';

test.each([
  [{ highBytes: 10, maxBytes: 20 }, 10],
  [{ highBytes: 20, maxBytes: 10 }, 10],
  [{ highBytes: Infinity, maxBytes: 10 }, 10],
  [{ maxBytes: 10 }, 10],
  [{}, Infinity],
])('the mark of %p is %p', (limits, mark) => {
  expect(markOf(limits)).toBe(mark);
});
