// Deadly signals, with the time at which the kernel sent them, whoever asked for it: the tracepoint
// signal:signal_generate. The lab's kernel turns it on at boot, when there is one CPU only; init.sh says why.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TRACING = '/sys/kernel/tracing';

/** For the kernel's command line. */
export const KERNEL_PARAMETERS = 'trace_event=signal:signal_generate trace_clock=mono';

export function prepareSignals() {
  if (!existsSync(join(TRACING, 'trace'))) spawnSync('mount', ['-t', 'tracefs', 'tracefs', TRACING], { stdio: 'inherit' });
  writeFileSync(join(TRACING, 'events/signal/signal_generate/filter'), 'sig==9||sig==15');
  writeFileSync(join(TRACING, 'trace_clock'), 'mono');
  forgetSignals();
}

export function forgetSignals() {
  writeFileSync(join(TRACING, 'trace'), '');
}

/**
 * The first deadly signal to each process, in order.
 * @returns {{ pid: number, atMs: number, signal: 'SIGKILL' | 'SIGTERM', byKernel: boolean }[]}
 */
export function readSignals() {
  const line = /\s(\d+\.\d+): signal_generate: sig=(\d+) errno=\d+ code=(-?\d+) comm=.* pid=(\d+) grp=/g;
  const all = [...readFileSync(join(TRACING, 'trace'), 'utf8').matchAll(line)].map(([, seconds, signal, code, pid]) => ({
    pid: Number(pid),
    atMs: Number(seconds) * 1000,
    signal: /** @type {'SIGKILL' | 'SIGTERM'} */ (signal === '9' ? 'SIGKILL' : 'SIGTERM'),
    // SI_KERNEL: the OOM killer.
    byKernel: code === '128',
  })).sort((a, b) => a.atMs - b.atMs);
  return all.filter(({ pid }, index) => all.findIndex((each) => each.pid === pid) === index);
}
