import { join, relative } from 'node:path';
import * as policy from '../../lib/policy';

describe('spillway/policy', () => {
  it('exports policies and the selection', () => {
    expect(Object.keys(policy).sort()).toEqual([
      'byOwner', 'byPriority', 'byStartTime', 'firstBy', 'largestFirst', 'newestFirst', 'oldestFirst', 'overBoundFirst', 'protect', 'selectVictims',
    ]);
  });

  it('loads no native code', () => {
    const root = join(__dirname, '../..');
    const loaded = Object.keys(require.cache).map((path) => relative(root, path));
    expect(loaded).toContain('lib/policy/by-start-time.ts');
    const allowed = /^(test\/.*|lib\/(policy\/[a-z-]+|options|errors|format-bytes)\.ts)$/;
    expect(loaded.filter((path) => !allowed.test(path))).toEqual([]);
  });
});
