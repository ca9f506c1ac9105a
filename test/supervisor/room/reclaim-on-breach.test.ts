import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpillwayError } from '../../../lib/errors';
import { ThresholdMemoryMonitor } from '../../../lib/monitor/threshold-memory-monitor';
import type { Breach, EventBreach, MonitorEvents, PressureBreach, ThresholdBreach } from '../../../lib/monitor/types';
import { ReclaimOnBreach, type ReclaimOnBreachOptions } from '../../../lib/supervisor/room/reclaim-on-breach';
import type { Reclaimed } from '../../../lib/supervisor/types';
import { World as CacheWorld } from '../../cache/world';
import { WarmWorld } from '../../pool/warm-world';
import { FakeClock } from '../../support/fixture-pool';

const settle = (): Promise<void> => new Promise(setImmediate);
const base = { cgroup: '/c', reason: 'full', sequence: 1, detectedAtMs: 0, usage: {}, limits: {}, short: true };
const event = (more: Partial<EventBreach> = {}): Breach => ({ ...base, source: 'event', counters: {}, delta: {}, ...more }) as EventBreach;
const threshold = (usedBytes: number, thresholdBytes: number): Breach => ({ ...base, source: 'threshold', usedBytes, thresholdBytes }) as ThresholdBreach;

class World {
  readonly monitor = new EventEmitter<MonitorEvents>();
  readonly clock = new FakeClock();
  readonly runs: Reclaimed[][] = [];
  readonly degraded: SpillwayError[] = [];
  readonly asked: number[] = [];
  readonly reclaim: ReclaimOnBreach;

  constructor(options: Partial<ReclaimOnBreachOptions> = {}) {
    this.reclaim = new ReclaimOnBreach({ monitor: this.monitor, clock: this.clock, ...options });
    this.reclaim.on('reclaimed', (results) => this.runs.push(results));
    this.reclaim.on('degraded', (error) => this.degraded.push(error));
  }

  /** Gives whatever it is asked for. */
  addGenerous(name = 'generous'): Disposable {
    return this.reclaim.add({ name, reclaim: (bytes) => { this.asked.push(bytes); return bytes; } });
  }

  async breach(breach: Breach): Promise<void> {
    this.monitor.emit('breach', breach);
    await settle();
  }
}

it.each<[string, Breach, number]>([
  ['at memory.high, to 5 % below it', event({ usage: { pinnedBytes: 1000 }, limits: { highBytes: 1000, maxBytes: 2000 } }), 50],
  ['at memory.max where there is no mark', event({ usage: { pinnedBytes: 1980 }, limits: { highBytes: Infinity, maxBytes: 2000 } }), 80],
  ['over a threshold', threshold(900, 800), 140],
  ['short by a figure that is over already', event({ usage: { pinnedBytes: 10 }, limits: { highBytes: 1000 } }), 0],
  ['short, and nobody knows by how much', event({ usage: { currentBytes: 5 }, limits: { highBytes: 1000 } }), Number.MAX_SAFE_INTEGER],
  ['a stall without a limit', { ...base, source: 'pressure' } as PressureBreach, Number.MAX_SAFE_INTEGER],
])('%s: asks for what must go', async (_, breach, bytes) => {
  const world = new World();
  world.addGenerous();
  await world.breach(breach);
  expect(world.asked).toEqual(bytes === 0 ? [] : [bytes]);
});

it('memory that the kernel can reclaim by itself is nobody\'s business: asks nobody', async () => {
  const world = new World();
  world.addGenerous();
  await world.breach(event({ short: false, usage: { pinnedBytes: 1000 }, limits: { highBytes: 1000 } }));
  expect([world.asked, world.runs]).toEqual([[], []]);
});

it('a cache and a pool give together, the least recently used first across both, and no more than is missing', async () => {
  const world = new World();
  const { clock } = world;
  const [cache, pool] = [new CacheWorld({ clock }), new WarmWorld({ clock })];
  for (const each of [pool.pool, cache.cache]) world.reclaim.add(each);
  for (const [each, name] of [[cache, 'c1'], [pool, 'p1'], [pool, 'p2'], [cache, 'c2'], [pool, 'p3']] as const) {
    clock.advance(1);
    await each.use(name);
  }
  // 110 of the first instance with its code, 10 of each resource.
  await world.breach(threshold(1080, 1000));
  await settle();
  expect(world.runs.map((run) => run.map(({ name, givenBytes }) => [name, givenBytes]))).toEqual([[['instance cache', 110], ['warm pool', 20]]]);
  expect([cache.cache.stats.idle, pool.pool.stats.idle]).toEqual([1, 1]);
});

it('breaches of one run have one more after it, of the last one', async () => {
  const world = new World();
  let give: (bytes: number) => void = () => undefined;
  world.reclaim.add({ name: 'slow', reclaim: (bytes) => { world.asked.push(bytes); return new Promise((resolve) => (give = resolve)); } });
  await world.breach(threshold(1000, 1000));
  await world.breach(threshold(1100, 1000));
  await world.breach(threshold(1200, 1000));
  expect(world.asked).toEqual([50]);
  give(50);
  await settle();
  expect(world.asked).toEqual([50, 250]);
  give(0);
  await settle();
  await world.breach(threshold(1000, 1000));
  expect(world.asked).toEqual([50, 250, 50]);
});

it('one that takes longer than the budget is given up, and told', async () => {
  const world = new World({ budgetMs: 20 });
  world.reclaim.add({ name: 'hung', reclaim: () => new Promise<number>(() => undefined) });
  await world.breach(threshold(1000, 1000));
  world.clock.advance(20);
  await settle();
  expect(world.runs).toMatchObject([[{ name: 'hung', givenBytes: 0, error: 'it did not return within the budget of 20 ms' }]]);
});

it('one that fails is degraded once; one that was taken out is not asked', async () => {
  const world = new World();
  const added = world.reclaim.add({ name: 'broken', reclaim: () => { throw new Error('no'); } });
  await world.breach(threshold(1000, 1000));
  await world.breach(threshold(1000, 1000));
  expect(world.degraded.map(({ message }) => message)).toEqual([expect.stringContaining('broken')]);
  added[Symbol.dispose]();
  world.addGenerous();
  await world.breach(threshold(1000, 1000));
  expect([world.runs.length, world.asked]).toEqual([3, [50]]);
});

it('hears a monitor of a cgroup', async () => {
  const cgroup = mkdtempSync(join(tmpdir(), 'spillway-reclaim-'));
  const use = (bytes: number): void => {
    for (const [name, text] of [['memory.max', '1000000'], ['memory.high', 'max'], ['memory.stat', `anon ${bytes}\nshmem 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0`], ['memory.current', bytes]]) {
      writeFileSync(join(cgroup, String(name)), `${text}\n`);
    }
  };
  use(100_000);
  const monitor = new ThresholdMemoryMonitor({ cgroup, fraction: 0.8, intervalMs: 20, keepAlive: true });
  try {
    const world = new World({ monitor });
    world.addGenerous();
    monitor.start();
    const told = once(world.reclaim, 'reclaimed');
    use(900_000);
    await told;
    expect(world.asked[0]).toBe(140_000);
  } finally {
    monitor.stop();
    rmSync(cgroup, { recursive: true });
  }
});

it('after stop() it hears nothing, tells nothing, and the signal of the one that is asked has fired', async () => {
  const world = new World();
  let asked: AbortSignal | undefined;
  world.reclaim.add({ name: 'slow', reclaim: (_, signal) => { asked = signal; return new Promise<number>(() => undefined); } });
  await world.breach(threshold(1000, 1000));
  world.reclaim.stop();
  world.reclaim[Symbol.dispose]();
  await settle();
  await world.breach(threshold(1000, 1000));
  expect([asked?.aborted, world.runs, world.monitor.listenerCount('breach')]).toEqual([true, [], 0]);
});

it.each([
  ['no monitor', { monitor: {} }], ['a budget below 0', { budgetMs: -1 }], ['a budget that is no number', { budgetMs: NaN }], ['an unknown option', { budget: 5 }],
])('%s: is refused', (_, options) => {
  expect(() => new World(options as Partial<ReclaimOnBreachOptions>)).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION' }) as Error);
});
