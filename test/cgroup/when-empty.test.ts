import { spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { whenEmpty } from '../../lib/cgroup/when-empty';
import { native } from '../../lib/native';
import { describeReal, end, runApart, useRealCgroups } from '../support/fixture-pool';
import { reactorCount } from '../support/process-resources';
import { trials } from '../support/trials';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Whether it has settled once all that is due has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = (): void => void (done = true);
  promise.then(note, note);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  return done;
}

describe('whenEmpty of a folder', () => {
  let folder: string;
  const events = (populated: 0 | 1): void => {
    writeFileSync(join(folder, 'cgroup.events'), `populated ${populated}\nfrozen 0\n`);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-empty-'));
    events(1);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is there at once when it is empty already', async () => {
    events(0);
    await whenEmpty(new Cgroup(folder));
    expect(reactorCount()).toBe(0);
  });

  it('comes when the last one has left, for each that waits, and stops its watch', async () => {
    const waits = Promise.all([1, 2, 3].map(() => whenEmpty(new Cgroup(folder))));
    expect(await settled(waits)).toBe(false);
    events(0);
    await waits;
    expect(reactorCount()).toBe(0);
  });

  it('goes on waiting when it is woken for nothing', async () => {
    const waits = whenEmpty(new Cgroup(folder));
    events(1);
    expect(await settled(waits)).toBe(false);
    events(0);
    await waits;
  });

  it('comes when it is gone, before or meanwhile', async () => {
    await whenEmpty(new Cgroup(join(folder, 'never-was')));
    const waits = whenEmpty(new Cgroup(folder));
    expect(await settled(waits)).toBe(false);
    rmSync(folder, { recursive: true });
    await waits;
  });

  it('rejects for what is no cgroup, and leaves no watch', async () => {
    rmSync(join(folder, 'cgroup.events'));
    await expect(whenEmpty(new Cgroup(folder))).rejects.toMatchObject({ code: 'ERR_SPILLWAY_NOT_CGROUP2' });
    expect(reactorCount()).toBe(0);
  });

  it('rejects when it cannot be read any more, and leaves no watch', async () => {
    const cgroup = new Cgroup(folder);
    jest.spyOn(cgroup, 'read').mockImplementation(() => { throw new Error('no descriptor left'); });
    await expect(whenEmpty(cgroup)).rejects.toThrow('no descriptor left');
    expect(reactorCount()).toBe(0);
  });

  it('rejects when there is nothing left to watch with', async () => {
    jest.spyOn(native(), 'watchPopulated').mockReturnValue({ errno: 24, syscall: 'open', file: 'cgroup.events' });
    await expect(whenEmpty(new Cgroup(folder))).rejects.toMatchObject({ code: 'ERR_SPILLWAY_SYSTEM_LIMIT' });
  });

  it('rejects with the reason of an AbortSignal, then or before, and leaves neither watch nor listener', async () => {
    const controller = new AbortController();
    const waits = whenEmpty(new Cgroup(folder), controller.signal);
    expect(await settled(waits)).toBe(false);
    const reason = new Error('no longer');
    controller.abort(reason);
    await expect(waits).rejects.toBe(reason);
    await expect(whenEmpty(new Cgroup(folder), controller.signal)).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(reactorCount()).toBe(0);
  });

  it('rejects when its AbortSignal has a time limit, which need not keep the process alive', async () => {
    const printed = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      const error = await lib('cgroup/when-empty').whenEmpty(new Cgroup(${JSON.stringify(folder)}), AbortSignal.timeout(50)).catch((each) => each);
      console.log(error.name);`);
    expect(printed).toBe('TimeoutError\n');
  });

  it('that is empty or gone is no matter of the AbortSignal', async () => {
    events(0);
    await whenEmpty(new Cgroup(folder), AbortSignal.abort());
    await whenEmpty(new Cgroup(join(folder, 'gone')), AbortSignal.abort());
    const controller = new AbortController();
    events(1);
    const waits = whenEmpty(new Cgroup(folder), controller.signal);
    events(0);
    await waits;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
  });

  it('aborted in the very moment in which it was emptied is empty', async () => {
    const controller = new AbortController();
    const waits = whenEmpty(new Cgroup(folder), controller.signal);
    expect(await settled(waits)).toBe(false);
    events(0);
    controller.abort();
    await waits;
  });

  it('keeps the process alive meanwhile', async () => {
    const printed = await runApart(`
      const { Cgroup } = lib('cgroup/cgroup');
      // A timer that alone would let the process end.
      setTimeout(() => require('fs').writeFileSync(${JSON.stringify(join(folder, 'cgroup.events'))}, 'populated 0\\n'), 100).unref();
      await lib('cgroup/when-empty').whenEmpty(new Cgroup(${JSON.stringify(folder)}));
      console.log('empty');`);
    expect(printed).toBe('empty\n');
  });
});

describeReal('whenEmpty of a real cgroup', () => {
  const real = useRealCgroups();

  it('comes when its process is killed, also from below', async () => {
    const cgroup = real.make();
    const below = cgroup.child('below');
    below.create();
    const sleeper = real.sleepIn(below);
    const waits = whenEmpty(cgroup);
    expect(await settled(waits)).toBe(false);
    await end(sleeper);
    await waits;
    expect(cgroup.populated()).toBe(false);
  });

  it('comes for cgroup.kill, which also takes what was forked', async () => {
    const cgroup = real.make();
    real.sleepIn(cgroup);
    real.sleepIn(cgroup);
    cgroup.write('cgroup.kill', '1');
    await whenEmpty(cgroup);
    cgroup.remove();
  });

  it('comes when it is removed meanwhile', async () => {
    const cgroup = real.make();
    const sleeper = real.sleepIn(cgroup);
    const waits = whenEmpty(cgroup);
    await end(sleeper);
    cgroup.remove();
    await waits;
  });

  const rounds = trials(150, 3000);
  it(`never misses the change: ${rounds} rounds, the end before, in and after the look`, async () => {
    // Without safety reads, which would make up for a lost change: then the test would hang.
    const watchPopulated = native().watchPopulated.bind(native());
    jest.spyOn(native(), 'watchPopulated').mockImplementation((options, callback) => watchPopulated({ ...options, safetyReadMs: 3_600_000 }, callback));
    const cgroup = real.make();
    for (let round = 0; round < rounds; round++) {
      const child = spawn('true', { stdio: 'ignore' });
      writeFileSync(join(cgroup.directory, 'cgroup.procs'), String(child.pid));
      // Not waited for: it may end at any point of the wait.
      for (let turn = 0; turn < round % 4; turn++) await new Promise(setImmediate);
      await whenEmpty(cgroup);
      expect(cgroup.populated()).toBe(false);
      await end(child);
    }
  }, 120_000);
});
