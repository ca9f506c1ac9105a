import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, rmdirSync, truncateSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Cgroup } from '../../lib/cgroup/cgroup';
import { cgroupError } from '../../lib/cgroup/cgroup-error';
import { parseCgroup2Mounts } from '../../lib/cgroup/own-cgroup';
import { hostFacts } from '../../lib/cgroup/preflight/host-facts';
import type { Candidate } from '../../lib/policy';
import type { Clock } from '../../lib/clock';
import type { RoundWorker } from '../../lib/supervisor/relief/relief-context';
import type { KillFacts } from '../../lib/supervisor/exit-cause';
import type { WarnTarget } from '../../lib/supervisor/shed/warn-worker';
import type { WorkerExit } from '../../lib/supervisor/types';
import { parseWorkerOptions, type WorkerFacts } from '../../lib/supervisor/worker-options';
import { candidate } from '../policy/candidates';
import { eventsText } from './fixture-cgroup';

/** What the kernel puts into a new cgroup. */
const kernelFiles: Readonly<Record<string, string>> = {
  'cgroup.controllers': 'cpu memory pids\n', 'cgroup.events': 'populated 0\nfrozen 0\n', 'cgroup.kill': '', 'cgroup.procs': '', 'cgroup.subtree_control': '\n',
  'cgroup.type': 'domain\n', 'cpu.weight': '100\n', 'memory.current': '0\n', 'memory.events': eventsText(), 'memory.events.local': eventsText(), 'memory.high': 'max\n',
  'memory.low': '0\n', 'memory.max': 'max\n', 'memory.min': '0\n', 'memory.oom.group': '0\n', 'memory.peak': '4096\n', 'memory.swap.current': '0\n', 'memory.swap.max': 'max\n',
  'memory.stat': 'anon 0\nfile 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n',
  'pids.max': 'max\n',
};

function fill(directory: string, without: readonly string[]): void {
  mkdirSync(directory);
  for (const [file, text] of Object.entries(kernelFiles)) {
    if (!without.includes(file)) writeFileSync(join(directory, file), text);
  }
}

export interface FixtureHierarchy {
  readonly base: string;
  /** Puts the test itself into a cgroup of it. */
  enter: (directory: string) => void;
  /** Files that this kernel does not have. */
  without: readonly string[];
}

/** So much anonymous memory, and nothing else. */
export function setAnonBytes(directory: string, bytes: number): void {
  writeFileSync(join(directory, 'memory.stat'), `anon ${bytes}\nfile 0\ninactive_file 0\nactive_file 0\nslab_reclaimable 0\n`);
  writeFileSync(join(directory, 'memory.current'), `${bytes}\n`);
}

/** A test may spy on the other one. */
const readUnspied = readFileSync;

/** What the kernel makes of a write: the controllers are a set, a process is in one cgroup, all else has one value. */
function writeAsKernel(directory: string, file: string, value: string, base: string): void {
  const path = join(directory, file);
  const entries = (of: string): string[] => readFileSync(of, 'utf8').split(/\s/).filter(Boolean);
  const put = (of: string, text: string): void => {
    truncateSync(of); // throws when it is not there
    writeFileSync(of, text);
  };
  if (file === 'cgroup.subtree_control') {
    const others = entries(path).filter((each) => each !== value.slice(1));
    put(path, `${[...others, ...(value.startsWith('+') ? [value.slice(1)] : [])].join(' ')}\n`);
  } else if (file === 'cgroup.procs') {
    entries(path); // before anything moves
    for (const name of readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((each) => basename(each) === file)) {
      const from = join(base, name);
      put(from, entries(from).filter((pid) => pid !== value).map((pid) => `${pid}\n`).join(''));
    }
    put(path, [...entries(path), value].map((pid) => `${pid}\n`).join(''));
  } else {
    put(path, `${value}\n`);
  }
}

/**
 * A folder in the place of a cgroup that no systemd manages, with its controllers, made anew for each
 * test. While a test runs `Cgroup` makes, writes and removes directories as the kernel would.
 */
export function useFixtureHierarchy(): FixtureHierarchy {
  const hierarchy: { -readonly [Key in keyof FixtureHierarchy]: FixtureHierarchy[Key] } = {
    base: '',
    without: [],
    enter: (directory) => {
      writeAsKernel(directory, 'cgroup.procs', String(process.pid), hierarchy.base);
      const read = hostFacts.read.bind(hostFacts);
      const mount = dirname(hierarchy.base);
      const files = new Map([
        ['/proc/self/mountinfo', `30 23 0:26 / ${mount} rw - cgroup2 cgroup2 rw\n`],
        ['/proc/self/cgroup', `0::${directory.slice(mount.length)}\n`],
      ]);
      jest.spyOn(hostFacts, 'read').mockImplementation((path) => files.get(path) ?? read(path));
    },
  };
  beforeEach(() => {
    hierarchy.without = [];
    hierarchy.base = join(mkdtempSync(join(tmpdir(), 'spillway-pool-')), 'base');
    fill(hierarchy.base, []);
    const exists = hostFacts.exists.bind(hostFacts);
    jest.spyOn(hostFacts, 'exists').mockImplementation((path) => path !== '/run/systemd/system' && exists(path));
    jest.spyOn(Cgroup.prototype, 'create').mockImplementation(function (this: Cgroup) {
      const isNew = !existsSync(this.directory);
      if (isNew) fill(this.directory, hierarchy.without);
      return isNew;
    });
    jest.spyOn(Cgroup.prototype, 'write').mockImplementation(function (this: Cgroup, file, value) {
      writeAsKernel(this.directory, file, value, hierarchy.base);
    });
    jest.spyOn(Cgroup.prototype, 'writeInBackground').mockImplementation(function (this: Cgroup, file, value) {
      writeAsKernel(this.directory, file, value, hierarchy.base);
      return Promise.resolve();
    });
    jest.spyOn(Cgroup.prototype, 'remove').mockImplementation(function (this: Cgroup) {
      const events = join(this.directory, 'cgroup.events');
      if (existsSync(events) && /^populated 1$/m.test(readUnspied(events, 'utf8'))) {
        throw cgroupError(this.directory, { errno: constants.errno.EBUSY, syscall: 'rmdir', file: this.name }, 'remove');
      }
      rmSync(this.directory, { recursive: true, force: true });
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(join(hierarchy.base, '..'), { recursive: true, force: true });
  });
  return hierarchy;
}

/** Where cgroup v2 is mounted and may be written, with or without a memory controller. */
function writableMount(): string | undefined {
  return parseCgroup2Mounts(readFileSync('/proc/self/mountinfo', 'utf8')).find(({ directory }) => {
    try {
      mkdirSync(join(directory, `spillway-unit-${process.pid}`));
      rmdirSync(join(directory, `spillway-unit-${process.pid}`));
      return true;
    } catch {
      return false;
    }
  })?.directory;
}

const mount = process.platform === 'linux' ? writableMount() : undefined;

/** Skipped where no cgroup v2 hierarchy is mounted that this user may write. */
export const describeReal = mount === undefined ? describe.skip : describe;

export interface RealCgroups {
  /** A new child of the root of the hierarchy. */
  make(): Cgroup;
  /** A process that sleeps in it. */
  sleepIn(cgroup: Cgroup): ChildProcess;
}

/** Cgroups of the real hierarchy; they and what runs in them are gone after the test. */
export function useRealCgroups(): RealCgroups {
  const made: Cgroup[] = [];
  const sleepers: ChildProcess[] = [];
  let count = 0;
  afterEach(async () => {
    for (const sleeper of sleepers.splice(0)) await end(sleeper);
    for (const cgroup of made.splice(0)) cgroup.remove();
  });
  return {
    make() {
      const cgroup = new Cgroup(join(mount ?? '', `spillway-unit-${process.pid}-${++count}`));
      made.push(cgroup);
      cgroup.create();
      return cgroup;
    },
    sleepIn(cgroup) {
      const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
      sleepers.push(sleeper);
      writeFileSync(join(cgroup.directory, 'cgroup.procs'), String(sleeper.pid));
      return sleeper;
    },
  };
}

/** Kills it and waits until it is reaped. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await exited;
}

/**
 * Runs the body of an async function in a Node process of its own, and gives back what it prints.
 * `lib(name)` requires a module of lib/.
 */
export async function runApart(body: string): Promise<string> {
  const root = resolve(__dirname, '../..');
  const script = `
    const { transformSync } = require('@swc/core');
    require('module')._extensions['.ts'] = (module, file) => module._compile(transformSync(require('fs').readFileSync(file, 'utf8'), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }).code, file);
    const lib = (name) => require(${JSON.stringify(root)} + '/lib/' + name + '.ts');
    (async () => { ${body} })();`;
  return (await promisify(execFile)(process.execPath, ['-e', script], { cwd: root })).stdout;
}

/** Stands still until it is advanced. */
export class FakeClock implements Clock {
  nowMs = 1000;
  readonly waits = new Map<() => void, number>();

  now(): number {
    return this.nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waits.set(resolve, this.nowMs + ms);
      signal.addEventListener('abort', () => {
        this.waits.delete(resolve);
        reject(new Error('aborted'));
      });
    });
  }

  advance(ms: number): void {
    this.nowMs += ms;
    for (const [resolve, atMs] of this.waits) if (atMs <= this.nowMs) resolve();
  }
}

/** Dies when it is killed, if it obeys, or when the test ends it. */
export class FakeWorker implements RoundWorker {
  readonly facts: WorkerFacts;
  pid = 7;
  readonly exited: Promise<WorkerExit>;
  /** Its native number. */
  victim: number | undefined;
  readonly kills: KillFacts[] = [];
  readonly asks: KillFacts[] = [];
  alive = true;
  dying = false;
  endsWhenAsked = false;
  stuck = false;
  #exit!: (exit: WorkerExit) => void;

  constructor(readonly id: string, readonly bytes: number, readonly obeys = true) {
    this.facts = parseWorkerOptions({}, { id, oomScoreAdj: 500 });
    this.exited = new Promise((resolve) => (this.#exit = resolve));
  }

  get dyingBytes(): number {
    return this.dying && !this.stuck ? this.bytes : 0;
  }

  candidate(): Candidate {
    return candidate(this.id, { freeableBytes: this.bytes });
  }

  kill(why: KillFacts): void {
    this.kills.push(why);
    this.dying = true;
    if (this.obeys) this.end();
  }

  end(): void {
    this.alive = false;
    this.#exit({ id: this.id, code: null, signal: 'SIGKILL', cause: 'spillway', retryHint: 'elsewhere' });
  }

  warnedAtMs = -Infinity;

  warnTarget(): WarnTarget {
    return { id: this.id, how: 'signal', shedMs: 100, child: undefined, signal: () => true };
  }

  wasKilled(why: KillFacts): void {
    this.kills.push(why);
    this.dying = true;
  }

  askToEnd(why: KillFacts): void {
    this.asks.push(why);
    if (this.endsWhenAsked) this.end();
  }

  markStuck(): void {
    this.stuck = true;
  }
}
