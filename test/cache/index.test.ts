import { join, relative } from 'node:path';
import * as cache from '../../lib/cache';

describe('spillway/cache', () => {
  it('exports the cache, its loader and a measurement for it', () => {
    expect(Object.keys(cache)).toEqual(['InstanceCache', 'measureCodeFactor', 'webAssemblyLoader']);
  });

  it('loads no native code', () => {
    const root = join(__dirname, '../..');
    const loaded = Object.keys(require.cache).map((path) => relative(root, path));
    expect(loaded).toContain('lib/cache/instance-cache.ts');
    const allowed = /^(test\/.*|lib\/(cache\/[a-z-]+|leases\/[a-z-]+|options|errors|text-of|emit-safely|clock|every)\.ts)$/;
    expect(loaded.filter((path) => !allowed.test(path))).toEqual([]);
  });
});
