import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FixtureCgroup, MiB } from './support/fixture-cgroup';

describe('an environment that ends', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'spillway-leaf-'));
    writeFileSync(join(directory, 'cgroup.kill'), '');
    writeFileSync(join(directory, 'memory.stat'), `anon ${50 * MiB}\n`);
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  /** The code runs in a process of its own, with `binding`, a `child` and the folder of a leaf, LEAF in the environment. */
  const outputOf = (code: string): string => execFileSync(process.execPath, ['-e', `
    const binding = require('node-gyp-build')(${JSON.stringify(join(__dirname, '..'))});
    const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
    process.on('exit', () => child.kill('SIGKILL'));
    ${code}`], { cwd: join(__dirname, '..'), encoding: 'utf8', timeout: 60_000, env: { ...process.env, LEAF: directory } });

  // Not by process.exit(), at which Node tells addons nothing: there the supervisor kills all by itself (kill-now.ts).
  it('finishes the kill that was begun', () => {
    outputOf('binding.killVictim(binding.openVictim(process.env.LEAF)); child.unref();');
    expect(readFileSync(join(directory, 'cgroup.kill'), 'utf8')).toBe('1');
  });

  it('leaves nothing of a terminated worker with an armed plan', () => {
    const pool = new FixtureCgroup({}, directory).high(100 * MiB).max('max').usage({ current: 99 * MiB });
    expect(outputOf(`
      const { Worker } = require('node:worker_threads');
      const { readdirSync, readFileSync } = require('node:fs');
      const worker = new Worker(\`
        const binding = require('node-gyp-build')(\${JSON.stringify(process.cwd())});
        const victim = binding.openVictim(process.env.LEAF);
        binding.holdVictim(victim, binding.openPidfd(\${child.pid}));
        const watch = binding.watchMemory(
          { directory: ${JSON.stringify(pool.directory)}, local: false, keys: ['high'], safetyReadMs: 1, keepAlive: true }, () => {});
        binding.armPlan(watch, { victims: [victim], takeoverMs: 5, victimTimeoutMs: 1000 });
        require('node:worker_threads').parentPort.postMessage('armed');
        for (;;);
      \`, { eval: true });
      child.once('exit', async (code, signal) => {
        console.log(signal, await worker.terminate());
        setTimeout(() => console.log(readdirSync('/proc/self/task').filter(
          (tid) => readFileSync('/proc/self/task/' + tid + '/comm', 'utf8').startsWith('spillway')).length), 200);
      });
    `)).toBe('SIGKILL 1\n0\n');
  });
});
