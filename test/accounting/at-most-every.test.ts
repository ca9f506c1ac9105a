import { atMostEvery } from '../../lib/accounting/at-most-every';

beforeEach(() => { jest.useFakeTimers(); });
afterEach(() => { jest.useRealTimers(); });

describe('atMostEvery', () => {
  it('counts the time from when it was made', async () => {
    let made = 0;
    const get = atMostEvery(100, async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return ++made;
    });
    const first = get();
    jest.advanceTimersByTime(499);
    expect(get()).toBe(first);
    jest.advanceTimersByTime(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    jest.advanceTimersByTime(99);
    expect(get()).toBe(first);
    jest.advanceTimersByTime(1);
    expect(get()).not.toBe(first);
  });

  it('of 0 ms shares only what is under way, a rejection too', async () => {
    const get = atMostEvery(0, () => Promise.reject(new Error('boom')));
    const first = get();
    expect(get()).toBe(first);
    await expect(first).rejects.toThrow('boom');
    const second = get();
    expect(second).not.toBe(first);
    await expect(second).rejects.toThrow('boom');
  });
});
