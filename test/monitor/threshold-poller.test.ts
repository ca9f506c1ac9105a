import { ThresholdPoller, type Standing } from '../../lib/monitor/threshold-poller';
import type { MonitorEvents } from '../../lib/monitor/types';

const limits = { highBytes: 100, maxBytes: Infinity };
const short: Standing = { usage: { currentBytes: 99 }, limits, short: true, markBytes: 100 };
const fine: Standing = { ...short, usage: { currentBytes: 1 }, short: false };
let now: () => Standing | undefined;
let asked: boolean[];
let told: [keyof MonitorEvents, unknown?][];
let poller: ThresholdPoller;

beforeEach(() => {
  jest.useFakeTimers();
  [now, asked, told] = [() => fine, [], []];
  poller = new ThresholdPoller({ name: 'the pool', measure: (wasShort) => (asked.push(wasShort), now()), intervalMs: 10, repeatMs: 30 });
  for (const event of ['breach', 'clear', 'degraded', 'removed'] as const) poller.on(event, (argument?: unknown) => told.push([event, argument]));
});
afterEach(() => {
  poller.stop();
  jest.useRealTimers();
});
const pass = (ms: number): void => { jest.advanceTimersByTime(ms); };
const events = (): string[] => told.splice(0).map(([event]) => event);

it('looks at its interval, and says nothing while all is well', () => {
  expect([poller.running, poller.state]).toEqual([false, 'stopped']);
  expect(poller.start()).toBe(poller);
  pass(35);
  expect([asked, events(), poller.running, poller.state]).toEqual([[false, false, false], [], true, 'ok']);
});

it('tells a shortage at once, again while it lasts, and its end', () => {
  poller.start();
  now = () => short;
  pass(10);
  expect(told).toEqual([['breach', expect.objectContaining({
    source: 'threshold', basis: 'anon-shmem', thresholdBytes: 100, cgroup: 'the pool', sequence: 1, detectedAtMs: expect.any(Number) as number, usage: { currentBytes: 99 }, limits, short: true,
    reason: expect.stringMatching(/^the pool use .* the mark is .* \(seen by polling\)$/) as string,
  })]]);
  expect([poller.state, events()]).toEqual(['breached', ['breach']]);
  pass(20);
  expect(events()).toEqual([]);
  pass(10);
  expect(told).toEqual([['breach', expect.objectContaining({ sequence: 2 })]]);
  told = [];
  now = () => fine;
  pass(10);
  expect([events(), poller.state, asked]).toEqual([['clear'], 'ok', [false, true, true, true, true]]);
  now = () => short;
  pass(10);
  expect(events()).toEqual(['breach']);
});

it('what nobody can tell changes nothing', () => {
  poller.start();
  now = () => short;
  pass(10);
  now = () => undefined;
  pass(100);
  expect([events(), poller.state]).toEqual([['breach'], 'breached']);
});

it('a failure is told once, tried again, and over when it works again', () => {
  poller.start();
  const cause = new Error('EMFILE');
  now = () => { throw cause; };
  pass(30);
  expect(told).toEqual([['degraded', expect.objectContaining({ code: 'ERR_SPILLWAY_SYSTEM', cause, message: expect.stringContaining('the pool') as string })]]);
  expect([poller.state, events()]).toEqual(['degraded', ['degraded']]);
  now = () => short;
  pass(10);
  expect([poller.state, events()]).toEqual(['breached', ['breach']]);
  now = () => { throw cause; };
  pass(10);
  expect(events()).toEqual(['degraded']);
});

it.each(['breach', 'clear', 'degraded'] as const)("stopped in a listener of '%s': no event comes after it", (event) => {
  poller.start();
  if (event === 'clear') {
    now = () => short;
    pass(10);
  }
  poller.prependListener(event, () => { poller.stop(); });
  now = () => {
    if (event === 'degraded') throw new Error('spoilt');
    return event === 'breach' ? short : fine;
  };
  told = [];
  pass(100);
  expect([events(), poller.running, poller.state]).toEqual([[event], false, 'stopped']);
});

it('starts once: a second start and one after stop() are mistakes', () => {
  poller.start();
  expect(() => poller.start()).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_ALREADY_STARTED' }) as Error);
  poller.stop();
  poller[Symbol.dispose]();
  expect(() => poller.start()).toThrow(expect.objectContaining({ code: 'ERR_SPILLWAY_STOPPED' }) as Error);
  expect(jest.getTimerCount()).toBe(0);
});
