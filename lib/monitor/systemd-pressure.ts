import { dirname, resolve } from 'node:path';
import { SpillwayError } from '../errors';
import { quote } from '../options';
import type { Trigger } from './pressure-reason';

/** What systemd wants a service to watch; `'off'`: nothing, on purpose. */
export type SystemdPressure = 'off' | (Trigger & { cgroup?: string });

/** Of a manager that names a file and no trigger: systemd's own default (MemoryPressureThresholdSec=). */
const defaultTrigger = { stall: 'some', stallMs: 200, windowMs: 2000 } as const;

/** In base64; the kernel takes 32 bytes (kernel/sched/psi.c: psi_write()). */
const longestTrigger = 44;

/**
 * Reads `$MEMORY_PRESSURE_WATCH` and `$MEMORY_PRESSURE_WRITE`, by which systemd (254, MemoryPressureWatch=)
 * tells a service which pressure file it may set a trigger on, and which trigger
 * (https://systemd.io/PRESSURE/). The trigger is understood and not written as it is, for the kernel
 * may refuse it. `undefined` without the variables.
 *
 * The protocol also knows FIFOs and sockets, for tests and other managers; these are refused.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function systemdPressure(env: NodeJS.ProcessEnv): SystemdPressure | undefined {
  const { MEMORY_PRESSURE_WATCH: watch, MEMORY_PRESSURE_WRITE: write } = env;
  if (watch === undefined || watch === '') return undefined;
  if (watch === '/dev/null') return 'off';
  const file = resolve(watch);
  const isHost = file === '/proc/pressure/memory';
  // The kernel's files are known by their names; what is no file of the kernel is found out before it is opened.
  if (!watch.startsWith('/') || watch.includes('\0') || !(isHost || file.endsWith('/memory.pressure'))) {
    throw wrong('WATCH', watch, "the path of a kernel's file, such as /sys/fs/cgroup/system.slice/my.service/memory.pressure, or /dev/null (FIFOs and sockets are not supported)");
  }
  return { ...(!isHost && { cgroup: dirname(file) }), ...(write === undefined || write === '' ? defaultTrigger : parseTrigger(write)) };
}

function parseTrigger(write: string): Trigger {
  // Buffer.from() would step over anything that is no base64. systemd ends the text with the NUL that the kernel wants.
  const isBase64 = write.length <= longestTrigger && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(write);
  const text = isBase64 ? Buffer.from(write, 'base64').toString('latin1') : '';
  const [, stall, stallUs, windowUs] = /^(some|full) +(\d{1,10}) +(\d{1,10})\n?\0*$/.exec(text) ?? [];
  const [stallMs, windowMs] = [Number(stallUs) / 1000, Math.ceil(Number(windowUs) / 1000)];
  if (stall === undefined || !(stallMs >= 0.1 && stallMs <= windowMs && windowMs >= 50 && windowMs <= 10_000)) {
    throw wrong('WRITE', write, "the base64 of 'some' or 'full', the stall and the window in microseconds (100 to 10,000,000), such as 'some 200000 2000000'");
  }
  return { stall: stall as Trigger['stall'], stallMs, windowMs };
}

function wrong(name: string, value: string, expected: string): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_INVALID_OPTION',
    `Expected the environment variable MEMORY_PRESSURE_${name} to be ${expected}, got ${quote(value)}; unset it, or set MEMORY_PRESSURE_WATCH=/dev/null`,
  );
}
