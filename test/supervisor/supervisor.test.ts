import fs, { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import type { SpillwayError } from '../../lib/errors';
import { EventMemoryMonitor } from '../../lib/monitor/event-memory-monitor';
import { launcherPath } from '../../lib/native';
import { CgroupGauge } from '../../lib/supervisor/containment/cgroup-gauge';
import { ReliefRound } from '../../lib/supervisor/relief/relief-round';
import { Supervisor } from '../../lib/supervisor/supervisor';
import type { SupervisorOptions } from '../../lib/supervisor/supervisor-options';
import type { ReliefReport, SupervisorEvents, Victim, WorkerExit } from '../../lib/supervisor/types';
import { eventsText } from '../support/fixture-cgroup';
import { setAnonBytes, useFixtureHierarchy } from '../support/fixture-pool';
import { openFiles, reactorCount } from '../support/process-resources';

const MiB = 2 ** 20;

describe('in a fixture, with real processes', () => {
  const made: Supervisor[] = [];
  // Before that of the hierarchy, which would take away what is still in use.
  afterEach(async () => {
    await Promise.allSettled(made.splice(0).map((supervisor) => supervisor.close()));
    expect(left()).toEqual(nothing);
  });
  const hierarchy = useFixtureHierarchy();
  const create = async (more: Partial<SupervisorOptions> = {}): Promise<Supervisor> => {
    const supervisor = await Supervisor.create({ name: 'pool', cgroup: hierarchy.base, require: 'kernel', limits: { highBytes: 100 * MiB }, safetyReadMs: 10, ...more });
    made.push(supervisor);
    return supervisor;
  };
  /** What supervisors hold. */
  const left = (): unknown => ({ files: openFiles().filter((name) => name.startsWith(hierarchy.base) || name.includes('pidfd') || name === launcherPath()),
    threads: reactorCount(), pools: readdirSync(hierarchy.base, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) });
  const nothing = { files: [], threads: 0, pools: [] };
  const pool = (): string => join(hierarchy.base, 'pool');
  /** By its number: the run's name is generated. */
  const leaf = (number: number): string =>
    join(pool(), 'default', readdirSync(join(pool(), 'default')).find((name) => name.endsWith(`-${number}`)) ?? 'none');
  const next = async <Name extends keyof SupervisorEvents>(supervisor: Supervisor, name: Name): Promise<SupervisorEvents[Name][0]> => {
    const [argument] = (await once(supervisor, name)) as SupervisorEvents[Name];
    return argument;
  };
  let highs = 0;
  const breach = (bytes: number): void => {
    setAnonBytes(pool(), bytes);
    writeFileSync(join(pool(), 'memory.events.local'), eventsText({ high: ++highs }));
  };

  it.each<[string, unknown, string]>([
    ['options', {}, 'ERR_SPILLWAY_INVALID_OPTION'],
    ['no name', { name: '../x' }, 'ERR_SPILLWAY_INVALID_OPTION'],
    ['a kill buffer above the mark that is found out', { killBufferBytes: '4095TiB', limits: {} }, 'ERR_SPILLWAY_INVALID_OPTION'],
    ['a base that is not there', { cgroup: '/nowhere' }, 'ERR_SPILLWAY_CGROUP_NOT_FOUND'],
  ])('refuses bad %s before anything is made', async (what, more, code) => {
    await expect(what === 'options' ? Supervisor.create(more as SupervisorOptions) : create(more as Partial<SupervisorOptions>)).rejects.toMatchObject({ code });
    expect(left()).toEqual(nothing);
  });

  it('undoes all when it cannot watch, and tells that error even if the pool cannot be removed', async () => {
    jest.spyOn(EventMemoryMonitor.prototype, 'start').mockImplementation(() => { throw new Error('cannot watch'); });
    await expect(create()).rejects.toThrow('cannot watch');
    expect(left()).toEqual(nothing);
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementationOnce(() => { throw new Error('cannot remove'); });
    await expect(create()).rejects.toThrow('cannot watch');
    new Cgroup(pool()).remove();
  });

  it('when it cannot watch, lets those live whom it has adopted', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    for (const path of [[], ['default'], ['default', 'dead-1']]) {
      new Cgroup(join(pool(), ...path)).create();
      writeFileSync(join(pool(), ...path, 'cgroup.events'), 'populated 1\nfrozen 0\n');
    }
    writeFileSync(join(pool(), 'default', 'dead-1', 'cgroup.procs'), `${child.pid ?? 0}\n`);
    jest.spyOn(EventMemoryMonitor.prototype, 'start').mockImplementation(() => { throw new Error('cannot watch'); });
    const write = jest.spyOn(Cgroup.prototype, 'write');
    await expect(create({ leftovers: 'adopt' })).rejects.toThrow('cannot watch');
    const seen = left();
    const lives = child.kill('SIGKILL');
    await ended;
    fs.rmSync(pool(), { recursive: true });
    expect(write.mock.calls.filter(([file]) => file === 'cgroup.kill')).toEqual([]);
    expect([seen, lives]).toEqual([{ ...nothing, pools: ['pool'] }, true]);
  });

  it('when it cannot watch, leaves no timer', async () => {
    const cleared = jest.spyOn(global, 'clearInterval');
    const started = jest.spyOn(global, 'setInterval');
    jest.spyOn(EventMemoryMonitor.prototype, 'start').mockImplementation(() => { throw new Error('cannot watch'); });
    await expect(create()).rejects.toThrow('cannot watch');
    const ended = new Set<unknown>(cleared.mock.calls.map(([timer]) => timer));
    expect(started.mock.results.map(({ value }) => ended.has(value))).toEqual([true]);
  });

  it('given only memory.max, sets the mark below it', async () => {
    const supervisor = await create({ limits: { maxBytes: 800 * MiB } });
    setAnonBytes(pool(), 0);
    expect(supervisor.status().pool).toMatchObject({ markBytes: 600 * MiB, limits: { maxBytes: 800 * MiB, swapMaxBytes: 0 } });
  });

  it('gives its state, also when it is closed', async () => {
    const supervisor = await create();
    const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { id: 'a' });
    expect(supervisor.status()).toMatchObject({
      name: 'pool', cgroup: pool(), guarantee: { level: 'kernel' }, monitor: 'ok', workers: [{ id: 'a', pid: worker.pid, dying: false }],
      counts: { shortBreaches: 0, churnBreaches: 0, reliefRounds: 0, kills: 0, kernelOomKills: 0 },
    });
    await supervisor.close();
    expect(supervisor.status()).toMatchObject({ monitor: 'stopped', pool: undefined, workers: [], counts: { kernelOomKills: undefined } });
  });

  it('ends its workers at close, which may be called twice and in a listener, and takes no more', async () => {
    const supervisor = await create();
    const worker = await supervisor.fork(join(__dirname, 'fixtures/report.cjs'), [], { stdio: 'ignore' });
    const exits: WorkerExit[] = [];
    supervisor.on('exit', (exit) => {
      exits.push(exit);
      void supervisor.close();
    });
    const sleeping = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' });
    await Promise.all([supervisor.close(), supervisor.close(), supervisor[Symbol.asyncDispose]()]);
    expect(await sleeping.exited).toMatchObject({ id: 'w2', cause: 'closed', retryHint: 'elsewhere' });
    expect(exits.map(({ id }) => id).sort()).toEqual(['w1', 'w2']);
    expect(worker.id).toBe('w1');
    await expect(supervisor.spawn('true')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
    await supervisor.close();
  });

  it('closed while workers start: they are ended too', async () => {
    const supervisor = await create();
    const starting = [1, 2, 3].map(() => supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }));
    await supervisor.close();
    for (const worker of await Promise.all(starting)) expect(await worker.exited).toMatchObject({ cause: 'closed' });
  });

  it('an id is taken while its worker lives or starts, and free again when either fails', async () => {
    const supervisor = await create();
    const spawn = (id: string) => supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { id });
    const first = await spawn('w2');
    await expect(spawn('w2')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_ID_IN_USE' });
    const both = await Promise.allSettled([spawn('x'), spawn('x')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    first.kill();
    await first.exited;
    expect((await spawn('w2')).id).toBe('w2');
    await expect(supervisor.spawn('spillway-no-such-program', [], {}, { id: 'y' })).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await spawn('y')).id).toBe('y');
  });

  it('a worker that cannot be started for want of a descriptor is refused at once, and leaves nothing', async () => {
    const supervisor = await create();
    const told: unknown[] = [];
    supervisor.on('degraded', (error) => told.push(error));
    const noDescriptor = Object.assign(new Error('EMFILE'), { code: 'EMFILE', errno: -24 });
    const open = fs.openSync.bind(fs);
    jest.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
      if (String(path).endsWith('/cgroup.procs')) throw noDescriptor;
      return open(path, flags, mode);
    });
    // It stays so for as long as the caller waits.
    const read = fs.readFileSync.bind(fs) as (...args: unknown[]) => string;
    jest.spyOn(fs, 'readFileSync').mockImplementation((...args: unknown[]) => {
      if (String(args[0]).endsWith('-1/cgroup.events')) throw noDescriptor;
      return read(...args);
    });
    await expect(supervisor.spawn('true')).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT' });
    jest.mocked(fs.openSync).mockRestore();
    jest.mocked(fs.readFileSync).mockRestore();
    expect([readdirSync(join(pool(), 'default'), { withFileTypes: true }).filter((entry) => entry.isDirectory()), told]).toEqual([[], []]);
  });

  it('a default id skips the one that a user gave', async () => {
    const supervisor = await create();
    await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { id: 'w2' });
    expect((await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' })).id).toBe('w3');
  });

  it('short: kills one, reports it, and starts nobody meanwhile', async () => {
    const supervisor = await create();
    const told: (string | Victim | ReliefReport)[] = [];
    const worker = await supervisor.spawn('sleep', ['600'], { stdio: 'ignore' }, { id: 'a' });
    setAnonBytes(leaf(1), 50 * MiB);
    let spawning: Promise<unknown> = Promise.resolve();
    supervisor.on('breach', ({ short }) => told.push(`breach ${short}`));
    supervisor.on('victim', (victim) => {
      told.push(victim);
      spawning = supervisor.spawn('true', [], { stdio: 'ignore' }).then(() => told.push('spawned'));
    });
    supervisor.once('exit', () => {
      // Although it was asked for in a listener, in the course of the round.
      told.push(existsSync(leaf(2)) ? 'started' : 'not started');
      setAnonBytes(pool(), 10 * MiB);
    });
    breach(110 * MiB);
    const report = await next(supervisor, 'relief');
    await spawning;
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'a', died: true, freeableBytes: 50 * MiB }], before: { bytesToFree: 15 * MiB } });
    expect(await worker.exited).toMatchObject({ cause: 'spillway', reportId: report.reportId });
    expect(told).toContainEqual({ ...report.victims[0], died: false });
    expect(told).toContain('not started');
    expect(told.at(-1)).toBe('spawned');
    // A safety read in mid-round may be heard after it: that round finds nothing to do.
    expect(supervisor.status().counts.kills).toBe(1);
  });

  it('short all through a round: that is one round, which looks afresh before it ends', async () => {
    const supervisor = await create();
    const run = jest.spyOn(ReliefRound.prototype, 'run').mockImplementationOnce(async function (this: ReliefRound) {
      for (let heard = 0; heard < 3; heard++) await next(supervisor, 'breach');
      setAnonBytes(pool(), 10 * MiB);
      // 'clear' is told after the last short breach.
      while (supervisor.status().monitor !== 'ok') await new Promise(setImmediate);
      return this.run();
    });
    breach(110 * MiB);
    await next(supervisor, 'breach');
    await (await supervisor.spawn('true', [], { stdio: 'ignore' })).exited;
    expect(run).toHaveBeenCalledTimes(2); // once by the test
    expect(supervisor.status().counts.reliefRounds).toBe(1);
    expect(supervisor.status().counts.shortBreaches).toBeGreaterThan(3);
  });

  it('only churn: counted, and nobody dies', async () => {
    const supervisor = await create();
    breach(10 * MiB);
    expect(await next(supervisor, 'breach')).toMatchObject({ short: false });
    expect(supervisor.status().counts).toMatchObject({ churnBreaches: 1, shortBreaches: 0, reliefRounds: 0 });
  });

  it.each<[string, ReliefReport['outcome'], () => void]>([
    ['nobody to kill', 'no-candidate', () => undefined],
    ['the pool cannot be read', 'unreadable', () => { for (const way of ['measure', 'judge'] as const) jest.spyOn(CgroupGauge.prototype, way).mockReturnValue(undefined); }],
  ])('%s: one report for as long as that lasts', async (_what, outcome, spoil) => {
    const supervisor = await create();
    spoil();
    const reports: ReliefReport[] = [];
    supervisor.on('relief', (report) => reports.push(report));
    breach(110 * MiB);
    while (supervisor.status().counts.reliefRounds < 4) await next(supervisor, 'breach');
    expect(reports.map((report) => report.outcome)).toEqual([outcome]);
  });

  it('a round that fails is reported, ends nothing, and the next one works', async () => {
    const supervisor = await create();
    jest.spyOn(ReliefRound.prototype, 'run').mockRejectedValueOnce(new Error('unforeseen'));
    breach(110 * MiB);
    const error: SpillwayError = await next(supervisor, 'degraded');
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM', cause: new Error('unforeseen') });
    expect(await next(supervisor, 'relief')).toMatchObject({ outcome: 'no-candidate' });
    await (await supervisor.spawn('true', [], { stdio: 'ignore' })).exited;
  });

  it('gives the lock up when the pool cannot be removed, and says so', async () => {
    const supervisor = await create();
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementationOnce(() => { throw new Error('somebody moved in'); });
    await expect(supervisor.close()).rejects.toThrow('somebody moved in');
    await (await create()).close();
    expect(existsSync(pool())).toBe(false);
  });
});
