import { EarlyReclaim } from '../../../lib/supervisor/room/early-reclaim';
import type { ReclaimRequest } from '../../../lib/supervisor/room/reclaimers';
import type { Reclaimed } from '../../../lib/supervisor/types';
import { FakeClock } from '../../support/fixture-pool';

const settle = () => new Promise(setImmediate);

class World {
  readonly clock = new FakeClock();
  readonly runs: (ReclaimRequest & { end: (results: Reclaimed[]) => void })[] = [];
  readonly told: Reclaimed[][] = [];
  readonly early = new EarlyReclaim({
    reclaimers: { run: (request) => new Promise((end) => this.runs.push({ ...request, end })) },
    reclaimAt: 0.9, clock: this.clock, onReclaimed: (results) => this.told.push(results),
  });

  look(pinnedBytes: number, markBytes = 1000): void {
    this.early.look({ pinnedBytes, markBytes });
  }
}

const given: Reclaimed = { name: 'a', askedBytes: 5, givenBytes: 5, tookMs: 0 };

it('asks for what is above the level, in whole bytes', () => {
  const world = new World();
  world.look(900);
  expect(world.runs).toEqual([]);
  world.look(951.5);
  expect(world.runs).toMatchObject([{ bytes: 52, budgetMs: Infinity, clock: world.clock }]);
});

it('asks for nothing where nobody can tell, or there is no mark', () => {
  const world = new World();
  world.early.look(undefined);
  world.look(2 ** 52, Infinity);
  expect(world.runs).toEqual([]);
});

it('one run at a time; the next one by the next look after its end', async () => {
  const world = new World();
  world.look(950);
  world.look(990);
  expect(world.runs).toHaveLength(1);
  world.runs[0]?.end([given]);
  await settle();
  expect(world.told).toEqual([[given]]);
  world.look(920);
  expect(world.runs).toMatchObject([{ bytes: 50 }, { bytes: 20 }]);
});

it('tells nothing of a run that asked nobody', async () => {
  const world = new World();
  world.look(950);
  world.runs[0]?.end([]);
  await settle();
  expect(world.told).toEqual([]);
});

it('stopping stops the run that is under way, and only that', async () => {
  const world = new World();
  world.early.stop();
  world.look(950);
  expect(world.runs[0]?.signal?.aborted).toBe(false);
  world.early.stop();
  expect(world.runs[0]?.signal?.aborted).toBe(true);
  world.runs[0]?.end([]);
  await settle();
  world.look(950);
  expect(world.runs[1]?.signal?.aborted).toBe(false);
});

it('one that does not return is given up after ten seconds', () => {
  const world = new World();
  world.look(950);
  world.clock.advance(9_999);
  world.look(950);
  expect(world.runs[0]?.signal?.aborted).toBe(false);
  world.clock.advance(1);
  world.look(100); // also when there is nothing to ask for any more
  expect(world.runs[0]?.signal?.aborted).toBe(true);
});
