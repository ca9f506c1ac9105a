import { join, relative } from 'node:path';
import * as pool from '../../lib/pool';

describe('spillway/pool', () => {
  it('exports the slot allocator', () => {
    expect(Object.keys(pool)).toEqual(['SlotAllocator']);
  });

  it('loads no native code', () => {
    const root = join(__dirname, '../..');
    const loaded = Object.keys(require.cache).map((path) => relative(root, path));
    expect(loaded).toContain('lib/pool/slot-allocator.ts');
    const allowed = /^(test\/.*|lib\/(pool\/[a-z-]+|options|errors)\.ts)$/;
    expect(loaded.filter((path) => !allowed.test(path))).toEqual([]);
  });
});
