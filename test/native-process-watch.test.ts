import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { native } from '../lib/native';
import { openFiles, reactorCount } from './support/process-resources';

describe('watchProcess', () => {
  const sleeper = async () => {
    const child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    return { child, pidfd: Number(native().openPidfd(child.pid ?? 0)) };
  };

  /** The code runs with `binding`, and with a `child` and its `pidfd`. */
  const outputOf = (code: string) => execFileSync(process.execPath, ['-e', `
    const binding = require('node-gyp-build')(${JSON.stringify(join(__dirname, '..'))});
    const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
    child.unref();
    const pidfd = binding.openPidfd(child.pid);
    process.on('exit', () => child.kill('SIGKILL'));
    ${code}`], { cwd: join(__dirname, '..'), encoding: 'utf8', timeout: 60_000 });

  it('tells of the end once and then is over, though the pidfd was closed meanwhile', async () => {
    const before = openFiles();
    const { child, pidfd } = await sleeper();
    const told = jest.fn();
    await new Promise<void>((resolve) => {
      const id = native().watchProcess({ pidfd, keepAlive: true }, (...args) => {
        told(...args);
        native().unwatch(Number(id));
        native().unwatch(Number(id));
        resolve();
      });
      expect(id).toBeGreaterThan(0);
      closeSync(pidfd);
      child.kill('SIGKILL');
    });
    expect(reactorCount()).toBe(0);
    expect(told.mock.calls).toEqual([[undefined]]);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    await new Promise((resolve) => setImmediate(resolve));
    expect(openFiles()).toEqual(before);
  });

  it('tells of an end before it began, and ends without unwatch', async () => {
    const { child, pidfd } = await sleeper();
    child.kill('SIGKILL');
    await once(child, 'exit'); // reaped
    await new Promise<void>((resolve) => void native().watchProcess({ pidfd, keepAlive: true }, () => { resolve(); }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(reactorCount()).toBe(0);
    closeSync(pidfd);
  });

  it('is silent once it is unwatched', async () => {
    const { child, pidfd } = await sleeper();
    const told = jest.fn();
    const toldLate = jest.fn();
    native().unwatch(Number(native().watchProcess({ pidfd, keepAlive: true }, told)));
    const id = Number(native().watchProcess({ pidfd, keepAlive: false }, toldLate));
    const heard = new Promise<void>((resolve) => void native().watchProcess({ pidfd, keepAlive: true }, () => { resolve(); }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    native().unwatch(id); // it may be on its way
    await heard;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).not.toHaveBeenCalled();
    expect(toldLate.mock.calls.length).toBeLessThanOrEqual(1);
    expect(reactorCount()).toBe(0);
    closeSync(pidfd);
  });

  it('refuses what is no pidfd', () => {
    expect(native().watchProcess({ pidfd: -1, keepAlive: true }, () => undefined)).toMatchObject({ errno: 9 });
    expect(native().watchProcess({ pidfd: 0, keepAlive: true }, () => undefined)).toMatchObject({ errno: 9 });
    expect(reactorCount()).toBe(0);
  });

  it('keeps the event loop alive only if told to, and only until the end', () => {
    expect(outputOf("binding.watchProcess({ pidfd, keepAlive: false }, () => console.log('told'));")).toBe('');
    expect(outputOf("binding.watchProcess({ pidfd, keepAlive: true }, () => console.log('told')); child.kill();")).toBe('told\n');
  });

  it('a callback that throws is an uncaught exception, and the watch is over all the same', () => {
    expect(outputOf(`
      process.on('uncaughtException', (error) => console.log(error.message));
      binding.watchProcess({ pidfd, keepAlive: true }, () => { throw new Error('thrown') });
      child.kill();
    `)).toBe('thrown\n');
  });

  it('a terminated worker leaves nothing behind', () => {
    expect(outputOf(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(\`
        const binding = require('node-gyp-build')(\${JSON.stringify(process.cwd())});
        binding.watchProcess({ pidfd: \${pidfd}, keepAlive: true }, () => {});
        require('node:worker_threads').parentPort.postMessage('watching');
      \`, { eval: true });
      worker.once('message', async () => {
        child.kill();
        console.log(await worker.terminate());
      });
    `)).toBe('1\n');
  });
});
