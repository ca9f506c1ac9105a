import { promiseMs } from '../../../lib/supervisor/room/promised-bytes';
import { World } from './room-world';

const invalid = expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION' }) as unknown;

let world: World;
const limiter = { usedBytes: 0, limitBytes: 1000, sampledAtMs: 0, state: 'ok' as 'ok' | 'blind' | 'stopped', stops: 0 };

/** The native thread's next sample; nobody looks at it by itself. */
function sample(usedBytes: number, limitBytes = 1000): void {
  Object.assign(limiter, { usedBytes, limitBytes, sampledAtMs: limiter.sampledAtMs + 1, state: 'ok' });
}

beforeEach(() => {
  limiter.stops = 0;
  sample(0);
  world = new World({ limiter: { status: () => ({ ...limiter, delayMs: 0 }), stop: () => limiter.stops++ } });
  world.room.start();
  world.measured = 0;
});

it('reads no file in its intervals', () => {
  for (const used of [500, 949, 950, 929, 960]) {
    sample(used);
    world.tick();
  }
  expect([world.measured, world.told.filter((each) => typeof each === 'boolean')]).toEqual([0, [false, true, false]]);
  expect([world.told.filter(Array.isArray), world.runs[0]]).toMatchObject([[['warn', 950], ['warn', 960]], { bytes: 49 }]);
});

it.each(['waitForRoom', 'slowDown'] as const)('%s() sees what came since the last interval, also while JavaScript was busy', async (call) => {
  sample(960);
  world.follow('a', world.room[call]());
  expect([await world.results(), world.told]).toEqual([[], [['warn', 960], false]]);
  sample(100);
  world.follow('b', world.room[call]());
  expect(await world.results()).toEqual([['a', 'in'], ['b', 'in']]);
  expect(world.measured).toBe(0);
});

it('page cache in a sample keeps nobody out: what does not fit is looked at exactly, once for each sample', async () => {
  world.pinned = 100;
  sample(900);
  world.wait('a', { bytes: 500 });
  expect([await world.results(), world.measured]).toEqual([[['a', 'in']], 1]);
  world.pinned = 850;
  sample(900);
  for (const name of ['b', 'c', 'd']) world.wait(name, { bytes: 200 });
  expect([await world.results(), world.measured]).toEqual([[], 2]);
  world.pinned = 0;
  sample(900);
  world.later(promiseMs);
  expect([await world.results(), world.measured]).toEqual([[['b', 'in'], ['c', 'in'], ['d', 'in']], 3]);
});

it('a sample of before is not believed after a relief round, which measures', async () => {
  sample(990);
  world.room.pause();
  world.wait('a');
  world.pinned = 100;
  world.room.resume();
  world.wait('b');
  world.tick();
  expect([await world.results(), world.told]).toEqual([[['a', 'in'], ['b', 'in']], [false, true]]);
});

it('follows a mark that changes', async () => {
  sample(400, 500);
  world.wait('a', { bytes: 480 });
  sample(480, 500);
  world.wait('b');
  sample(480, Infinity);
  world.wait('c', { bytes: '1TiB' });
  expect(await world.results()).toEqual([['a', invalid], ['b', 'in'], ['c', 'in']]);
});

it.each(['blind', 'stopped'] as const)('that is %s: measures in its intervals as without', async (state) => {
  sample(960);
  limiter.state = state;
  world.pinned = 960;
  world.wait('a');
  expect([await world.results(), world.measured]).toEqual([[['a', 'in']], 0]);
  world.tick();
  world.wait('b');
  expect([await world.results(), world.measured, world.room.accepting]).toEqual([[], 1, false]);
});

it('whose pool cannot be read any more: the last sample is what is known', async () => {
  world.pinned = undefined;
  sample(940);
  world.wait('a', { bytes: 20 });
  world.room.measureNow();
  expect([await world.results(), world.room.accepting]).toEqual([[], true]);
});

it('is stopped with the room', () => {
  world.room.stop();
  world.room.stop();
  expect(limiter.stops).toBe(1);
});
