import { Reclaimers } from '../../../lib/supervisor/room/reclaimers';
import { World } from '../../cache/world';
import { WarmWorld } from '../../pool/warm-world';
import { FakeClock } from '../../support/fixture-pool';

it('a cache and a pool give together, the least recently used first across both', async () => {
  const clock = new FakeClock();
  const cache = new World({ clock });
  const pool = new WarmWorld({ clock });
  const reclaimers = new Reclaimers(() => undefined);
  for (const each of [pool.pool, cache.cache]) reclaimers.add(each);
  const gone: string[] = [];
  cache.loader.destroy = ({ code }) => void gone.push(code.name);
  pool.hooks.destroy = ({ traces }) => Promise.resolve(void gone.push(...traces));

  for (const [world, name] of [[cache, 'c1'], [pool, 'p1'], [pool, 'p2'], [cache, 'c2'], [pool, 'p3'], [cache, 'c3']] as const) {
    clock.advance(1);
    await world.use(name);
  }
  // 110 of the first instance with its code, 10 of each of two resources.
  const results = await reclaimers.run({ bytes: 130, budgetMs: Infinity, clock });

  expect(gone).toEqual(['c1', 'p1', 'p2']);
  expect(results.map(({ name, givenBytes }) => [name, givenBytes])).toEqual([['instance cache', 110], ['warm pool', 20]]);
});
