// The scenarios of Ray's readers (ray.md 3.5), by their names there, and what becomes of each here.

import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { memorySnapshot, memorySnapshotOf, type MemorySnapshot, type MemorySnapshotOptions } from '../../lib/cgroup/memory-snapshot';
import { errorOf } from '../support/error-of';
import { FixtureHost, top } from './preflight/fixture-host';

const GiB = 2 ** 30;
const v1Unlimited = '9223372036854771712';
type Values = Record<string, number | string | undefined>;

function meminfo(values: Values): string {
  const lines = Object.entries(values).filter(([, value]) => value !== undefined).map(([key, value]) => `${key}: ${typeof value === 'number' ? `${value / 1024} kB` : String(value)}\n`);
  return lines.join('');
}

const ram = { MemTotal: 16 * GiB, MemFree: 2 * GiB, MemAvailable: 6 * GiB, Buffers: GiB, Cached: 5 * GiB, Shmem: 2 * GiB, AnonPages: 7 * GiB };
const swapped = { SwapTotal: 4 * GiB, SwapFree: GiB, SwapCached: GiB };

function hostWith(values: Values = ram): FixtureHost {
  return new FixtureHost({ '/proc/meminfo': meminfo(values) });
}

/** 3 GiB, of which 1 is page cache. */
const v2Defaults: Values = { current: 3 * GiB, max: 'max', high: 'max', 'swap.current': 0, 'swap.max': 'max', stat: statOf({ anon: 1.5 * GiB, shmem: GiB / 4, inactive_file: 0.75 * GiB, active_file: 0.25 * GiB }) };
const v1Defaults: Values = {
  usage_in_bytes: 3 * GiB, limit_in_bytes: v1Unlimited,
  stat: statOf({ rss: 1, inactive_file: 2, total_rss: 1.5 * GiB, total_shmem: GiB / 4, total_inactive_file: 0.75 * GiB, total_active_file: 0.25 * GiB }),
};
const used = 2 * GiB;

function statOf(values: Record<string, number | string>): string {
  return Object.entries(values).map(([key, value]) => `${key} ${value}\n`).join('');
}

function files(directory: string, values: Values): Record<string, string | undefined> {
  const text = (value: number | string | undefined): string | undefined => (value === undefined || String(value).endsWith('\n') || value === '' ? value?.toString() : `${value}\n`);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${directory}/memory.${name}`, text(value)]));
}

const a = `${top}/a`;
const b = `${a}/b`;
/** The own cgroup is /a/b. */
function v2(inner: Values = {}, outer: Values = {}, host: Values = ram): FixtureHost {
  const facts = hostWith(host).mount(top).root(top).cgroup(a).cgroup(b, { procs: [100] }).in('/a/b');
  return facts.put({ ...files(a, { ...v2Defaults, ...outer }), ...files(b, { ...v2Defaults, ...inner }) });
}

const memory = `${top}/memory`;
/** The own cgroup is /a, the root of a container. */
function v1(values: Values = {}, host: Values = ram): FixtureHost {
  const facts = hostWith(host).mount(memory, { root: '/a', type: 'cgroup', options: 'rw,memory' });
  return facts.put({ [`${memory}/cgroup.procs`]: '100\n', '/proc/self/cgroup': '4:memory:/a\n', ...files(memory, { ...v1Defaults, ...values }) });
}

type Case = [scenario: string, facts: FixtureHost, expected: Partial<MemorySnapshot>, options?: MemorySnapshotOptions];
const check = (...[, facts, expected, options]: Case): void => {
  expect(memorySnapshotOf(facts, options)).toMatchObject(expected);
};

describe('snapshot', () => {
  it.each<Case>([
    ['total > 0 and not below used', hostWith(), { totalBytes: 16 * GiB, usedBytes: 10 * GiB, availableBytes: 6 * GiB, limitedBy: 'host', usedOf: 'host' }],
    ['cgroup preferred when lower', v2({ max: 8 * GiB }), { totalBytes: 8 * GiB, usedBytes: used, availableBytes: 6 * GiB, limitedBy: b, usedOf: b }],
    ['cgroup of v1 preferred when lower', v1({ limit_in_bytes: 4 * GiB }), { totalBytes: 4 * GiB, usedBytes: used, availableBytes: 2 * GiB, limitedBy: memory, usedOf: memory }],
    ['an ancestor preferred when lower still, with what its other children use', v2({ max: 8 * GiB, current: 2 * GiB }, { max: 6 * GiB, current: 6 * GiB }), { totalBytes: 6 * GiB, usedBytes: 5 * GiB, availableBytes: GiB, limitedBy: a, usedOf: a }],
    ['of equal limits the nearest', v2({ max: 8 * GiB }, { max: 8 * GiB }), { limitedBy: b, usedOf: b }],
    ['memory.high limits as well', v2({ max: 8 * GiB, high: 4 * GiB }), { totalBytes: 4 * GiB, sources: { total: [`${b}/memory.high`], used: [`${b}/memory.current`, `${b}/memory.stat`], available: [`${b}/memory.high`, `${b}/memory.current`, `${b}/memory.stat`] } }],
    // Ray #59796: it took the host's figures for the usage then, and killed for what the neighbours used.
    ['limit above the host: the host limits, and used is still of the cgroup', v2({ max: 32 * GiB }), { totalBytes: 16 * GiB, usedBytes: used, availableBytes: 6 * GiB, limitedBy: 'host', usedOf: b }],
    ['limit of the host exactly', v2({ max: 16 * GiB }), { totalBytes: 16 * GiB, usedBytes: used, availableBytes: 6 * GiB, limitedBy: b, usedOf: b }],
    ['unlimited', v2(), { totalBytes: 16 * GiB, usedBytes: used, availableBytes: 6 * GiB, limitedBy: 'host', usedOf: b }],
    ["unlimited on v1, by the kernel's largest number of pages", v1(), { totalBytes: 16 * GiB, usedBytes: used, limitedBy: 'host', usedOf: memory }],
    ['unlimited on v1 with pages of 64 KiB', v1({ limit_in_bytes: '9223372036854710272' }), { limitedBy: 'host' }],
    ['unlimited on v1 before Linux 3.19', v1({ limit_in_bytes: '9223372036854775807' }), { limitedBy: 'host' }],
    ['a limit beyond all numbers', v2({ max: '9'.repeat(40) }), { totalBytes: 16 * GiB, limitedBy: 'host' }],
    ['a limit of 0', v2({ max: 0 }), { totalBytes: 0, usedBytes: used, availableBytes: 0, limitedBy: b }],
    ['used >= total (#28579): told as it is, no room', v2({ max: GiB }), { totalBytes: GiB, usedBytes: used, availableBytes: 0 }],
    ['a v1 limit further up than a container sees', v1({ stat: `${String(v1Defaults['stat'])}hierarchical_memory_limit ${5 * GiB}\n` }), { totalBytes: 5 * GiB, usedBytes: used, availableBytes: 3 * GiB, sources: expect.objectContaining({ total: [`${memory}/memory.stat`] }) as never }],
    ['a limit that does not tell is not "unlimited"', v2({ max: 'garbage' }), { totalBytes: undefined, usedBytes: undefined, availableBytes: undefined, limitedBy: undefined }],
    ['a limit whose newline is missing yet', v2().put({ [`${b}/memory.max`]: '123' }), { totalBytes: undefined }],
    ['no limit files', v2({ max: undefined, high: undefined }), { totalBytes: 16 * GiB, usedBytes: used }],
    ['basis host', v2({ max: GiB }), { totalBytes: 16 * GiB, usedBytes: 10 * GiB, limitedBy: 'host', usedOf: 'host' }, { basis: 'host' }],
    ['another cgroup than the own', v2({ max: GiB }, { max: 8 * GiB, current: 8 * GiB }), { totalBytes: 8 * GiB, usedBytes: 7 * GiB, usedOf: a }, { cgroup: a }],
  ])('%s', check);

  it('says whether lower limits may be above what can be seen', () => {
    expect(memorySnapshotOf(v2()).unknownAbove).toBe(false);
    expect(memorySnapshotOf(v2().put({ [`${top}/cgroup.type`]: 'domain\n' })).unknownAbove).toBe(true);
    expect(memorySnapshotOf(hostWith()).unknownAbove).toBe(false);
  });
});

describe('working set', () => {
  const lines = (text: string): string => `anon 1\n${text}`;
  it.each<Case>([
    ['computed: without page cache, active and inactive (#29103)', v2({ max: 8 * GiB }), { usedBytes: 3 * GiB - 0.75 * GiB - 0.25 * GiB }],
    ['computed on v1, with the cgroups below', v1({ limit_in_bytes: 8 * GiB }), { usedBytes: used }],
    ['key on last line', v2({ current: 10, stat: lines('inactive_file 1\nactive_file 2\n'), max: 100 }), { usedBytes: 7, availableBytes: 93 }],
    ['key on a last line that is cut off', v2({ max: 100, current: 10 }).put({ [`${b}/memory.stat`]: lines('inactive_file 1\nactive_file 2') }), { usedBytes: undefined, availableBytes: undefined, totalBytes: 100 }],
    ['negative result: the files are read one after the other', v2({ current: 10, stat: lines('inactive_file 8\nactive_file 8\n'), max: 100 }), { usedBytes: 0, availableBytes: 100 }],
    ['inactive_file missing', v2({ stat: lines('active_file 2\n'), max: GiB }), { usedBytes: undefined, availableBytes: undefined, totalBytes: GiB }],
    ['active_file missing', v2({ stat: lines('inactive_file 2\n'), max: GiB }), { usedBytes: undefined }],
    ['a key that only ends like it', v2({ stat: lines('inactive_file 1\nxactive_file 2\nworkingset_active_file 2\n'), max: GiB }), { usedBytes: undefined }],
    ['stat file missing', v2({ stat: undefined, max: GiB }), { usedBytes: undefined }],
    ['stat file without its end', v2({ stat: '', max: GiB }), { usedBytes: undefined }],
    ['usage file missing', v2({ current: undefined }, { current: undefined }).in('/a'), { usedBytes: 10 * GiB, usedOf: 'host' }],
    ['usage file unreadable', v2({ current: 'x', max: GiB }), { usedBytes: undefined, totalBytes: GiB }],
    ['usage file unreadable on v1', v1({ usage_in_bytes: 'x', limit_in_bytes: GiB }), { usedBytes: undefined, totalBytes: GiB }],
    ['usage of an ancestor unreadable', v2({ max: 8 * GiB }, { max: 9 * GiB, current: 'x' }), { usedBytes: used, availableBytes: undefined }],
    ['a negative number', v2({ current: '-5', max: GiB }), { usedBytes: undefined }],
    ['page cache counts with basis current', v2({ max: 8 * GiB }), { usedBytes: 3 * GiB, availableBytes: 2 * GiB }, { basis: 'current' }],
    ['page cache counts with basis current on v1', v1({ limit_in_bytes: 4 * GiB }), { usedBytes: 3 * GiB }, { basis: 'current' }],
    ['shared memory stays in the working set', v2({ max: 8 * GiB, current: 10, stat: 'shmem 10\ninactive_file 0\nactive_file 0\n' }), { usedBytes: 10 }],
  ])('%s', check);
});

describe('host', () => {
  const without = (...keys: string[]): Values => Object.fromEntries(Object.entries(ram).filter(([key]) => !keys.includes(key)));
  it.each<Case>([
    ['MemTotal - MemAvailable', hostWith(), { usedBytes: 10 * GiB }],
    ['without MemAvailable: MemFree + Cached + Buffers (psutil), less the shared memory in Cached', hostWith(without('MemAvailable')), { usedBytes: 10 * GiB, availableBytes: 6 * GiB }],
    ['without MemAvailable and Shmem', hostWith(without('MemAvailable', 'Shmem')), { usedBytes: 8 * GiB }],
    ['without MemAvailable and Cached', hostWith(without('MemAvailable', 'Cached')), { usedBytes: undefined, availableBytes: undefined, totalBytes: 16 * GiB }],
    ['MemTotal missing', hostWith(without('MemTotal')), { totalBytes: undefined, usedBytes: undefined, availableBytes: undefined }],
    ['lines without kB do not disturb (#39821)', hostWith({ HugePages_Total: '5', garbage: '', ...ram, HugePages_Free: '7' }), { totalBytes: 16 * GiB, usedBytes: 10 * GiB }],
    ['a used field without kB is unknown', hostWith({ ...ram, MemAvailable: '6291456' }), { usedBytes: 10 * GiB }],
    ['the total without kB is unknown', hostWith({ ...ram, MemTotal: '16777216' }), { totalBytes: undefined }],
    ['more available than there is', hostWith({ ...ram, MemAvailable: 17 * GiB }), { usedBytes: 0, availableBytes: 16 * GiB }],
    ['numbers beyond 2^53 saturate', hostWith({ ...ram, MemTotal: `${'9'.repeat(30)} kB` }), { totalBytes: Number.MAX_SAFE_INTEGER }],
    ['no /proc/meminfo', new FixtureHost().put({ '/proc/meminfo': undefined }), { totalBytes: undefined, usedBytes: undefined, availableBytes: undefined }],
    ['anonymous and shared memory', hostWith(), { usedBytes: 9 * GiB, availableBytes: 7 * GiB }, { basis: 'anon-shmem' }],
    ['all that is not free', hostWith(), { usedBytes: 14 * GiB, availableBytes: 2 * GiB }, { basis: 'current' }],
  ])('%s', check);
});

describe('cgroup snapshot and slices', () => {
  const basis = 'anon-shmem';
  it.each<Case>([
    ['anon and shmem correct', v2({ max: 8 * GiB }), { usedBytes: 1.75 * GiB, usedOf: b, sources: expect.objectContaining({ used: [`${b}/memory.stat`] }) as never }, { basis }],
    ['missing anon', v2({ max: 8 * GiB, stat: 'shmem 1\n' }), { usedBytes: undefined }, { basis }],
    ['missing shmem', v2({ max: 8 * GiB, stat: 'anon 1\n' }), { usedBytes: undefined }, { basis }],
    // In Ray NotFound: it has no such figure of v1. Here it is total_rss and total_shmem.
    ['v1', v1({ limit_in_bytes: 8 * GiB }), { usedBytes: 1.75 * GiB }, { basis }],
    ['user slice: its anon and shmem', v2({}, { max: 8 * GiB }), { usedBytes: 1.75 * GiB, usedOf: a }, { basis, cgroup: a }],
  ])('%s', check);

  it.each([
    ['empty path', '', 'ERR_SPILLWAY_INVALID_OPTION'],
    ['missing path', '/there/is/no/such', 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
  ])('%s', (_scenario, cgroup, code) => {
    expect(errorOf(() => memorySnapshot({ cgroup }))).toMatchObject({ code });
  });

  // What Ray computes otherwise, and why not so here.
  const slices = (): FixtureHost => v2({ stat: statOf({ anon: 5, shmem: 2 }), max: 100 }).cgroup(`${a}/system`).put(files(`${a}/system`, { ...v2Defaults, stat: statOf({ anon: 3, shmem: 11 }), max: 50 }));
  it.each<Case>([
    ['user slice with the shmem of the system slice: Ray keeps its object store there; here it counts where the kernel charges it', slices(), { usedBytes: 7 }, { basis }],
    ['system slice as host used - user RAM: the rest of two figures that are counted differently; here it has a cgroup that is read itself', slices(), { usedBytes: 14 }, { basis, cgroup: `${a}/system` }],
  ])('%s', check);
});

describe('swap', () => {
  const includeSwap = true;
  const host = { ...ram, ...swapped };
  const s = { 'swap.current': GiB, 'swap.max': 2 * GiB };
  const stat = String(v2Defaults['stat']);
  const memsw = { 'memsw.usage_in_bytes': 4 * GiB, 'memsw.limit_in_bytes': 7 * GiB, limit_in_bytes: 6 * GiB };

  it.each<Case>([
    ['host: folded in, but once what is in memory as well', hostWith(host), { totalBytes: 20 * GiB, usedBytes: 12 * GiB, availableBytes: 8 * GiB, includesSwap: true }, { includeSwap }],
    ['host: ignored with flag off', hostWith(host), { totalBytes: 16 * GiB, usedBytes: 10 * GiB, includesSwap: false }],
    ['host: no swap = RAM', hostWith({ ...ram, SwapTotal: 0, SwapFree: 0 }), { totalBytes: 16 * GiB, usedBytes: 10 * GiB, includesSwap: true }, { includeSwap }],
    ['host: no line of swap', hostWith(), { totalBytes: 16 * GiB, usedBytes: 10 * GiB, includesSwap: false }, { includeSwap }],

    ['v2: added', v2({ max: 8 * GiB, ...s }, {}, host), { totalBytes: 10 * GiB, usedBytes: 3 * GiB, availableBytes: 7 * GiB, includesSwap: true }, { includeSwap }],
    ['v2: ignored', v2({ max: 8 * GiB, ...s }, {}, host), { totalBytes: 8 * GiB, usedBytes: used, includesSwap: false }],
    ['v2: swapcached subtracted', v2({ max: 8 * GiB, ...s, stat: `${stat}swapcached ${GiB / 2}\n` }, {}, host), { usedBytes: 2.5 * GiB }, { includeSwap }],
    ['v2: swapcached ignored with flag off', v2({ max: 8 * GiB, ...s, stat: `${stat}swapcached ${GiB / 2}\n` }, {}, host), { usedBytes: used }],
    ['v2: swapcached above swap.current', v2({ max: 8 * GiB, ...s, stat: `${stat}swapcached ${2 * GiB}\n` }, {}, host), { usedBytes: used }, { includeSwap }],
    ['v2: unlimited -> host swap', v2({ max: 8 * GiB, ...s, 'swap.max': 'max' }, {}, host), { totalBytes: 12 * GiB, usedBytes: 3 * GiB }, { includeSwap }],
    ['v2: overflow -> host swap', v2({ max: 8 * GiB, ...s, 'swap.max': '18446744073709551615' }, {}, host), { totalBytes: 12 * GiB }, { includeSwap }],
    ['v2: unlimited RAM with bounded swap', v2(s, {}, host), { totalBytes: 18 * GiB, usedBytes: 3 * GiB, usedOf: b }, { includeSwap }],
    ['v2: zero max: what is swapped does not count', v2({ max: 8 * GiB, ...s, 'swap.max': 0 }, {}, host), { totalBytes: 8 * GiB, usedBytes: used, availableBytes: 6 * GiB }, { includeSwap }],
    ['v2: max below what is swapped', v2({ max: 8 * GiB, 'swap.current': GiB, 'swap.max': GiB / 2 }, {}, host), { totalBytes: 8.5 * GiB, usedBytes: 2.5 * GiB, availableBytes: 6 * GiB }, { includeSwap }],
    ['v2: an ancestor without swap', v2({ max: 8 * GiB, ...s }, { 'swap.max': 0 }, host), { totalBytes: 8 * GiB, usedBytes: used }, { includeSwap }],
    ['v2: missing files', v2({ max: 8 * GiB, 'swap.max': undefined, 'swap.current': undefined }, { 'swap.max': undefined }, host), { totalBytes: 8 * GiB, usedBytes: used, includesSwap: false }, { includeSwap }],
    ['v2: unreadable files', v2({ max: 8 * GiB, 'swap.current': 'x' }, {}, host), { totalBytes: 8 * GiB, usedBytes: used, includesSwap: false }, { includeSwap }],

    ['v1: memsw added', v1(memsw, host), { totalBytes: 7 * GiB, usedBytes: 3 * GiB, availableBytes: 4 * GiB, includesSwap: true, limitedBy: memory }, { includeSwap }],
    ['v1: memsw ignored', v1(memsw, host), { totalBytes: 6 * GiB, usedBytes: used, includesSwap: false }],
    ['v1: memsw unlimited -> host swap', v1({ ...memsw, 'memsw.limit_in_bytes': v1Unlimited }, host), { totalBytes: 10 * GiB, usedBytes: 3 * GiB }, { includeSwap }],
    ['v1: fallback without usage file', v1({ ...memsw, 'memsw.usage_in_bytes': undefined }, host), { totalBytes: 6 * GiB, usedBytes: used, includesSwap: false }, { includeSwap }],
    ['v1: memsw below usage, as they are read one after the other', v1({ ...memsw, 'memsw.usage_in_bytes': 2 * GiB }, host), { usedBytes: used }, { includeSwap }],
    ['v1: a memsw limit further up', v1({ ...memsw, stat: `${String(v1Defaults['stat'])}hierarchical_memsw_limit ${6.5 * GiB}\n` }, host), { totalBytes: 6.5 * GiB, limitedBy: memory }, { includeSwap }],

    ['user slice: added', v2({}, { max: 8 * GiB, ...s }, host), { totalBytes: 10 * GiB, usedBytes: 2.75 * GiB }, { includeSwap, cgroup: a, basis: 'anon-shmem' }],
    ['user slice: ignored', v2({}, { max: 8 * GiB, ...s }, host), { totalBytes: 8 * GiB, usedBytes: 1.75 * GiB }, { cgroup: a, basis: 'anon-shmem' }],
  ])('%s', check);
});

describe('options', () => {
  it.each([
    [{ basis: 'rss' }, /'basis'/],
    [{ includeSwap: 1 }, /'includeSwap'/],
    [{ cgroup: 5 }, /'cgroup'/],
    [{ includeswap: true }, /did you mean 'includeSwap'/],
  ])('refuses %j', (options, message) => {
    expect(errorOf(() => memorySnapshot(options as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringMatching(message) as string });
  });
});

// Found by the property below: with swap the sum was beyond what a number holds exactly.
it('holds what is used, with what is swapped, at the largest exact number', () => {
  const facts = v2({ 'current': '9'.repeat(50), 'swap.current': '9'.repeat(50), 'swap.max': 'max' }, {}, { ...ram, ...swapped });
  expect(memorySnapshotOf(facts, { includeSwap: true, basis: 'current' }).usedBytes).toBe(Number.MAX_SAFE_INTEGER);
});

it('gives whole bytes or nothing, and no room that is not there, whatever the files hold', () => {
  const value = fc.oneof(fc.nat().map(String), fc.constantFrom('max', '', '-1', '1e9', '0x5', v1Unlimited, '9'.repeat(50), '\0'));
  const key = fc.constantFrom('current', 'max', 'high', 'swap.max', 'swap.current', 'stat', 'usage_in_bytes', 'limit_in_bytes', 'memsw.usage_in_bytes', 'memsw.limit_in_bytes');
  const record = fc.dictionary(key, value);
  fc.assert(
    fc.property(record, record, fc.boolean(), fc.constantFrom('working-set', 'anon-shmem', 'current', 'host'), (inner, outer, includeSwap, basis) => {
      for (const facts of [v2(inner, outer, { ...ram, ...swapped }), v1(inner, ram)]) {
        const { totalBytes = 0, usedBytes = 0, availableBytes = 0, ...rest } = memorySnapshotOf(facts, { includeSwap, basis: basis as 'host' });
        for (const bytes of [totalBytes, usedBytes, availableBytes]) expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
        if (rest.limitedBy !== undefined) expect(availableBytes).toBeLessThanOrEqual(totalBytes);
      }
    }),
  );
});

it('of this machine: total equals MemTotal or a limit below it, and something is used', () => {
  const total = Number(/^MemTotal: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
  const { totalBytes = NaN, usedBytes = NaN, availableBytes = NaN } = memorySnapshot();
  expect(totalBytes).toBeLessThanOrEqual(total);
  expect(usedBytes).toBeGreaterThan(0);
  expect(availableBytes).toBeLessThanOrEqual(totalBytes);
  expect(memorySnapshot({ basis: 'host' }).totalBytes).toBe(total);
});
