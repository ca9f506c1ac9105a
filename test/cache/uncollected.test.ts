import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Uncollected } from '../../lib/cache/uncollected';
import { World } from './world';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

describe('bytes that wait for the collector', () => {
  it('are counted from when they are given up until it has found them', async () => {
    const uncollected = new Uncollected();
    let owner: object | undefined = {};
    uncollected.add(owner, 100);
    expect(uncollected.bytes).toBe(100);
    owner = undefined;
    // Never synchronous with the collection.
    while (uncollected.bytes > 0) {
      gc();
      await new Promise(setImmediate);
    }
    expect([owner, uncollected.bytes]).toEqual([undefined, 0]);
  });

  it('nothing is counted of what is no object', () => {
    const uncollected = new Uncollected();
    for (const each of [undefined, null, 1, 'text', true]) uncollected.add(each, 100);
    uncollected.add({}, 0);
    expect(uncollected.bytes).toBe(0);
  });

  it('of instances and of code, in the cache', async () => {
    const world = new World();
    const [thing] = await world.use('f');
    expect(world.cache.stats.uncollectedBytes).toBe(0);
    world.cache.remove('f');
    expect([world.cache.stats.uncollectedBytes, thing?.destroyed]).toEqual([110, true]);
  });
});
