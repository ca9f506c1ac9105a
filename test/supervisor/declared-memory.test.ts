import { declaredMemory } from '../../lib/supervisor/declared-memory';

it.each([
  ['nothing', {}, undefined],
  ['no cap and nothing kept', { minBytes: 0, highBytes: Infinity, maxBytes: Infinity }, undefined],
  ['what is kept', { lowBytes: 5 }, { minimumBytes: 5, firmBytes: 5 }],
  ['what is kept in any case', { minBytes: 3 }, { minimumBytes: 3, firmBytes: 3 }],
  ['the larger of both', { minBytes: 3, lowBytes: 5 }, { minimumBytes: 5, firmBytes: 5 }],
  ['a mark', { highBytes: 7 }, { minimumBytes: 0, firmBytes: 7 }],
  ['the lower of both caps', { lowBytes: 5, highBytes: 7, maxBytes: 9 }, { minimumBytes: 5, firmBytes: 7 }],
  ["the kernel's cap alone", { lowBytes: 5, highBytes: Infinity, maxBytes: 9 }, { minimumBytes: 5, firmBytes: 9 }],
])('a worker declares %s', (_, memory, declared) => {
  expect(declaredMemory(memory)).toEqual(declared);
});
