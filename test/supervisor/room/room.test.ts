import fc from 'fast-check';
import { promiseMs } from '../../../lib/supervisor/room/promised-bytes';
import { parseRoomOptions } from '../../../lib/supervisor/room/room-options';
import type { Reclaimed } from '../../../lib/supervisor/types';
import { settle, World } from './room-world';

const given: Reclaimed = { name: 'a', askedBytes: 5, givenBytes: 5, tookMs: 0 };

const stopped = expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }) as unknown;
const invalid = expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION' }) as unknown;

let world: World;
beforeEach(() => {
  world = new World();
  world.room.start();
});

describe('measuring', () => {
  it('at the start, and then in intervals that do not keep the process alive', () => {
    expect([world.measured, world.timer]).toEqual([1, { runs: true, refed: false, intervalMs: 250 }]);
    world.tick();
    world.room.start();
    expect(world.measured).toBe(2);
  });

  it('not while a relief round does', () => {
    world.room.pause();
    world.tick();
    expect(world.measured).toBe(1);
    world.room.resume();
    expect(world.measured).toBe(2);
  });

  it('never again after stop(), which may be called twice', () => {
    world.room.stop();
    world.room.stop();
    world.room.start();
    world.room.measureNow();
    expect([world.measured, world.timer.runs]).toEqual([1, false]);
  });
});

describe('accepting', () => {
  it('from 0.95 of the mark on it does not, and below 0.93 it does again; told on each change', () => {
    const seen = [949, 950, 931, 929, 949].map((pinned) => world.at(pinned).room.accepting);
    expect(seen).toEqual([true, false, false, true, true]);
    expect(world.told.filter((each) => typeof each === 'boolean')).toEqual([false, true]);
  });

  it('a relief round stops it; resume() measures, and decides', () => {
    world.room.pause();
    world.room.pause();
    world.room.measureNow();
    expect([world.room.accepting, world.told]).toEqual([false, [false]]);
    world.pinned = 960;
    world.room.resume();
    expect(world.room.accepting).toBe(false);
    world.room.pause();
    world.pinned = 100;
    world.room.resume();
    expect(world.told).toEqual([false, ['warn', 960], true]);
  });

  it('stop() ends it for ever', () => {
    world.room.stop();
    world.room.resume();
    expect([world.room.accepting, world.told]).toEqual([false, [false]]);
  });

  it.each([[undefined, 1000], [2 ** 50, Infinity]])('pinned %p of the mark %d: always', async (pinned, mark) => {
    world.mark = mark;
    world.at(pinned);
    world.wait('a', { bytes: '900TiB' });
    world.wait('b');
    expect(await world.results()).toEqual([['a', 'in'], ['b', 'in']]);
    expect([world.room.accepting, world.told, world.runs]).toEqual([true, [], []]);
  });
});

describe('warning', () => {
  it('once when warnAt is passed, and again only after some way below', () => {
    for (const pinned of [950, 999, 935, 960, 929, 951]) world.at(pinned);
    expect(world.told.filter(Array.isArray)).toEqual([['warn', 950], ['warn', 951]]);
  });

  it('has a level of its own', () => {
    world = new World(parseRoomOptions({ levels: { warnAt: 0.5 } }));
    world.room.start();
    world.at(500);
    expect(world.told).toEqual([['warn', 500]]);
  });
});

describe('reclaiming', () => {
  it('from 0.9 of the mark on, for what is above; told of', async () => {
    world.at(900).at(940);
    expect(world.runs).toMatchObject([{ bytes: 40 }]);
    world.runs[0]?.end([given]);
    await settle();
    expect(world.told).toEqual([[given]]);
  });

  it('is stopped when a relief round begins, does not run during it, and goes on after it', async () => {
    world.at(940);
    world.room.pause();
    expect(world.runs[0]?.signal?.aborted).toBe(true);
    world.runs[0]?.end([given]);
    await settle();
    expect(world.told).toEqual([false, [given]]);
    world.tick();
    world.room.measureNow();
    expect(world.runs).toHaveLength(1);
    world.room.resume();
    expect(world.runs).toHaveLength(2);
  });

  it('is stopped by stop(), and nothing is told any more', async () => {
    world.at(940);
    world.room.stop();
    expect(world.runs[0]?.signal?.aborted).toBe(true);
    world.runs[0]?.end([given]);
    await settle();
    expect(world.told).toEqual([false]);
  });
});

describe('waitForRoom', () => {
  it('lets in what fits on top of what is pinned and was promised, for one second', async () => {
    world.at(500);
    world.wait('a', { bytes: 400 });
    world.wait('b', { bytes: 50 });
    world.wait('c', { bytes: 1 });
    expect(await world.results()).toEqual([['a', 'in'], ['b', 'in']]);
    world.later(promiseMs - 1);
    expect(await world.results()).toEqual([]);
    world.later(1);
    expect(await world.results()).toEqual([['c', 'in']]);
  });

  it('what was promised and shows already counts twice until the second is over: too careful, never too bold', async () => {
    world.wait('a', { bytes: 500 });
    world.at(500).wait('b', { bytes: 400 });
    expect(await world.results()).toEqual([['a', 'in']]);
    world.later(promiseMs);
    expect(await world.results()).toEqual([['b', 'in']]);
  });

  it('waits while the pool does not accept, also for nothing, and keeps the process alive meanwhile', async () => {
    world.at(960).wait('a');
    expect([await world.results(), world.timer.refed]).toEqual([[], true]);
    world.at(100);
    expect([await world.results(), world.timer.refed]).toEqual([[['a', 'in']], false]);
  });

  it('waits during a relief round', async () => {
    world.room.pause();
    world.wait('a');
    world.tick();
    expect(await world.results()).toEqual([]);
    world.room.resume();
    expect(await world.results()).toEqual([['a', 'in']]);
  });

  it('tells that it accepts before it lets anybody in', async () => {
    const order: string[] = [];
    world = new World({ onAccepting: (accepting) => order.push(String(accepting)) });
    world.room.start();
    world.at(960).wait('a');
    void world.room.waitForRoom().then(() => order.push('in'));
    world.at(100);
    await settle();
    expect(order).toEqual(['false', 'true', 'in']);
  });

  it('a listener that starts a relief round by it keeps all waiting', async () => {
    world = new World({ onAccepting: (accepting) => { if (accepting) world.room.pause(); } });
    world.room.start();
    world.at(960).wait('a');
    world.at(100);
    expect([await world.results(), world.room.accepting]).toEqual([[], false]);
  });

  it('more than the pool could ever hold is refused at once, by rejecting, also behind others', async () => {
    world.at(960).wait('a');
    world.wait('b', { bytes: 951 });
    expect(await world.results()).toEqual([['b', expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining('951 bytes: the pool takes work up to 950') as string })]]);
  });

  it('a mark that was lowered turns away whom it leaves no room for, when it is their turn', async () => {
    world.at(960);
    world.wait('large', { bytes: 900 });
    world.wait('small', { bytes: 100 });
    world.mark = 500;
    world.at(200);
    expect(await world.results()).toEqual([['large', invalid], ['small', 'in']]);
  });

  it('rejects after its time, by its signal, and for bad options', async () => {
    const controller = new AbortController();
    world.at(960);
    world.wait('late', { timeoutMs: 40 });
    world.wait('aborted', { signal: controller.signal });
    world.wait('bad', { bytes: -1 });
    expect(await world.results()).toEqual([['bad', invalid]]);
    controller.abort('no');
    world.clock.advance(40);
    expect(await world.results()).toEqual([['aborted', 'no'], ['late', expect.objectContaining({ code: 'ERR_SPILLWAY_TIMEOUT' })]]);
    expect(world.timer.refed).toBe(false);
  });

  it('stop() turns away all who wait, and all who come after', async () => {
    world.at(960).wait('a');
    world.wait('b', { bytes: 5, timeoutMs: 40 });
    world.room.stop();
    world.wait('c');
    expect((await world.results()).sort()).toEqual([['a', stopped], ['b', stopped], ['c', stopped]]);
    expect(world.clock.waits.size).toBe(0);
  });

  it('for any course of the pool: in order, never above the level with all promises, and nobody starves', async () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.nat(950) }), fc.record({ pinned: fc.oneof(fc.nat(1100), fc.constant(undefined)) }), fc.record({ afterMs: fc.nat(700) }), fc.constantFrom('pause' as const, 'resume' as const),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      world = new World();
      world.room.start();
      const sizes: number[] = [];
      const entered: number[] = [];
      let promises: { atMs: number; bytes: number }[] = [];
      const check = async (): Promise<void> => {
        const now = (await world.results()).map(([name, how]) => (how === 'in' ? Number(name) : NaN));
        entered.push(...now);
        const atMs = world.clock.nowMs;
        // Where nobody can tell nothing is promised.
        if (world.pinned === undefined) return;
        promises = [...promises, ...now.map((place) => ({ atMs, bytes: sizes[place] ?? NaN }))].filter((each) => each.atMs + promiseMs > atMs);
        const promised = promises.reduce((sum, { bytes }) => sum + bytes, 0);
        if (now.length > 0) expect(world.pinned + promised).toBeLessThanOrEqual(950);
      };
      let isPaused = false;
      for (const each of steps) {
        if (each === 'pause' || each === 'resume') {
          // A round is not begun within a round, nor ended twice.
          if (isPaused === (each === 'resume')) world.room[each]();
          isPaused = each === 'pause';
        } else if ('bytes' in each) {
          world.wait(String(sizes.length), { bytes: each.bytes });
          sizes.push(each.bytes);
        } else {
          if ('afterMs' in each) world.clock.advance(each.afterMs);
          else world.pinned = each.pinned;
          if (!isPaused) world.tick();
        }
        await check();
      }
      world.room.resume();
      await check();
      world.at(0);
      await check();
      // One at a time at the worst.
      for (let turns = sizes.length; turns > 0; turns--) {
        world.later(promiseMs);
        await check();
      }
      expect(entered).toEqual(sizes.map((_, place) => place));
      expect(world.timer.refed).toBe(false);
    }), { numRuns: 60 });
  });
});

describe('slowDown', () => {
  it('goes ahead at once while the pool accepts', async () => {
    world.follow('a', world.room.slowDown());
    expect(await world.results()).toEqual([['a', 'in']]);
  });

  it('waits until the pool accepts', async () => {
    world.at(960);
    world.follow('a', world.room.slowDown({ signal: new AbortController().signal }));
    world.follow('b', world.room.slowDown());
    expect(await world.results()).toEqual([]);
    world.at(100);
    expect(await world.results()).toEqual([['a', 'in'], ['b', 'in']]);
    expect(world.clock.waits.size).toBe(0);
  });

  it('but no longer than its time, whoever waits for room', async () => {
    world.at(960).wait('work');
    world.follow('spawn', world.room.slowDown());
    world.clock.advance(999);
    expect(await world.results()).toEqual([]);
    world.clock.advance(1);
    expect(await world.results()).toEqual([['spawn', 'in']]);
    expect(world.room.accepting).toBe(false);
  });

  it('rejects with the reason of its signal, and when the supervisor is closed', async () => {
    const controller = new AbortController();
    world.at(960);
    world.follow('aborted', world.room.slowDown({ signal: controller.signal }));
    world.follow('closed', world.room.slowDown());
    controller.abort('no');
    expect(await world.results()).toEqual([['aborted', 'no']]);
    world.room.stop();
    world.follow('after', world.room.slowDown());
    expect((await world.results()).sort()).toEqual([['after', stopped], ['closed', stopped]]);
  });
});
