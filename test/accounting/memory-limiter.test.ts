// The limiter with a reader of the test's and a clock of the test's; with the native thread: native-sampler.test.ts.

import fc from 'fast-check';
import { MemoryLimiter, type MemoryLimiterOptions } from '../../lib/accounting/memory-limiter';
import { errorOf } from '../support/error-of';

const MB = 1_000_000;
const saluki = { limitBytes: 100 * MB, slowAtFraction: 0.95, minDelayMs: 100, maxDelayMs: 1000 };

interface Limited {
  limiter: MemoryLimiter;
  /** What is used from now on: bytes, or what the reader throws. */
  use: (used: unknown) => void;
  reads: () => number;
}

const limiters: MemoryLimiter[] = [];
let warnings: jest.SpyInstance<void, Parameters<typeof process.emitWarning>>;

beforeEach(() => {
  jest.useFakeTimers();
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  for (const limiter of limiters.splice(0)) limiter.stop();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function limit(used: unknown, options: Partial<MemoryLimiterOptions> = {}): Limited {
  let reads = 0;
  const read = (): number => {
    reads += 1;
    if (used instanceof Error) throw used;
    return used as number;
  };
  const limiter = new MemoryLimiter({ ...saluki, read, ...options });
  limiters.push(limiter);
  return { limiter, use: (next) => { used = next; }, reads: () => reads };
}

/** How long a call waits, to a millisecond. */
async function waitOf(limiter: MemoryLimiter): Promise<number> {
  const waiting = limiter.waitForCapacity();
  if (waiting === undefined) return 0;
  const done: true[] = [];
  void waiting.then(() => done.push(true));
  const beginMs = performance.now();
  await Promise.resolve();
  while (done.length === 0) await jest.advanceTimersByTimeAsync(1);
  return performance.now() - beginMs;
}

describe('the delay of one call', () => {
  it.each([0, 0.9, 0.95])('Saluki 7: none at %p of the limit', async (fraction) => {
    const { limiter } = limit(fraction * 100 * MB);
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(await waitOf(limiter)).toBe(0);
  });

  it('Saluki 8: 550 ms at 0.975 of the limit', async () => {
    expect(await waitOf(limit(97.5 * MB).limiter)).toBe(550);
  });

  it.each([1, 1.2])('Saluki 9: 1000 ms at %p of the limit', async (fraction) => {
    expect(await waitOf(limit(fraction * 100 * MB).limiter)).toBe(1000);
  });

  it("has Saluki's defaults", async () => {
    const { limiter } = limit(2, { limitBytes: 1, slowAtFraction: 0.95, minDelayMs: 1, maxDelayMs: 25 });
    const byDefault = new MemoryLimiter({ limitBytes: 1, read: () => 2 });
    limiters.push(byDefault);
    expect(await waitOf(byDefault)).toBe(25);
    expect(await waitOf(limiter)).toBe(25);
  });

  it('ends though there is no less in use by then', async () => {
    const { limiter } = limit(200 * MB);
    expect(await waitOf(limiter)).toBe(1000);
    expect(await waitOf(limiter)).toBe(1000);
  });

  it('of a limit of 0 is the longest, and nothing is divided by it', async () => {
    expect(await waitOf(limit(1, { limitBytes: 0 }).limiter)).toBe(1000);
    expect(await waitOf(limit(0, { limitBytes: 0 }).limiter)).toBe(0);
  });

  it('may be none at all', () => {
    expect(limit(1, { limitBytes: 0, minDelayMs: 0, maxDelayMs: 0 }).limiter.waitForCapacity()).toBeUndefined();
  });

  it('follows what is used, at the interval', async () => {
    const { limiter, use } = limit(90 * MB);
    use(100 * MB);
    expect(limiter.waitForCapacity()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(250);
    expect(limiter.status()).toMatchObject({ state: 'ok', delayMs: 1000, usedBytes: 100 * MB });
    use(90 * MB);
    await jest.advanceTimersByTimeAsync(250);
    for (let call = 0; call < 1000; call += 1) expect(limiter.waitForCapacity()).toBeUndefined();
  });

  const bytes = fc.integer({ min: 0, max: 2 ** 40 });
  it('is monotonic in usage, and within [0, max]', () => {
    fc.assert(
      fc.property(bytes, fc.array(bytes, { minLength: 2, maxLength: 6 }), fc.double({ min: 0, max: 1, noNaN: true }), (limitBytes, used, slowAtFraction) => {
        const delays = used.sort((a, b) => a - b).map((each) => {
          const limiter = new MemoryLimiter({ limitBytes, slowAtFraction, read: () => each });
          const { delayMs } = limiter.status();
          expect(limiter.waitForCapacity() === undefined).toBe(delayMs === 0);
          limiter.stop();
          return delayMs;
        });
        expect(delays).toEqual([...delays].sort((a, b) => a - b));
        expect(delays[0]).toBeGreaterThanOrEqual(0);
        expect(delays.at(-1)).toBeLessThanOrEqual(25);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the reader', () => {
  it('is called every interval, also when nobody calls the limiter', async () => {
    const { reads } = limit(1, { intervalMs: 100 });
    await jest.advanceTimersByTimeAsync(1000);
    expect(reads()).toBe(11);
  });

  it('is called when it is time, while a busy event loop keeps timers from running', () => {
    const { limiter, use, reads } = limit(90 * MB);
    use(100 * MB);
    // Time passes, and no timer runs.
    jest.spyOn(process.hrtime, 'bigint').mockReturnValue(process.hrtime.bigint() + 251_000_000n);
    expect(limiter.waitForCapacity()).toBeInstanceOf(Promise);
    expect(reads()).toBe(2);
    expect(limiter.status()).toMatchObject({ state: 'ok', usedBytes: 100 * MB });
  });

  it.each<[string, unknown]>([['throws', new Error('no figure')], ['returns NaN', NaN], ['returns less than nothing', -1], ['returns no number', '5'], ['is async', Promise.resolve(5)]])(
    'that %s at the start refuses the limiter', (_what, used) => {
      expect(errorOf(() => limit(used))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining("'read'") as string });
      expect(jest.getTimerCount()).toBe(0);
    });

  it.each([[1.5, 1], [Infinity, Number.MAX_SAFE_INTEGER], [2 ** 60, Number.MAX_SAFE_INTEGER]])('may return %p', (used, usedBytes) => {
    expect(limit(used).limiter.status()).toMatchObject({ state: 'ok', usedBytes });
  });

  it('may ask the limiter itself', () => {
    const { limiter } = limit(1);
    const asking = new MemoryLimiter({ ...saluki, read: () => limiters.map((each) => each.waitForCapacity()).length });
    limiters.push(asking);
    jest.advanceTimersByTime(60_000);
    expect(asking.status()).toMatchObject({ state: 'ok', usedBytes: 2 });
    expect(limiter.status().state).toBe('ok');
  });

  it('may stop the limiter: what it returns then is not told', () => {
    const toStop: MemoryLimiter[] = [];
    const limiter = new MemoryLimiter({ ...saluki, read: () => {
      for (const each of toStop) each.stop();
      return 1 + toStop.length;
    } });
    toStop.push(limiter);
    jest.advanceTimersByTime(250);
    expect(limiter.status()).toMatchObject({ state: 'stopped', usedBytes: 1 });
  });

  it('may stop the limiter when it is called late: nobody waits, and no warning comes', () => {
    const toStop: MemoryLimiter[] = [];
    const limiter = new MemoryLimiter({ limitBytes: 0, read: () => {
      for (const each of toStop) each.stop();
      return 1;
    } });
    toStop.push(limiter);
    jest.spyOn(process.hrtime, 'bigint').mockReturnValue(process.hrtime.bigint() + 60_000_000_000n);
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(warnings).not.toHaveBeenCalled();
  });
});

describe('a reading that is stale', () => {
  it('slows each call as at the limit, is told once, and ends with the next one', async () => {
    const { limiter, use } = limit(50 * MB);
    use(new Error('the figure is gone'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(limiter.status()).toMatchObject({ state: 'ok', delayMs: 0, failure: { code: 'ERR_SPILLWAY_INVALID_OPTION' } });
    await jest.advanceTimersByTimeAsync(1);

    for (let call = 0; call < 3; call += 1) expect(await waitOf(limiter)).toBe(1000);
    expect(limiter.status()).toMatchObject({ state: 'blind', delayMs: 1000, usedBytes: 50 * MB });
    expect(warnings.mock.calls).toEqual([[
      "The memory limiter has had no sample for 1 s (Expected option 'read' to be a function that returns a number of bytes, but it threw: Error: the figure is gone). Until there is one, each waitForCapacity() takes 1000 ms.",
      { type: 'SpillwayWarning', code: 'SPILLWAY_LIMITER_BLIND' },
    ]]);

    use(50 * MB);
    await jest.advanceTimersByTimeAsync(250);
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(limiter.status()).toMatchObject({ state: 'ok', delayMs: 0 });
    expect(limiter.status()).not.toHaveProperty('failure');

    use(NaN);
    await jest.advanceTimersByTimeAsync(2000);
    await waitOf(limiter);
    expect(warnings).toHaveBeenCalledTimes(2);
  });

  it('is no older than four intervals, where they are long', async () => {
    const { limiter, use } = limit(50 * MB, { intervalMs: 10_000 });
    use(new Error('gone'));
    await jest.advanceTimersByTimeAsync(40_000);
    expect(limiter.waitForCapacity()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    expect(limiter.status().state).toBe('blind');
    expect(await waitOf(limiter)).toBe(1000);
  });

  it('is noticed within 64 calls by who calls often', async () => {
    const { limiter, use } = limit(50 * MB);
    for (let call = 0; call < 10_000; call += 1) void limiter.waitForCapacity();
    use(new Error('gone'));
    await jest.advanceTimersByTimeAsync(1001);
    const calls = Array.from({ length: 64 }, () => limiter.waitForCapacity());
    expect(calls.at(-1)).toBeInstanceOf(Promise);
  });

  it('does not have the reader called for each call', async () => {
    const { limiter, use, reads } = limit(50 * MB);
    use(new Error('gone'));
    await jest.advanceTimersByTimeAsync(2000);
    const before = reads();
    for (let call = 0; call < 100; call += 1) void limiter.waitForCapacity();
    expect(reads()).toBe(before);
  });
});

describe('stop', () => {
  it('lets all go on who wait, and nobody waits afterwards', async () => {
    const { limiter, reads } = limit(200 * MB);
    const waits = Array.from({ length: 100 }, () => limiter.waitForCapacity());
    const after = waits[0]?.then(() => limiter.waitForCapacity());
    limiter.stop();
    await Promise.all(waits.map(async (wait) => { await wait; }));
    expect(await after).toBeUndefined();
    expect(limiter.waitForCapacity()).toBeUndefined();
    expect(limiter.status()).toMatchObject({ state: 'stopped', delayMs: 0 });
    expect(jest.getTimerCount()).toBe(0);
    const before = reads();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(reads()).toBe(before);
  });

  it('may be called twice, and by using()', () => {
    const { limiter } = limit(1);
    limiter.stop();
    limiter.stop();
    limiter[Symbol.dispose]();
    expect(limiter.status().state).toBe('stopped');
    expect(warnings).not.toHaveBeenCalled();
  });
});
