import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { native, type NativeMemoryReport } from '../lib/native';
import { FixtureCgroup, MiB } from './support/fixture-cgroup';
import { openFiles, reactorCount, threadNames } from './support/process-resources';

const cell = new Int32Array(new SharedArrayBuffer(4));

/** JavaScript is blocked until then. */
function blockUntil(what: string, done: () => boolean): void {
  for (let look = 0; !done(); look += 1) {
    if (look > 20_000) throw new Error(`waited in vain for ${what}`);
    Atomics.wait(cell, 0, 0, 1);
  }
}

/** The kernel's own word: JavaScript that is blocked reaps nothing. */
function isDead(child: ChildProcess): boolean {
  return /^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8'));
}

const killerCount = (): number => threadNames().filter((name) => /^spillway-(kill|reap)$/.test(name)).length;

interface Leaf {
  directory: string;
  child: ChildProcess;
  victim: number;
  /** What was written to `cgroup.kill`. */
  written: () => string;
}

const leaves: Leaf[] = [];
const watches: number[] = [];
const pools: FixtureCgroup[] = [];
let filesBefore: string[];

beforeEach(() => {
  filesBefore = openFiles();
});

afterEach(async () => {
  for (const watch of watches.splice(0)) native().unwatch(watch);
  for (const { directory, child, victim } of leaves.splice(0)) {
    native().closeVictim(victim);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(directory, { recursive: true });
  }
  for (const pool of pools.splice(0)) pool.remove();
  expect(reactorCount()).toBe(0);
  blockUntil('the threads to end', () => killerCount() === 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(openFiles()).toEqual(filesBefore);
});

/** A folder in the place of a leaf, and a process in the place of its worker. */
async function leaf(anonMiB = 10): Promise<Leaf> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-leaf-'));
  writeFileSync(join(directory, 'cgroup.kill'), '');
  writeFileSync(join(directory, 'memory.stat'), `anon ${anonMiB * MiB}\n`);
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const victim = Number(native().openVictim(directory));
  const pidfd = Number(native().openPidfd(child.pid ?? 0));
  expect(native().holdVictim(victim, pidfd)).toBeUndefined();
  closeSync(pidfd);
  const made = { directory, child, victim, written: () => readFileSync(join(directory, 'cgroup.kill'), 'utf8') };
  leaves.push(made);
  return made;
}

/** memory.high 100 MiB, short above 97.5 MiB until at most 95 MiB. */
function watchPool(currentMiB: number, safetyReadMs = 5) {
  const pool = new FixtureCgroup().high(100 * MiB).max('max').usage({ current: currentMiB * MiB });
  pools.push(pool);
  const reports: NativeMemoryReport[] = [];
  const watch = Number(native().watchMemory(
    { directory: pool.directory, local: false, keys: ['high'], safetyReadMs, killBufferBytes: undefined, keepAlive: true },
    (report) => reports.push(report),
  ));
  watches.push(watch);
  return { pool, watch, reports };
}

describe('a victim', () => {
  it('is killed at once, and its leaf after it', async () => {
    const { child, victim, written } = await leaf();
    expect(native().victimState(victim)).toEqual({ claim: 'free' });
    native().killVictim(victim);
    expect(native().victimState(victim)).toEqual({ claim: 'javascript' });
    blockUntil('its end', () => isDead(child));
    blockUntil('the write', () => written() === '1');
    native().killVictim(victim);
    blockUntil('the second write', () => written() === '11');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });

  it('is killed once by two who ask', async () => {
    const { victim } = await leaf();
    expect(native().claimVictim(0, victim, 7)).toBe('claimed');
    expect(native().claimVictim(0, victim, 7)).toBe('taken');
    expect(native().victimState(victim)).toEqual({ claim: 'javascript' });
  });

  it('that is closed while its kill is under way is killed all the same', async () => {
    const { child, victim, written } = await leaf();
    native().killVictim(victim);
    native().closeVictim(victim);
    expect(written()).toBe('1');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });

  it('needs a cgroup.kill and a pidfd', async () => {
    expect(native().openVictim('/nowhere')).toMatchObject({ errno: 2, syscall: 'open', file: 'cgroup.kill' });
    expect(killerCount()).toBe(0);
    const { victim } = await leaf();
    expect(native().holdVictim(victim, 0)).toMatchObject({ errno: 114 });
    const other = Number(native().openVictim(leaves[0]?.directory ?? ''));
    expect(other).toBeGreaterThan(victim);
    expect(native().holdVictim(other, 0)).toMatchObject({ errno: 9 });
    native().closeVictim(other);
  });

  it('that is unknown is ignored', () => {
    native().killVictim(0);
    native().closeVictim(NaN);
    expect(native().holdVictim(1e15, 0)).toBeUndefined();
    expect(native().victimState(0)).toEqual({ claim: 'free' });
    expect(native().claimVictim(0, 0, 0)).toBe('taken');
  });
});

describe('a plan', () => {
  it('of an unknown watch is ignored', async () => {
    const { victim } = await leaf();
    native().armPlan(0, { victims: [victim], takeoverMs: 0, victimTimeoutMs: 1000 });
    native().disarmPlan(0);
    native().releasePlan(0);
    expect(native().leasePlan(0)).toBe(0);
    expect(native().takeKills(0)).toEqual([]);
  });

  it('is carried out while JavaScript is blocked, one victim at a time', async () => {
    const [first, second, third] = [await leaf(2), await leaf(4), await leaf(50)];
    const { pool, watch, reports } = watchPool(99);
    native().armPlan(watch, { victims: [0, first.victim, second.victim, third.victim], takeoverMs: 10, victimTimeoutMs: 60_000 });
    blockUntil('the first end', () => isDead(first.child));
    writeFileSync(join(first.directory, 'memory.stat'), 'anon 0\n');
    blockUntil('the second end', () => isDead(second.child));
    // What the second had is dying, and enough.
    blockUntil('the writes', () => first.written() + second.written() === '11');
    pool.usage({ current: 94 * MiB });
    while (!reports.some(({ short }) => !short)) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(isDead(third.child)).toBe(false);
    expect(reports[0]).toMatchObject({ breach: true, kills: 2 });
    const kills = native().takeKills(watch);
    expect(kills).toMatchObject([
      { victim: first.victim, bytesToFree: 4 * MiB, dyingBytes: 0, freeableBytes: 2 * MiB, usage: { currentBytes: 99 * MiB }, limits: { highBytes: 100 * MiB } },
      { victim: second.victim, bytesToFree: 4 * MiB, freeableBytes: 4 * MiB },
    ]);
    for (const { noticedMs, decidedMs, signalledMs, exitedMs } of kills) {
      expect(decidedMs).toBeGreaterThanOrEqual(noticedMs + 10);
      expect(signalledMs).toBeGreaterThan(decidedMs);
      expect(exitedMs).toBeGreaterThan(signalledMs);
    }
    expect(kills[1]?.decidedMs).toBeGreaterThanOrEqual(kills[0]?.exitedMs ?? NaN);
    expect(native().takeKills(watch)).toEqual([]);
    expect(native().victimState(first.victim)).toEqual({ claim: 'native', watch });
    expect(native().leasePlan(watch)).toBe(2);
  });

  it('changes the epoch, so that JavaScript looks again', async () => {
    const [first, second] = [await leaf(50), await leaf(50)];
    const { watch } = watchPool(99);
    const epoch = native().leasePlan(watch);
    expect(epoch).toBe(0);
    native().armPlan(watch, { victims: [first.victim, second.victim], takeoverMs: 0, victimTimeoutMs: 60_000 });
    blockUntil('the first end', () => isDead(first.child));
    blockUntil('its claim to be told', () => native().victimState(first.victim).claim === 'native');
    expect(native().claimVictim(watch, second.victim, epoch)).toBe('changed');
    expect(native().claimVictim(watch, first.victim, epoch + 1)).toBe('taken');
    expect(native().claimVictim(watch, second.victim, epoch + 1)).toBe('claimed');
    expect(isDead(second.child)).toBe(false);
  });

  it('waits as long as JavaScript renews its lease', async () => {
    const { child, victim } = await leaf(50);
    const { watch, reports } = watchPool(99);
    native().armPlan(watch, { victims: [victim], takeoverMs: 2000, victimTimeoutMs: 60_000 });
    while (reports.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let step = 0; step < 6; step += 1) {
      Atomics.wait(cell, 0, 0, 500);
      expect(native().leasePlan(watch)).toBe(0);
    }
    expect(isDead(child)).toBe(false);
    native().armPlan(watch, { victims: [victim], takeoverMs: 1, victimTimeoutMs: 60_000 });
    native().releasePlan(watch);
    blockUntil('the end', () => isDead(child));
  });

  it.each([
    ['disarmed', (watch: number) => { native().disarmPlan(watch); }],
    ['armed with an infinite time', (watch: number, victim: number) => { native().armPlan(watch, { victims: [victim], takeoverMs: Infinity, victimTimeoutMs: 1 }); }],
    ['without its victim', (_: number, victim: number) => { native().closeVictim(victim); }],
    ['of a watch that has ended', (watch: number) => { native().unwatch(watch); }],
  ])('that is %s kills nobody', async (_, end) => {
    const { child, victim } = await leaf(50);
    const { watch } = watchPool(99, 1);
    const witness = await leaf(50);
    const other = watchPool(99, 1);
    native().armPlan(watch, { victims: [victim], takeoverMs: 300, victimTimeoutMs: 60_000 });
    native().armPlan(other.watch, { victims: [witness.victim], takeoverMs: 600, victimTimeoutMs: 60_000 });
    end(watch, victim);
    blockUntil('the end of the other', () => isDead(witness.child));
    expect(isDead(child)).toBe(false);
  });
});
