import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '../../lib/errors';
import { ThresholdMemoryMonitor, type ThresholdMemoryMonitorOptions } from '../../lib/monitor/threshold-memory-monitor';
import { errorOf } from '../support/error-of';
import { Metronome, tickMs } from '../support/metronome';
import { mountOf } from '../support/mount-of';
import { openFiles, reactorCount } from '../support/process-resources';
import { ThresholdEar } from '../support/threshold-ear';

/** Folders with files of the form of a parent's and its child's. */
class FixtureTree {
  readonly parent = mkdtempSync(join(tmpdir(), 'spillway-place-'));
  readonly child = join(this.parent, 'child');

  constructor() {
    mkdirSync(this.child);
  }

  /** All of it anonymous, but for the cache. */
  usage(current: number, cache = 0, of = this.child): this {
    this.write('memory.stat', `anon ${current - cache}\nshmem 0\ninactive_file ${cache}\nactive_file 0\nslab_reclaimable 0\n`, of);
    return this.write('memory.current', `${current}\n`, of);
  }

  limit(max: number | 'max', of = this.child): this {
    return this.write('memory.max', `${max}\n`, of).write('memory.high', 'max\n', of);
  }

  usageV1(current: number, cache = 0): this {
    this.write('memory.stat', `cache 0\ntotal_rss ${current - cache}\ntotal_shmem 0\ntotal_inactive_file ${cache}\ntotal_active_file 0\n`);
    return this.write('memory.usage_in_bytes', `${current}\n`);
  }

  write(name: string, text: string, of = this.child): this {
    writeFileSync(join(of, name), text);
    return this;
  }

  remove(): void {
    rmSync(this.parent, { recursive: true, force: true });
  }
}

const monitors: ThresholdMemoryMonitor[] = [];
let tree: FixtureTree;
let metronome: Metronome | undefined;
beforeEach(() => {
  tree = new FixtureTree();
});
afterEach(() => {
  metronome?.stop();
  metronome = undefined;
  for (const monitor of monitors.splice(0)) monitor.stop();
  tree.remove();
});

interface Watched {
  monitor: ThresholdMemoryMonitor;
  ear: ThresholdEar;
}

function watch(options: ThresholdMemoryMonitorOptions = {}): Watched {
  const monitor = new ThresholdMemoryMonitor({ cgroup: tree.child, fraction: 0.7, killBufferBytes: 100, intervalMs: tickMs, ...options });
  monitors.push(monitor);
  const ear = new ThresholdEar(monitor);
  monitor.start();
  return { monitor, ear };
}

/** Lets samples pass. */
async function samples(count: number): Promise<void> {
  metronome ??= new Metronome();
  await metronome.rounds(count);
}

/** Named after the scenarios of Ray's threshold monitor, numbered as there. */
describe("Ray's threshold monitor", () => {
  it('1: threshold 0 always fires', async () => {
    tree.usage(0).limit(1000);
    const { ear } = watch({ fraction: 0 });
    expect(await ear.breach(1)).toMatchObject({ thresholdBytes: 0, usedBytes: 0 });
  });

  it('2: 800 of 1000 at 0.7 fires', async () => {
    tree.usage(800).limit(1000);
    const { ear, monitor } = watch();
    expect(await ear.breach(1)).toMatchObject({
      source: 'threshold', basis: 'pinned', cgroup: tree.child, level: tree.child, usedBytes: 800, thresholdBytes: 700, totalBytes: 1000, short: true, sequence: 1,
      usage: { currentBytes: 800, pinnedBytes: 800, anonBytes: 800 }, limits: { maxBytes: 1000, highBytes: Infinity },
    });
    expect(monitor.state).toBe('breached');
  });

  it('3 and 6: below it is silent, and 700 is not above 700', async () => {
    tree.usage(700).limit(1000);
    const { ear, monitor } = watch();
    await samples(20);
    expect(ear.events).toEqual([]);
    expect(monitor.state).toBe('ok');
  });

  it('4: above a share of memory.high fires', async () => {
    tree.usage(800).limit('max').write('memory.high', '1000\n');
    expect(await watch().ear.breach(1)).toMatchObject({ totalBytes: 1000, limits: { highBytes: 1000 } });
  });

  it('5: anonymous and shared memory together fire', async () => {
    tree.usage(900, 500).limit(1000).write('memory.stat', 'anon 400\nshmem 350\ninactive_file 0\nactive_file 500\n');
    expect(await watch({ basis: 'anon-shmem' }).ear.breach(1)).toMatchObject({ usedBytes: 750 });
  });

  it('7: a limit that shrinks at run time fires', async () => {
    tree.usage(500).limit(1000);
    const { ear } = watch();
    await samples(5);
    expect(ear.events).toEqual([]);
    tree.limit(600);
    expect(await ear.breach(1)).toMatchObject({ totalBytes: 600, thresholdBytes: 420 });
  });
});

it("'clear' comes once, and the next crossing is a new breach", async () => {
  tree.usage(800).limit(1000);
  const { ear } = watch();
  await ear.breach(1);
  tree.usage(650);
  await samples(10);
  expect(ear.events).toEqual(['breach']);
  tree.usage(600);
  await ear.event('clear');
  await samples(10);
  tree.usage(701);
  expect(await ear.breach(2)).toMatchObject({ sequence: 2 });
  expect(ear.events).toEqual(['breach', 'clear', 'breach']);
});

it('minFreeBytes raises the threshold', async () => {
  tree.usage(800).limit(1000);
  const { ear } = watch({ minFreeBytes: 100 });
  await samples(5);
  tree.usage(901);
  expect(await ear.breach(1)).toMatchObject({ thresholdBytes: 900 });
});

it('page cache counts on the basis that says so alone', async () => {
  tree.usage(900, 500).limit(1000);
  const silent = (['pinned', 'working-set', 'anon-shmem'] as const).map((basis) => watch({ basis }));
  expect(await watch({ basis: 'current' }).ear.breach(1)).toMatchObject({ usedBytes: 900, short: false });
  await samples(5);
  expect(silent.map(({ ear }) => ear.events)).toEqual([[], [], []]);
});

it("an ancestor's limit is held against the ancestor's usage", async () => {
  tree.usage(100).limit('max').usage(1500, 0, tree.parent).limit(2000, tree.parent);
  expect(await watch().ear.breach(1)).toMatchObject({ cgroup: tree.child, level: tree.parent, usedBytes: 1500, totalBytes: 2000 });
});

it('an unlimited cgroup is not blamed for what the host uses (Ray #59796)', async () => {
  tree.usage(100_000).limit('max');
  const { ear } = watch({ fraction: 0.0001 });
  expect((await watch({ cgroup: tree.child, basis: 'host', fraction: 0.0001 }).ear.breach(1)).usedBytes).toBeGreaterThan(2 ** 20);
  await samples(10);
  expect(ear.events).toEqual([]);
});

it('files of cgroup v1 are read by their own names', async () => {
  tree.usageV1(900, 500).write('memory.limit_in_bytes', '1000\n');
  const { ear } = watch();
  await samples(5);
  expect(ear.events).toEqual([]);
  tree.usageV1(900, 100);
  expect(await ear.breach(1)).toMatchObject({ usedBytes: 800, limits: { maxBytes: 1000 } });
  tree.write('memory.limit_in_bytes', '9223372036854771712\n');
  await ear.event('clear');
});

describe('what cannot be read', () => {
  it.each<[what: string, code: ErrorCode, prepare: () => string]>([
    ['a missing directory', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', () => join(tree.child, 'missing')],
    ['a folder', 'ERR_SPILLWAY_NOT_CGROUP2', () => tree.child],
    ['a file', 'ERR_SPILLWAY_NOT_CGROUP2', () => join(tree.limit(1).child, 'memory.max')],
    ['a link to nowhere', 'ERR_SPILLWAY_CGROUP_NOT_FOUND', () => { symlinkSync('nowhere', join(tree.child, 'link')); return join(tree.child, 'link'); }],
    ['a memory.current of another form', 'ERR_SPILLWAY_FILE_INVALID', () => tree.usage(1).limit(1).write('memory.current', 'much\n').child],
    ['an empty memory.current', 'ERR_SPILLWAY_FILE_INVALID', () => tree.usage(1).limit(1).write('memory.current', '').child],
    ['a memory.max of another form', 'ERR_SPILLWAY_FILE_INVALID', () => tree.usage(1).limit(1).write('memory.max', '1GiB\n').child],
    ['a huge memory.max', 'ERR_SPILLWAY_FILE_INVALID', () => tree.usage(1).limit(1).write('memory.max', '1'.repeat(20_000)).child],
    ['a memory.stat without its keys', 'ERR_SPILLWAY_FILE_INVALID', () => tree.usage(9).limit(10).write('memory.stat', 'anon 9\n').child],
  ])('%s is %s', (_what, code, path) => {
    const cgroup = path();
    const before = openFiles();
    expect(errorOf(() => watch({ cgroup }))).toMatchObject({ code });
    expect(openFiles()).toEqual(before);
    expect(reactorCount()).toBe(0);
  });

  it('of a cgroup above is said to be of that one', () => {
    tree.usage(1).limit(1).limit('max', tree.parent).write('memory.max', 'nonsense\n', tree.parent);
    expect(errorOf(() => watch())).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID', message: expect.stringContaining(`${JSON.stringify(tree.parent)}: memory.max`) as string });
  });

  it('at run time is told, decides nothing, and is over with the next good sample', async () => {
    tree.usage(800).limit(1000);
    const { ear, monitor } = watch();
    await ear.breach(1);
    tree.write('memory.current', 'what?\n');
    await ear.event('degraded');
    expect(monitor.state).toBe('degraded');
    expect(ear.errors[0]).toMatchObject({ code: 'ERR_SPILLWAY_FILE_INVALID' });
    tree.usage(100);
    await ear.event('clear');
    expect(monitor.state).toBe('ok');
    expect(ear.events).toEqual(['breach', 'degraded', 'clear']);
  });
});

it('a cgroup that is gone ends the monitor', async () => {
  tree.usage(500).limit(1000);
  const before = openFiles();
  const { ear, monitor } = watch();
  await samples(3);
  metronome?.stop();
  metronome = undefined;
  // In one step: while its files go one by one, they are missing.
  renameSync(tree.child, join(tree.parent, 'gone'));
  await ear.event('removed');
  expect(ear.events).toEqual(['removed']);
  expect(ear.removals).toEqual([{ cgroup: tree.child, usage: { currentBytes: 500 }, exact: false }]);
  expect(monitor.state).toBe('stopped');
  expect(openFiles()).toEqual(before);
});

it('the host is watched by default', async () => {
  const monitor = new ThresholdMemoryMonitor({ fraction: 0.0001, intervalMs: tickMs });
  monitors.push(monitor);
  const ear = new ThresholdEar(monitor);
  monitor.start();
  const breach = await ear.breach(1);
  expect(monitor.cgroup).toBe('the host');
  expect(breach).toMatchObject({ cgroup: 'the host', level: 'the host', basis: 'host', short: true });
  expect(breach.totalBytes).toBeGreaterThan(breach.usedBytes);
});

describe('a real cgroup of v1', () => {
  const mount = mountOf('cgroup', 'memory');
  const directory = join(mount ?? '/nowhere', `spillway-test-${process.pid}-v1`);

  it('is watched from held files, up to its removal', async () => {
    try {
      mkdirSync(directory);
    } catch {
      return; // no cgroup v1 here, or not ours to change
    }
    try {
      const before = openFiles();
      const { ear, monitor } = watch({ cgroup: directory, fraction: 0.5, intervalMs: 50 });
      expect(openFiles().filter((name) => name.startsWith(directory)).length).toBeGreaterThanOrEqual(3);
      await samples(3);
      expect(ear.events).toEqual([]);
      const always = watch({ cgroup: directory, fraction: 0 });
      expect(await always.ear.breach(1)).toMatchObject({ basis: 'pinned', limits: { maxBytes: Infinity } });
      always.monitor.stop();
      rmdirSync(directory);
      await ear.event('removed');
      expect(monitor.running).toBe(false);
      metronome?.stop();
      metronome = undefined;
      expect(openFiles()).toEqual(before);
    } finally {
      if (existsSync(directory)) rmdirSync(directory);
    }
  });
});
