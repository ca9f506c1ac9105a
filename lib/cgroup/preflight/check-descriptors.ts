import { ok, skipped, warning } from './finding';
import type { Situation } from './situation';
import type { Finding } from './types';

/** Its process, twice, and of its cgroup what a kill takes: cgroup.kill, memory.current, memory.stat, memory.swap.current. */
const perWorker = 6;
/** Three of child_process's default stdio 'pipe'. */
const perWorkerWithPipes = perWorker + 3;
const perMonitor = 8;
/** The pool's lock, the launcher, one to spare. */
const perSupervisor = 3;
/** Fewer than this are soon met. */
const fewWorkers = 100;

/** How many workers fit into RLIMIT_NOFILE. Node raises the soft limit to the hard one when it starts. */
export function checkDescriptors({ facts, container, systemd }: Situation): Finding {
  if (facts.platform !== 'linux') return skipped('file-descriptors', 'this is not Linux');
  const limits = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)\s/m.exec(facts.read('/proc/self/limits') ?? '');
  if (limits === null) return skipped('file-descriptors', '/proc/self/limits cannot be read');
  const [soft, hard] = [limits[1], limits[2]].map((text) => (text === 'unlimited' ? Infinity : Number(text))) as [number, number];
  // The one that lists them is no longer open.
  const inUse = Math.max(facts.list('/proc/self/fd').length - 1, 0);
  const left = soft - inUse - perSupervisor - perMonitor;
  const fit = (each: number): number => Math.max(Math.floor(left / each), 0);
  const figures = `${soft} file descriptors (hard limit ${hard}), ${inUse} in use: room for ${fit(perWorker)} workers, ${fit(perWorkerWithPipes)} with pipes for stdio`;
  if (fit(perWorkerWithPipes) >= fewWorkers) return ok('file-descriptors', `${figures}.`);
  const command = container === 'docker' || container === 'podman' ? `${container} run --ulimit nofile=65536:65536 IMAGE COMMAND` : systemd && facts.uid === 0 ? 'systemd-run -p LimitNOFILE=65536 -p Delegate=yes COMMAND' : 'ulimit -n 65536';
  return warning('file-descriptors', `${figures}.`, { fix: hard > soft ? `'ulimit -n ${hard === Infinity ? 65536 : hard}'` : `'${command}'` });
}
