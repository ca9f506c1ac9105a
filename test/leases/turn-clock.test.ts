import { TurnClock } from '../../lib/leases/turn-clock';

/** A clock that goes on by so much at each reading, and the end of a turn at will. */
function world(stepMs: number) {
  let nowMs = 1000;
  let readings = 0;
  const turns: (() => void)[] = [];
  const clock = new TurnClock({ now: () => { readings += 1; return (nowMs += stepMs); } }, (call) => turns.push(call));
  const read = (times: number): number[] => Array.from({ length: times }, () => clock.now());
  return { clock, read, turns, readings: () => readings, endTurn: () => { turns.shift()?.(); } };
}

it('reads the clock each time while readings are far between', () => {
  const { read, turns, readings } = world(0.1001);
  read(100);
  expect([readings(), turns.length]).toEqual([100, 0]);
});

it('in a burst it reads once more and then no more until the turn is over', () => {
  const { read, turns, readings, endTurn } = world(0.01);
  const first = read(1000);
  expect([readings(), turns.length]).toEqual([17, 1]);
  expect(first.slice(16)).toEqual(Array.from({ length: 984 }, () => first[16]));
  endTurn();
  expect(read(1)[0]).toBeGreaterThan(first[16] ?? NaN);
  expect(readings()).toBe(18);
});

it('after a turn it takes another whole burst', () => {
  const { read, turns, readings, endTurn } = world(0.01);
  read(17);
  endTurn();
  read(15);
  expect([readings(), turns.length]).toEqual([32, 0]);
  read(10);
  expect([readings(), turns.length]).toEqual([33, 1]);
});

it('is never ahead of the clock, nor goes back', () => {
  const { read, endTurn } = world(0.05);
  const all = [...read(50), ...(endTurn(), read(50)), ...(endTurn(), read(50))];
  expect(all).toEqual(all.toSorted((a, b) => a - b));
  expect(Math.max(...all)).toBeLessThanOrEqual(1000 + 150 * 0.05);
});

it('of the real event loop, too, the turn ends', async () => {
  let nowMs = 0;
  const clock = new TurnClock({ now: () => nowMs });
  for (let reading = 0; reading < 100; reading += 1) clock.now();
  nowMs = 5;
  expect(clock.now()).toBe(0);
  await new Promise(setImmediate);
  expect(clock.now()).toBe(5);
});

it('stamp() writes what now() tells', () => {
  const { clock, endTurn } = world(0.01);
  const times = new Float64Array(3);
  clock.stamp(times, 1);
  expect([times[0], times[1], times[2]]).toEqual([0, 1000.01, 0]);
  for (let stamps = 0; stamps < 100; stamps += 1) clock.stamp(times, 2);
  expect([times[2], times[2]]).toEqual([clock.now(), clock.now()]);
  endTurn();
  clock.stamp(times, 0);
  expect(times[0]).toBeGreaterThan(times[2] ?? NaN);
});

it('an exact one reads each time, however often', () => {
  let nowMs = 0;
  const clock = TurnClock.exact({ now: () => (nowMs += 0.001) });
  const read = Array.from({ length: 100 }, () => clock.now());
  expect(new Set(read).size).toBe(100);
});
