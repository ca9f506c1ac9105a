import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds open, as the kernel names it; sockets and pipes without their numbers. */
export function openFiles(pid: number | 'self' = 'self'): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`${folder}/${fd}`).replace(/\[\d+\]$/, '')];
      } catch {
        return []; // the one that listed the folder
      }
    })
    .sort();
}

/** Of these a monitor opens some: the reactor's own, and the files of the cgroup. */
export function watchFiles(directory: string, pid: number | 'self' = 'self'): string[] {
  return openFiles(pid).filter((name) => name.startsWith('anon_inode:') || name.startsWith(directory));
}

export function threadNames(pid: number | 'self' = 'self'): string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .flatMap((tid) => {
      try {
        return [readFileSync(`${folder}/${tid}/comm`, 'utf8').trim()];
      } catch {
        return []; // it ended meanwhile
      }
    })
    .sort();
}

/** Of this process, zombies too. */
export function childPids(): number[] {
  return readdirSync('/proc/self/task').flatMap((tid) => {
    try {
      return readFileSync(`/proc/self/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // the thread ended meanwhile, and its children are another one's
    }
  });
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * How many reactors run in this process, once it is as many as wanted or has had its time: a new
 * thread gives itself its name, and one that was joined may be listed for a moment.
 */
export function reactorCount(wanted = 0): number {
  let count = NaN;
  for (let look = 0; look < 1000 && count !== wanted; look += 1) {
    if (look > 0) Atomics.wait(cell, 0, 0, 2);
    count = threadNames().filter((name) => name === 'spillway').length;
  }
  return count;
}

/** How often the one reactor of this process went to sleep and was woken. */
function wakeUps(): number {
  for (const tid of readdirSync('/proc/self/task')) {
    const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
    if (status.startsWith('Name:\tspillway\n')) return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
  }
  throw new Error('no reactor runs');
}

/** Blocks JavaScript until the reactor has looked at its files some times over. */
export function blockForLooks(times = 4): void {
  reactorCount(1);
  for (const before = wakeUps(); wakeUps() - before < times; ) Atomics.wait(cell, 0, 0, 5);
}
