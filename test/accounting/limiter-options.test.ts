import { type MemoryLimiterOptions, parseLimiterOptions } from '../../lib/accounting/limiter-options';
import { errorOf } from '../support/error-of';

describe('parseLimiterOptions', () => {
  it('has defaults for all but the limit', () => {
    expect(parseLimiterOptions({ limitBytes: '1000MiB' })).toEqual({
      limitBytes: 1000 * 2 ** 20, curve: { slowAtFraction: 0.95, minDelayMs: 1, maxDelayMs: 25 },
      intervalMs: 250, cgroup: undefined, read: undefined, keepAlive: false,
    });
  });

  it('takes what is given', () => {
    const read = (): number => 1;
    const given = { limitBytes: 0, slowAtFraction: 0.5, minDelayMs: 0, maxDelayMs: 0.5, intervalMs: 10, keepAlive: true };
    const expected = { limitBytes: 0, curve: { slowAtFraction: 0.5, minDelayMs: 0, maxDelayMs: 0.5 }, intervalMs: 10, keepAlive: true };
    expect(parseLimiterOptions({ ...given, read })).toEqual({ ...expected, read, cgroup: undefined });
    expect(parseLimiterOptions({ ...given, cgroup: '/sys/fs/cgroup/a/../b/' })).toEqual({ ...expected, read: undefined, cgroup: '/sys/fs/cgroup/b' });
  });

  it('the limit of a cgroup may be its own', () => {
    expect(parseLimiterOptions({ cgroup: '/sys/fs/cgroup/a' }).limitBytes).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no limit', {}],
    ['no limit beside a reader', { read: () => 1 }],
    ['no number for a limit', { limitBytes: 'much' }],
    ['a negative limit', { limitBytes: -1 }],
    ['no limit at all, in words', { limitBytes: 'max' }],
    ['an interval too short', { limitBytes: 1, intervalMs: 9 }],
    ['an interval too long', { limitBytes: 1, intervalMs: 3_600_001 }],
    ['half an interval', { limitBytes: 1, intervalMs: 10.5 }],
    ['a delay that is out of range', { limitBytes: 1, maxDelayMs: 60_001 }],
    ['a curve that falls', { limitBytes: 1, minDelayMs: 26 }],
    ['a fraction of more than all', { limitBytes: 1, slowAtFraction: 1.01 }],
    ['a reader that is none', { limitBytes: 1, read: 5 }],
    ['a reader beside a cgroup', { limitBytes: 1, read: () => 1, cgroup: '/sys/fs/cgroup/a' }],
    ['a cgroup without a name', { limitBytes: 1, cgroup: '' }],
    ['a cgroup that cuts its path', { limitBytes: 1, cgroup: '/a\0b' }],
    ['no boolean', { limitBytes: 1, keepAlive: 1 }],
    ['an option that is not known', { limitBytes: 1, interval: 5 }],
  ])('refuses %s', (_what, options) => {
    expect(errorOf(() => parseLimiterOptions(options as MemoryLimiterOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
