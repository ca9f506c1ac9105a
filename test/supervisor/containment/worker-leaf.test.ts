import fs, { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import type { SpillwayError } from '../../../lib/errors';
import { launcherPath, native } from '../../../lib/native';
import { WorkerLeaf, type LeafOwner } from '../../../lib/supervisor/containment/worker-leaf';
import { Worker } from '../../../lib/supervisor/worker';
import { parseWorkerOptions, type WorkerFacts, type WorkerOptions } from '../../../lib/supervisor/worker-options';
import { WorkerProcess } from '../../../lib/supervisor/worker-process';
import { errorOf } from '../../support/error-of';
import { setAnonBytes, useFixtureHierarchy } from '../../support/fixture-pool';
import { openFiles } from '../../support/process-resources';
import { until } from '../../support/containment';

const hierarchy = useFixtureHierarchy();
let cgroup: Cgroup;
let owner: jest.Mocked<LeafOwner>;
const degraded: SpillwayError[] = [];
beforeEach(() => {
  cgroup = new Cgroup(join(hierarchy.base, 'leaf'));
  owner = {
    launcher: { fd: -1, path: launcherPath() },
    onDegraded: jest.fn((error: SpillwayError) => void degraded.push(error)),
    kernelKilledFor: jest.fn(),
    onRemoved: jest.fn(),
  };
});
afterEach(() => {
  expect(degraded.splice(0)).toEqual([]);
});
const factsOf = (options: WorkerOptions = {}): WorkerFacts => parseWorkerOptions(options, { id: 'w1', oomScoreAdj: 500 });
const make = (options?: WorkerOptions): WorkerLeaf => WorkerLeaf.create(cgroup, factsOf(options), owner);
const text = (file: string): string => readFileSync(join(cgroup.directory, file), 'utf8').trim();
const openHere = (): string[] => openFiles().filter((name) => name.startsWith(cgroup.directory) || name.includes('pidfd'));
const noDescriptor = Object.assign(new Error('EMFILE'), { code: 'EMFILE', errno: -24 });

/** Fails to open one file, and no other. */
function failToOpen(file: string): void {
  const open = fs.openSync.bind(fs);
  jest.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
    if (String(path).endsWith(file)) throw noDescriptor;
    return open(path, flags, mode);
  });
}

describe('WorkerLeaf', () => {
  it('is a cgroup that dies as one, with the limits that are given', async () => {
    const leaf = make({ memory: { minBytes: 0, lowBytes: 1, highBytes: 2, maxBytes: 'max' }, pidsMax: 7, cpuWeight: 50 });
    expect(['memory.oom.group', 'memory.min', 'memory.low', 'memory.high', 'memory.max', 'pids.max', 'cpu.weight'].map(text)).toEqual(['1', '0', '1', '2', 'max', '7', '50']);
    expect(leaf.sample()?.usage.currentBytes).toBe(0);
    expect(openHere()).toHaveLength(4);
    expect(await leaf.settle()).toMatchObject({ leftovers: 0, peakBytes: 4096, counters: { oom_kill: 0 } });
    expect([openHere(), existsSync(cgroup.directory), leaf.sample()]).toEqual([[], false, undefined]);
    expect(owner.onRemoved.mock.calls).toEqual([[leaf]]);
  });

  it('writes no limit that is not given', () => {
    const leaf = make();
    expect(['memory.min', 'memory.low', 'memory.high', 'memory.max', 'pids.max', 'cpu.weight'].map(text)).toEqual(['0', '0', 'max', 'max', 'max', '100']);
    leaf.remove();
  });

  it.each(['memory.oom.group', 'memory.low'])('leaves nothing when %s cannot be written', (file) => {
    hierarchy.without = [file];
    expect(() => make({ memory: { lowBytes: 1 } })).toThrow('ENOENT');
    expect([openHere(), existsSync(cgroup.directory)]).toEqual([[], false]);
  });

  it('leaves nothing when no descriptor is left for what a kill takes', () => {
    jest.spyOn(native(), 'openVictim').mockReturnValueOnce({ errno: 24, syscall: 'open', file: 'cgroup.kill' });
    expect(errorOf(() => make())).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT' });
    expect([openHere(), existsSync(cgroup.directory)]).toEqual([[], false]);
  });

  it('kills by what is held for it; after its removal does nothing', async () => {
    const leaf = make();
    const kill = jest.spyOn(native(), 'killVictim');
    const { victim } = leaf;
    leaf.kill();
    leaf.remove();
    leaf.kill();
    expect([kill.mock.calls, leaf.victim]).toEqual([[[victim]], undefined]);
    await until('the descriptors to be closed', () => openHere().length === 0);
    leaf.remove();
  });
});

const publicOf = (worker: WorkerProcess): Worker => new Worker(worker, () => undefined);

describe('a worker in its leaf', () => {
  /** As the crew does it. */
  const start = async (file: string, args: string[], options: WorkerOptions = {}): Promise<WorkerProcess> => {
    owner.launcher.fd = openSync(launcherPath(), 'r');
    const facts = factsOf(options);
    const leaf = make(options);
    try {
      return new WorkerProcess(facts, await leaf.launch({ file, args, options: { stdio: 'ignore' } }), leaf);
    } catch (error) {
      await leaf.settle();
      throw error;
    } finally {
      fs.closeSync(owner.launcher.fd);
    }
  };
  afterEach(() => {
    expect([openHere(), existsSync(cgroup.directory)]).toEqual([[], false]);
  });

  it('tells how it ended, with the last figures of the leaf', async () => {
    const worker = await start('sh', ['-c', 'exit 3'], { memory: { maxBytes: 1e9 } });
    expect(await worker.exited).toMatchObject({ id: 'w1', code: 3, signal: null, cause: 'exit', retryHint: 'no', peakBytes: 4096, counters: { oom_kill: 0 } });
  });

  it('is a candidate with what the leaf uses and what the user says', async () => {
    const worker = await start('sleep', ['600'], { owner: 'me', labels: { a: 'b' } });
    setAnonBytes(cgroup.directory, 5000);
    const before = worker.candidate();
    expect(before).toMatchObject({ id: 'w1', pid: worker.pid, group: 'default', owner: 'me', idle: false, freeableBytes: 5000, labels: { a: 'b' } });
    publicOf(worker).update({ idle: true });
    publicOf(worker).update({ idle: false, priority: 3, retriable: true, labels: {} });
    const after = worker.candidate();
    expect(after).toMatchObject({ idle: false, priority: 3, retriable: true, labels: {} });
    expect(after.startedAtMs).toBeGreaterThan(before.startedAtMs);
    worker.kill({ for: 'close' });
    expect(await worker.exited).toMatchObject({ cause: 'closed' });
    expect(worker.candidate().freeableBytes).toBeUndefined();
  });

  it('killed for relief: dying until it is gone, and its memory counts as on its way, once', async () => {
    const worker = await start('sleep', ['600']);
    setAnonBytes(cgroup.directory, 5000);
    expect([worker.dying, worker.dyingBytes]).toEqual([false, 0]);
    worker.kill({ for: 'relief', level: 'pool', reportId: 'report-1' });
    worker.kill({ for: 'close' });
    expect([worker.dying, worker.dyingBytes]).toEqual([true, 5000]);
    // Of which the kernel has unmapped 4000 by now, and not given back.
    writeFileSync(join(cgroup.directory, 'memory.stat'), 'anon 1000\nfile 700\nkernel 30\n');
    writeFileSync(join(cgroup.directory, 'memory.current'), '5730\n');
    expect(worker.dyingBytes).toBe(5000);
    worker.markStuck();
    expect([worker.dying, worker.dyingBytes]).toEqual([true, 0]);
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL', cause: 'spillway', retryHint: 'elsewhere', reportId: 'report-1' });
  });

  it('killed by the user: its memory is on its way too, so that nobody else dies for it', async () => {
    const worker = await start('sleep', ['600']);
    setAnonBytes(cgroup.directory, 5000);
    publicOf(worker).kill();
    expect([worker.dying, worker.dyingBytes]).toEqual([true, 5000]);
    worker.kill({ for: 'relief', level: 'pool', reportId: 'report-1' });
    expect(await worker.exited).toMatchObject({ cause: 'signal', retryHint: 'no' });
    publicOf(worker).kill();
  });

  it('ended by itself: dying from then on, and a kill that comes too late is not its cause', async () => {
    const worker = await start('sleep', ['600']);
    const reaped = new Promise((resolve) => worker.main.child?.once('exit', resolve));
    process.kill(worker.pid, 'SIGKILL');
    await reaped;
    expect(worker.dying).toBe(true);
    worker.kill({ for: 'relief', level: 'pool', reportId: 'report-1' });
    const exit = await worker.exited;
    expect(exit).toMatchObject({ cause: 'signal' });
    expect(exit).not.toHaveProperty('reportId');
  });

  it('a missing program leaves nothing', async () => {
    await expect(start('spillway-no-such-program', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('no descriptor left for cgroup.procs leaves nothing', async () => {
    failToOpen('cgroup.procs');
    await expect(start('true', [])).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT' });
  });

  it('no descriptor left for the pidfd leaves no process either', async () => {
    let pid = 0;
    jest.spyOn(native(), 'openPidfd').mockImplementation((given) => {
      pid = given;
      return { errno: 24, syscall: 'pidfd_open', file: '' };
    });
    await expect(start('sleep', ['600'])).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT' });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('whose leaf cannot be looked at in the end is killed whole all the same, and says what went wrong', async () => {
    const worker = await start('true', []);
    jest.spyOn(Cgroup.prototype, 'populated').mockImplementationOnce(() => { throw noDescriptor; });
    const kill = jest.spyOn(WorkerLeaf.prototype, 'kill');
    expect(await worker.exited).toMatchObject({ code: 0, cause: 'exit' });
    expect(kill).toHaveBeenCalledTimes(1);
    expect(degraded.splice(0)).toMatchObject([
      { code: 'ERR_SPILLWAY_SYSTEM', message: expect.stringContaining('Worker w1 has ended, but whether its cgroup is empty could not be seen') as string, cause: noDescriptor },
    ]);
  });
});
