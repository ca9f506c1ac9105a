import type { MemoryCounters } from '../../lib/monitor/types';
import { type FixtureCgroup, MiB } from '../support/fixture-cgroup';
import { blockForLooks } from '../support/process-resources';
import { useWatching } from '../support/watching';

const { fixture, watch, rounds } = useWatching();
const never = 3_600_000;

/** memory.high 100 MiB, so short above 97.5 MiB until at most 95 MiB, by the default buffer of 5 %. */
function pool(currentMiB: number, cacheMiB = 0, counters: Partial<MemoryCounters> = {}): FixtureCgroup {
  return fixture(counters).high(100 * MiB).max('max').usage({ current: currentMiB * MiB, inactiveFile: cacheMiB * MiB });
}

function sum(deltas: readonly { delta: MemoryCounters }[], key: keyof MemoryCounters): number {
  return deltas.reduce((total, { delta }) => total + delta[key], 0);
}

describe('a shortage', () => {
  it('is told at once, with usage, limits and a sentence', async () => {
    const { cgroup, monitor, ear } = watch(pool(99), { safetyReadMs: never });
    cgroup.events({ high: 1 });
    const breach = await ear.breach(1);
    expect(breach).toMatchObject({
      short: true, usage: { currentBytes: 99 * MiB, pinnedBytes: 99 * MiB, anonBytes: 99 * MiB, inactiveFileBytes: 0 },
      limits: { highBytes: 100 * MiB, maxBytes: Infinity },
    });
    expect(breach.reason).toContain('short of memory: 99 MiB cannot be reclaimed, memory.high is 100 MiB (high +1); 4 MiB must be freed');
    expect(monitor.state).toBe('breached');
  });

  it('is told again at each safety read while it lasts, without new events', async () => {
    const { cgroup, ear } = watch(pool(99));
    cgroup.events({ high: 1 });
    await ear.breach(5);
    expect(sum(ear.breaches, 'high')).toBe(1);
    expect(ear.breaches.every(({ short }) => short)).toBe(true);
    expect(ear.events).not.toContain('clear');
  });

  it('that begins without an event is found by the safety read', async () => {
    const { cgroup, ear } = watch(pool(10));
    await rounds(2);
    expect(ear.all).toEqual([]);
    cgroup.usage({ current: 99 * MiB });
    expect(await ear.breach(1)).toMatchObject({ short: true, delta: { high: 0 } });
  });

  it('by a lowered memory.high is found by the safety read', async () => {
    const { cgroup, ear } = watch(pool(90));
    await rounds(2);
    expect(ear.all).toEqual([]);
    cgroup.high(50 * MiB);
    const breach = await ear.breach(1);
    expect(breach).toMatchObject({ short: true, limits: { highBytes: 50 * MiB }, delta: { high: 0 } });
    expect(breach.reason).toContain('no new event');
  });

  it('by a memory.high that was replaced by another file is found too', async () => {
    const { cgroup, ear } = watch(pool(90));
    cgroup.replace('memory.high', `${50 * MiB}\n`);
    expect(await ear.breach(1)).toMatchObject({ short: true, limits: { highBytes: 50 * MiB } });
  });

  it('is measured against memory.max where that is lower', async () => {
    const { cgroup, ear } = watch(pool(79).max(80 * MiB), { safetyReadMs: never });
    cgroup.events({ high: 1 });
    const breach = await ear.breach(1);
    expect(breach).toMatchObject({ short: true, limits: { highBytes: 100 * MiB, maxBytes: 80 * MiB } });
    expect(breach.reason).toContain('memory.max is 80 MiB');
  });

  it('counts swapped memory where swap is allowed', async () => {
    const swapping = (): FixtureCgroup => pool(60).write('memory.swap.current', `${40 * MiB}\n`);
    const allowed = watch(swapping().write('memory.swap.max', 'max\n'));
    expect(await allowed.ear.breach(1)).toMatchObject({ short: true, usage: { pinnedBytes: 100 * MiB, swapBytes: 40 * MiB } });
    const forbidden = watch(swapping().write('memory.swap.max', '0\n'));
    await rounds(2);
    expect(forbidden.ear.all).toEqual([]);
  });

  it('ends with clear only once pinned memory is down by the whole buffer', async () => {
    const { cgroup, monitor, ear } = watch(pool(98));
    await ear.breach(1);
    cgroup.usage({ current: 96 * MiB });
    await rounds(3);
    expect(ear.events).not.toContain('clear');
    expect(monitor.state).toBe('breached');
    cgroup.usage({ current: 95 * MiB });
    await ear.event('clear');
    expect(monitor.state).toBe('ok');
    const heard = ear.all.length;
    cgroup.usage({ current: 97 * MiB });
    await rounds(3);
    expect(ear.all).toHaveLength(heard);
    cgroup.usage({ current: 98 * MiB });
    await ear.until('a second shortage', () => ear.all.length > heard);
    expect(ear.events.filter((event) => event === 'clear')).toHaveLength(1);
  });

  it('ends with clear when the limit is lifted', async () => {
    const { cgroup, ear } = watch(pool(99));
    await ear.breach(1);
    cgroup.high('max');
    await ear.event('clear');
    await rounds(2);
    expect(ear.events.at(-1)).toBe('clear');
  });

  it('is not ended by files that cannot be read', async () => {
    const { cgroup, monitor, ear } = watch(pool(99));
    await ear.breach(1);
    cgroup.write('memory.current', '');
    await rounds(3);
    cgroup.write('memory.current', 'nonsense\n');
    await rounds(3);
    expect(ear.events).not.toContain('clear');
    expect(monitor.state).toBe('breached');
    cgroup.usage({ current: 10 * MiB });
    await ear.event('clear');
  });

  // A report has no word for "it is over, but now I cannot tell": see MemoryWatch::judge.
  it('that ended while JavaScript was blocked is cleared, though its files could not be read since', async () => {
    const { cgroup, monitor, ear } = watch(pool(99));
    await ear.breach(1);
    cgroup.usage({ current: 10 * MiB });
    blockForLooks();
    cgroup.write('memory.current', '');
    blockForLooks();
    await rounds(1);
    cgroup.usage({ current: 10 * MiB });
    await rounds(3);
    expect(ear.events).toContain('clear');
    expect(monitor.state).toBe('ok');
  });

  it('killBufferBytes moves both levels', async () => {
    const { cgroup, ear } = watch(pool(91), { killBufferBytes: '20MiB' });
    await ear.breach(1);
    cgroup.usage({ current: 81 * MiB });
    await rounds(2);
    expect(ear.events).not.toContain('clear');
    cgroup.usage({ current: 80 * MiB });
    await ear.event('clear');
  });
});

describe('churn', () => {
  it('is not short, and waits for the safety read', async () => {
    const { cgroup, ear } = watch(pool(99, 90), { safetyReadMs: never });
    const witness = watch(fixture());
    for (let high = 1; high <= 100; high += 1) cgroup.events({ high });
    witness.cgroup.events({ high: 1 });
    await witness.ear.breach(1);
    await rounds(1);
    expect(ear.all).toEqual([]);
  });

  it('is told by the safety read, merged', async () => {
    const { cgroup, monitor, ear } = watch(pool(99, 90));
    for (let high = 1; high <= 100; high += 1) cgroup.events({ high });
    await ear.until('all of it', () => sum(ear.breaches, 'high') === 100);
    expect(ear.breaches.length).toBeLessThan(100);
    expect(ear.breaches[0]).toMatchObject({ short: false, usage: { pinnedBytes: 9 * MiB, inactiveFileBytes: 90 * MiB } });
    expect(ear.breaches[0]?.reason).toContain('not short: only 9 MiB of 100 MiB cannot be reclaimed, the rest is cache');
    expect(monitor.state).toBe('ok');
    const told = ear.breaches.length;
    await rounds(3);
    expect(ear.breaches).toHaveLength(told);
  });

  it('does not hold back a kill by the kernel, which brings the growth along', async () => {
    const { cgroup, ear } = watch(pool(99, 90), { safetyReadMs: never, keys: ['high', 'oom_kill'] });
    cgroup.events({ high: 10 });
    cgroup.events({ high: 10, oom_kill: 1 });
    expect(await ear.breach(1)).toMatchObject({ short: false, delta: { high: 10, oom_kill: 1 } });
  });

  it('that becomes a shortage is told at once, with all the growth', async () => {
    const { cgroup, ear } = watch(pool(99, 90), { safetyReadMs: never });
    cgroup.events({ high: 10 });
    await rounds(1);
    cgroup.usage({ current: 99 * MiB });
    cgroup.events({ high: 11 });
    const breach = await ear.breach(1);
    expect(breach).toMatchObject({ short: true, delta: { high: 11 } });
  });

  it('far below the mark costs no read of memory.stat: pinned memory is unknown, never 0', async () => {
    const { cgroup, ear } = watch(pool(10));
    cgroup.events({ high: 1 });
    const { usage, short } = await ear.breach(1);
    expect(usage).toEqual({ currentBytes: 10 * MiB });
    expect(short).toBe(false);
  });

  it('without any limit is not short', async () => {
    const { cgroup, ear } = watch(pool(500).high('max'));
    cgroup.events({ high: 1 });
    const breach = await ear.breach(1);
    expect(breach).toMatchObject({ short: false, limits: { highBytes: Infinity, maxBytes: Infinity } });
    expect(breach.reason).toContain('it has no limit');
  });
});
