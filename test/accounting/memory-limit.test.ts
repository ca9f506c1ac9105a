import { totalmem } from 'node:os';
import { findMemoryLimit } from '../../lib/accounting';
import { FixtureHost } from '../cgroup/preflight/fixture-host';

const GiB = 2 ** 30;
const ofHost = { bytes: 16 * GiB, source: 'host' };

/** A process in the v2 cgroup shop/web, on a machine of 16 GiB, in cgroups with these files. */
function host(web: Record<string, string>, shop: Record<string, string> = {}): FixtureHost {
  const counted = { 'memory.current': '1', 'memory.max': 'max', 'memory.high': 'max' };
  return new FixtureHost().mount('/sys/fs/cgroup').in('/shop/web').root('/sys/fs/cgroup')
    .cgroup('/sys/fs/cgroup/shop', { files: { ...counted, ...shop } })
    .cgroup('/sys/fs/cgroup/shop/web', { procs: [100], files: { ...counted, ...web } });
}

/** The same on v1. */
function hostOfV1(limit: string): FixtureHost {
  return new FixtureHost().mount('/sys/fs/cgroup/memory', { type: 'cgroup', options: 'rw,memory' }).put({
    '/proc/self/cgroup': '4:memory:/shop/web\n',
    '/sys/fs/cgroup/memory/shop/web/cgroup.procs': '100\n',
    '/sys/fs/cgroup/memory/shop/web/memory.usage_in_bytes': '1\n',
    '/sys/fs/cgroup/memory/shop/web/memory.limit_in_bytes': `${limit}\n`,
  });
}

describe('findMemoryLimit', () => {
  it.each([
    ['max is none', 'max', ofHost],
    ['a number', '5', { bytes: 5, source: '/sys/fs/cgroup/shop/web/memory.max' }],
    ['garbage is none', 'nonsense', { bytes: totalmem(), source: 'host' }],
    ['0 is a limit', '0', { bytes: 0, source: '/sys/fs/cgroup/shop/web/memory.max' }],
    ['beyond the memory of the host', String(17 * GiB), ofHost],
    ['that does not fit into a number', '9'.repeat(400), ofHost],
  ])('Saluki 26: %s', (_what, text, limit) => {
    expect(findMemoryLimit(host({ 'memory.max': text }))).toEqual(limit);
  });

  it.each([undefined, '', 'yes'])('Saluki 27: takes no marker in the environment; with %p it is the same', (marker) => {
    const environment = process.env;
    process.env = { ...environment, ...(marker !== undefined && { DOCKER_DD_AGENT: marker }) };
    try {
      expect(findMemoryLimit(host({ 'memory.max': '5' })).bytes).toBe(5);
    } finally {
      process.env = environment;
    }
  });

  it('is the lowest on the way up, memory.high too', () => {
    expect(findMemoryLimit(host({ 'memory.max': '300' }, { 'memory.max': '250', 'memory.high': '200' }))).toEqual({ bytes: 200, source: '/sys/fs/cgroup/shop/memory.high' });
  });

  it('is that of cgroup v1, whose sentinel is none', () => {
    expect(findMemoryLimit(hostOfV1('500'))).toEqual({ bytes: 500, source: '/sys/fs/cgroup/memory/shop/web/memory.limit_in_bytes' });
    expect(findMemoryLimit(hostOfV1('9223372036854771712'))).toEqual(ofHost);
  });

  it("is the host's memory where there is no cgroup, and where there is no /proc", () => {
    expect(findMemoryLimit(new FixtureHost())).toEqual(ofHost);
    expect(findMemoryLimit(new FixtureHost({ '/proc/meminfo': '' }))).toEqual({ bytes: totalmem(), source: 'host' });
  });

  it('is something on any machine', () => {
    const { bytes, source } = findMemoryLimit();
    expect(Number.isSafeInteger(bytes) && bytes <= totalmem()).toBe(true);
    expect(source).not.toBe('');
  });
});
