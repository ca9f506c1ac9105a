import { totalmem } from 'node:os';
import { findMemoryLimit } from '../../lib/accounting';
import { FixtureHost } from '../cgroup/preflight/fixture-host';

const GiB = 2 ** 30;

/** A process in /sys/fs/cgroup/shop/web, in cgroups with these files. */
function host(web: Record<string, string>, shop: Record<string, string> = {}): FixtureHost {
  return new FixtureHost().mount('/sys/fs/cgroup').in('/shop/web')
    .root('/sys/fs/cgroup').cgroup('/sys/fs/cgroup/shop', { files: shop }).cgroup('/sys/fs/cgroup/shop/web', { procs: [100], files: web });
}

describe('findMemoryLimit', () => {
  it.each([
    ['max is none', 'max', { bytes: 8 * GiB, source: 'host' }],
    ['a number', '5', { bytes: 5, source: '/sys/fs/cgroup/shop/web/memory.max' }],
    ['garbage is none', 'nonsense', { bytes: 8 * GiB, source: 'host' }],
    ['0 is a limit', '0', { bytes: 0, source: '/sys/fs/cgroup/shop/web/memory.max' }],
    ['beyond the memory of the host', String(9 * GiB), { bytes: 8 * GiB, source: 'host' }],
    ['that does not fit into a number', '9'.repeat(400), { bytes: 8 * GiB, source: 'host' }],
  ])('Saluki 26: %s', (_what, text, limit) => {
    expect(findMemoryLimit(host({ 'memory.max': text }), 8 * GiB)).toEqual(limit);
  });

  it('is the lowest on the way up, memory.high too', () => {
    expect(findMemoryLimit(host({ 'memory.max': '300' }, { 'memory.max': '250', 'memory.high': '200' }), 8 * GiB)).toEqual({ bytes: 200, source: '/sys/fs/cgroup/shop/memory.high' });
  });

  it("is the host's memory where there is no cgroup v2", () => {
    expect(findMemoryLimit(new FixtureHost().mount('/sys/fs/cgroup/memory', { type: 'cgroup' }), 8 * GiB)).toEqual({ bytes: 8 * GiB, source: 'host' });
    expect(findMemoryLimit(new FixtureHost(), 8 * GiB)).toEqual({ bytes: 8 * GiB, source: 'host' });
  });

  it('is something on any machine', () => {
    const { bytes, source } = findMemoryLimit();
    expect(Number.isSafeInteger(bytes) && bytes <= totalmem()).toBe(true);
    expect(source).not.toBe('');
  });
});
