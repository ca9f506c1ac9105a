import { IndexLists, none } from '../../lib/pool/index-lists';
import { random } from '../support/random';

function contents(lists: IndexLists, list: number): number[] {
  const found: number[] = [];
  for (let index = lists.first(list); index !== none; index = lists.after(index)) found.push(index);
  expect(lists.last(list)).toBe(found.at(-1) ?? none);
  return found;
}

describe('IndexLists', () => {
  it('are empty at first', () => {
    const lists = new IndexLists(3, 2);
    expect([contents(lists, 0), contents(lists, 1)]).toEqual([[], []]);
  });

  // Wasmtime's test_freelist.
  it('keep the order from the oldest to the newest, and close the gap of one that is taken out', () => {
    const lists = new IndexLists(3, 1);
    for (const index of [0, 1, 2]) lists.append(0, index);
    lists.remove(0, 1);
    expect(contents(lists, 0)).toEqual([0, 2]);
    lists.remove(0, 0);
    lists.append(0, 1);
    lists.append(0, 0);
    expect(contents(lists, 0)).toEqual([2, 1, 0]);
    lists.remove(0, 0);
    lists.remove(0, 2);
    lists.remove(0, 1);
    expect(contents(lists, 0)).toEqual([]);
  });

  it('agree with arrays, whatever is put in and taken out of them', () => {
    const next = random(7);
    const lists = new IndexLists(20, 3);
    const arrays: number[][] = [[], [], []];
    for (let step = 0; step < 3000; step += 1) {
      const index = Math.floor(next() * 20);
      const list = arrays.findIndex((each) => each.includes(index));
      if (list >= 0) {
        lists.remove(list, index);
        arrays[list]?.splice(arrays[list].indexOf(index), 1);
      } else {
        const chosen = Math.floor(next() * 3);
        lists.append(chosen, index);
        arrays[chosen]?.push(index);
      }
      expect(arrays.map((_, each) => contents(lists, each))).toEqual(arrays);
    }
  });
});
