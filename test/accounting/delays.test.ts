import { Delays } from '../../lib/accounting/delays';

beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

/** The names of those that have ended. */
function start(delays: Delays, waits: Record<string, number>): string[] {
  const ended: string[] = [];
  for (const [name, ms] of Object.entries(waits)) void delays.wait(ms).then(() => ended.push(name));
  return ended;
}

describe('Delays', () => {
  it('are never shorter than asked for', async () => {
    const ended = start(new Delays(), { short: 0.2, long: 2.5 });
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['short']);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['short']);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['short', 'long']);
  });

  it('can be ended together, and begun anew afterwards', async () => {
    const delays = new Delays();
    const ended = start(delays, { one: 5, other: 60_000 });
    delays.endAll();
    delays.endAll();
    await Promise.resolve();
    expect(ended).toEqual(['one', 'other']);
    expect(jest.getTimerCount()).toBe(0);
    const later = start(delays, { third: 1 });
    await jest.advanceTimersByTimeAsync(1);
    expect(later).toEqual(['third']);
  });
});
