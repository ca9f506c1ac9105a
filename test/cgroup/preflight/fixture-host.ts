import { basename, dirname, join } from 'node:path';
import type { HostFacts } from '../../../lib/cgroup/preflight/host-facts';
import type { Support } from '../../../lib/native';

export interface FixtureCgroup {
  procs?: number[];
  controllers?: string;
  /** `cgroup.subtree_control`. */
  enabled?: string;
  /** Absent at the root of the hierarchy. */
  type?: string;
  delegate?: boolean;
  files?: Record<string, string | number>;
}

/** A host that exists only on paper. */
export class FixtureHost implements HostFacts {
  platform = 'linux';
  release = '6.12.30';
  pid = 100;
  uid: number | undefined = 1000;
  supported: Support = { ok: true };
  readonly files = new Map<string, string>();
  readonly environment: Record<string, string> = {};
  readonly attributes = new Map<string, string>();
  /** What this user may not write, and why. */
  readonly refused = new Map<string, string>();
  /** Other paths of a directory. */
  readonly aliases = new Map<string, string>();

  constructor(files: Record<string, string> = {}) {
    this.put({
      '/proc/self/status': 'Name:\tnode\nCapEff:\t0000000000000000\n',
      '/proc/self/limits': 'Max open files            1048576              1048576              files     \n',
      '/proc/self/oom_score_adj': '0\n',
      '/proc/swaps': 'Filename\tType\tSize\tUsed\tPriority\n',
      '/proc/meminfo': 'MemTotal:       16777216 kB\nMemFree: 1 kB\n',
      '/proc/pressure/memory': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
      ...files,
    });
  }

  put(files: Record<string, string | undefined>): this {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) this.files.delete(path);
      else this.files.set(path, text);
    }
    return this;
  }

  /** A line of the mount table. */
  mount(directory: string, { root = '/', type = 'cgroup2', options = 'rw,nsdelegate,memory_recursiveprot', mountOptions = 'rw,nosuid' } = {}): this {
    const table = this.files.get('/proc/self/mountinfo') ?? '';
    return this.put({ '/proc/self/mountinfo': `${table}30 23 0:26 ${root} ${directory} ${mountOptions} shared:4 - ${type} ${type} ${options}\n` });
  }

  in(path: string): this {
    return this.put({ '/proc/self/cgroup': `0::${path}\n` });
  }

  cgroup(path: string, { procs = [], controllers = 'cpu memory pids', enabled = '', type = 'domain', delegate, files = {} }: FixtureCgroup = {}): this {
    const all = { 'cgroup.procs': procs.join('\n'), 'cgroup.controllers': controllers, 'cgroup.subtree_control': enabled, 'cgroup.type': type, ...files };
    for (const [name, text] of Object.entries(all)) this.put({ [join(path, name)]: text === '' && name === 'cgroup.type' ? undefined : `${text}\n` });
    if (delegate === true) this.attributes.set(`${path} user.delegate`, '1');
    return this;
  }

  root(path: string, options: FixtureCgroup = {}): this {
    return this.cgroup(path, { enabled: 'cpu memory pids', ...options, type: '' });
  }

  refuse(why: string, ...paths: string[]): this {
    for (const path of paths) this.refused.set(path, why);
    return this;
  }

  process(pid: number, name: string): this {
    return this.put({ [`/proc/${pid}/comm`]: `${name}\n` });
  }

  support = (): Support => this.supported;
  env = (name: string): string | undefined => this.environment[name];
  read = (path: string): string | undefined => this.files.get(path);
  exists = (path: string): boolean => [...this.files.keys()].some((file) => file === path || file.startsWith(`${path}/`));
  isCgroup2 = (path: string): boolean => this.files.has(join(path, 'cgroup.procs'));
  identity = (path: string): string | undefined => (this.exists(this.aliases.get(path) ?? path) ? (this.aliases.get(path) ?? path) : undefined);
  realPath = (path: string): string | undefined => (this.identity(path) === undefined ? undefined : (this.aliases.get(path) ?? path));
  attribute = (path: string, name: string): string | undefined => this.attributes.get(`${path} ${name}`);
  writeRefusal = (path: string): string | undefined => (this.exists(path) ? this.refused.get(path) : 'ENOENT');

  list = (path: string): { name: string; directory: boolean }[] => {
    const entries = new Map<string, boolean>();
    for (const file of this.files.keys()) {
      if (dirname(file) === path) entries.set(basename(file), false);
      else if (file.startsWith(`${path}/`)) entries.set(file.slice(path.length + 1).split('/')[0] ?? '', true);
    }
    return [...entries].map(([name, directory]) => ({ name, directory }));
  };
}

export const top = '/sys/fs/cgroup';

/** systemd, cgroup v2 alone, as Debian 12 boots. */
export function systemdHost(): FixtureHost {
  return new FixtureHost({ '/run/systemd/system/nothing': '' }).mount(top).root(top).cgroup(`${top}/init.scope`, { procs: [1] });
}

/** A process of user 1000, started by `systemd-run --user --scope`, with or without `-p Delegate=yes`. */
export function userScope(delegate: boolean): FixtureHost {
  const host = systemdHost();
  const user = '/user.slice/user-1000.slice/user@1000.service';
  host.cgroup(`${top}/user.slice`).cgroup(`${top}/user.slice/user-1000.slice`);
  // Only the system's systemd sets the attribute.
  host.cgroup(top + user, { delegate: true }).cgroup(`${top}${user}/app.slice`).cgroup(`${top}${user}/app.slice/run-u5.scope`, { procs: [100] });
  host.environment['XDG_RUNTIME_DIR'] = '/run/user/1000';
  host.environment['HOME'] = '/home/me';
  host.put({ '/run/user/1000/systemd/transient/run-u5.scope': `# This is a transient unit file.\n[Scope]\n${delegate ? 'Delegate=yes\n' : ''}` });
  return host.in(`${user}/app.slice/run-u5.scope`);
}

/** A system service, root's or with User=, in a cgroup of its own. */
export function systemService({ delegate = true, subgroup = '', uid = 0 } = {}): FixtureHost {
  const host = systemdHost();
  const service = '/system.slice/jobs.service';
  host.cgroup(`${top}/system.slice`).cgroup(top + service, { delegate, procs: subgroup === '' ? [100] : [] });
  if (subgroup !== '') host.cgroup(`${top}${service}/${subgroup}`, { procs: [100] });
  host.uid = uid;
  if (uid !== 0) host.refuse('EACCES', top, `${top}/cgroup.procs`, `${top}/cgroup.subtree_control`);
  return host.in(service + (subgroup === '' ? '' : `/${subgroup}`));
}

/** Docker on cgroup v2, by default: a cgroup namespace of its own, read-only. */
export function dockerPrivate({ readOnly = true } = {}): FixtureHost {
  const host = new FixtureHost({ '/.dockerenv': '' }).mount(top, { mountOptions: readOnly ? 'ro,nosuid' : 'rw,nosuid' }).in('/');
  host.cgroup(top, { procs: [100], files: { 'memory.max': 4 * 2 ** 30, 'memory.high': 'max' } });
  host.uid = 0;
  if (readOnly) host.refuse('EROFS', top, `${top}/cgroup.procs`, `${top}/cgroup.subtree_control`);
  return host;
}

/** Docker with --cgroupns=host: the whole tree, read-only. */
export function dockerHost(): FixtureHost {
  const own = `${top}/system.slice/docker-ab12.scope`;
  const host = new FixtureHost({ '/.dockerenv': '' }).mount(top, { mountOptions: 'ro,nosuid' }).in('/system.slice/docker-ab12.scope').root(top);
  host.cgroup(`${top}/system.slice`).cgroup(own, { procs: [100] });
  host.uid = 0;
  return host.refuse('EROFS', own, `${own}/cgroup.procs`, `${own}/cgroup.subtree_control`);
}

/** Booted with v1 controllers and cgroup2 aside. */
export function hybridHost(): FixtureHost {
  const host = new FixtureHost({ '/run/systemd/system/nothing': '' });
  host.mount(`${top}/memory`, { type: 'cgroup', options: 'rw,memory' }).mount(`${top}/systemd`, { type: 'cgroup', options: 'rw,xattr,name=systemd' });
  return host.mount(`${top}/unified`, { options: 'rw,nsdelegate' }).root(`${top}/unified`, { controllers: '', enabled: '' });
}
