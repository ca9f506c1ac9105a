import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { delegationOf } from '../../lib/cgroup/delegation';
import type { Diagnosis } from '../../lib/cli/doctor';
import type { Finding, FindingName } from '../../lib/cgroup/preflight/types';
import { native } from '../../lib/native';
import { runIn } from './support/program';
import { type TestCgroup, useCgroups } from './support/test-cgroup';

const { make } = useCgroups();
const nobody = 65534;
const program = join(__dirname, '../../dist/cli/spillway.js');
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

interface Start {
  /** Command and arguments in between. */
  under?: string[];
  args?: string[];
  /** What a shell does first, in the cgroup. */
  before?: string;
}

interface Looked extends Diagnosis {
  status: number | null;
  finding: (name: FindingName) => Finding;
  base: string;
}

/** What the doctor finds that is started in this cgroup. */
function look(cgroup: TestCgroup, { under = [], args = [], before = 'true' }: Start = {}): Looked {
  const command = [...under, process.execPath, program, 'doctor', '--json', ...args];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `echo 0 >"$0/cgroup.procs" && ${before} && exec "$@"`, cgroup.directory, ...command], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const { level, findings } = JSON.parse(stdout) as Diagnosis;
  const finding = (name: FindingName): Finding => findings.find(({ check }) => check === name) ?? { check: name, severity: 'error', message: 'missing' };
  return { level, findings, status, finding, base: /^The pool would be (.*)\/NAME:/.exec(finding('base').message)?.[1] ?? '' };
}

const lowering = ({ findings }: Diagnosis): string[] => findings.filter(({ lowersTo }) => lowersTo !== undefined).map(({ check }) => check);

/** A cgroup as systemd hands it over: on a host with systemd it would be systemd's otherwise. */
function makeDelegated(): TestCgroup {
  const cgroup = make();
  expect(native().writeAttribute(cgroup.directory, 'user.delegate', '1')).toBeUndefined();
  return cgroup;
}

/** cgroups(7), "Cgroups delegation". */
function giveTo(user: number, { directory }: TestCgroup): void {
  for (const path of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) chownSync(join(directory, path), user, user);
}

test('root, in a cgroup of its own: kernel', () => {
  const base = makeDelegated();

  const looked = look(base);

  expect([looked.level, looked.status, lowering(looked), looked.base]).toEqual(['kernel', 0, [], base.directory]);
  expect(looked.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('it changes nothing, and moves nobody', async () => {
  const base = makeDelegated();
  const stranger = runIn(base, 'hog', 1);
  await stranger.lines.line('held');
  const snapshot = (): unknown => [readdirSync(base.directory).sort(), base.processes(), base.read('cgroup.subtree_control'), readFileSync('/proc/self/cgroup', 'utf8')];
  const before = snapshot();

  look(base, { args: ['--name', 'pool'] });

  expect(snapshot()).toEqual(before);
  expect(base.processes()).toEqual([stranger.child.pid]);
});

test('an unprivileged user without delegation: polling', () => {
  const base = makeDelegated();

  const looked = look(base, { under: asNobody });

  expect([looked.level, looked.status, lowering(looked)]).toEqual(['polling', 1, ['permission']]);
  expect(looked.finding('permission').message).toContain(`The user 65534 may not make cgroups in ${base.directory}: no right to write ${base.directory} (EACCES)`);
});

test('an unprivileged user with a sub-tree of its own: kernel', () => {
  const base = makeDelegated();
  giveTo(nobody, base);

  const looked = look(base, { under: asNobody });

  expect([looked.level, looked.status, lowering(looked), looked.base]).toEqual(['kernel', 0, [], base.directory]);
  expect(looked.finding('sys-resource').severity).toBe('info');
});

test('the same, but started outside of it: it could not move workers there', () => {
  const outer = makeDelegated();
  const base = outer.enableMemory().make('base');
  giveTo(nobody, base);

  const looked = look(outer.make('elsewhere'), { under: asNobody, args: ['--cgroup', base.directory] });

  expect([looked.level, lowering(looked)]).toEqual(['polling', ['permission']]);
  expect(looked.finding('permission').message).toContain('not move processes there');
});

test('moved aside into supervisor/ before: the base is the one above', () => {
  const base = makeDelegated();

  expect(look(base.make('supervisor'))).toMatchObject({ level: 'kernel', base: base.directory });
});

test('put into a subgroup, as by DelegateSubgroup=: the base is the one above on a host with systemd', () => {
  const base = makeDelegated();
  withSystemd(() => {
    expect(look(base.make('main'))).toMatchObject({ level: 'kernel', base: base.directory });
  });
});

describe('in a cgroup namespace, as containers have', () => {
  const namespace = (script: string): string[] => ['unshare', '--cgroup', '--mount', 'sh', '-c', `${script} && exec "$@"`, 'sh'];
  // The same file system cannot be mounted upon itself.
  const fresh = 'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup';

  test('mounted anew: the base is its root', () => {
    const looked = look(makeDelegated(), { under: namespace(fresh) });

    expect([looked.level, lowering(looked), looked.base]).toEqual(['kernel', [], '/sys/fs/cgroup']);
    expect(looked.finding('visible-limits').message).toContain('Limits above /sys/fs/cgroup cannot be seen');
  });

  test('read-only, as Docker mounts it: polling', () => {
    const looked = look(makeDelegated(), { under: namespace(`${fresh} && mount -o remount,bind,ro /sys/fs/cgroup`) });

    expect([looked.level, lowering(looked)]).toEqual(['polling', ['permission']]);
    expect(looked.finding('permission').message).toContain('EROFS');
  });

  test("with the host's tree in it, where no file tells the names in between: it finds itself", () => {
    const base = makeDelegated();

    expect(look(base, { under: namespace('true') })).toMatchObject({ level: 'kernel', base: base.directory });
  });

  test('a sub-tree bound to another place', () => {
    const base = makeDelegated();
    const looked = look(base, { under: ['unshare', '--mount', 'sh', '-c', `mkdir -p /run/bound && mount --bind ${base.directory} /run/bound && umount -l /sys/fs/cgroup && exec "$@"`, 'sh'] });

    expect([looked.level, looked.base]).toEqual(['kernel', '/run/bound']);
  });
});

test('another process in the base is named', async () => {
  const base = makeDelegated();
  const { child, lines } = runIn(base, 'hog', 1);
  await lines.line('held');

  const looked = look(base);

  expect([looked.level, lowering(looked)]).toEqual(['polling', ['processes-in-base']]);
  expect(looked.finding('processes-in-base').message).toMatch(new RegExp(`: ${String(child.pid)} \\(\\S+\\)\\.$`));
});

test('a base that gets no memory controller', () => {
  const outer = makeDelegated();

  const looked = look(outer.make('base'));

  expect([looked.level, lowering(looked)]).toEqual(['polling', ['memory-controller']]);
  expect(looked.finding('memory-controller').message).toContain(`${outer.directory}/cgroup.subtree_control does not hand it down`);
});

test('a supervisor inside the pool that it would throttle', () => {
  const base = makeDelegated().enableMemory();
  const inside = base.make('pool').make('inside');

  const looked = look(inside, { args: ['--cgroup', base.directory, '--name', 'pool'] });

  expect(lowering(looked)).toEqual(['supervisor-placement']);
});

test('a threaded base', () => {
  const outer = makeDelegated();
  const base = outer.make('base').write('cgroup.type', 'threaded');

  expect(look(makeDelegated(), { args: ['--cgroup', base.directory] }).finding('cgroup-type')).toMatchObject({ severity: 'error' });
});

test("systemd's own cgroups are told from those that it handed over, by the attribute alone", () => {
  withSystemd(() => {
    const mine = makeDelegated();
    const systemds = make();

    expect(look(systemds)).toMatchObject({ level: 'polling' });
    expect(lowering(look(systemds))).toEqual(['delegation']);
    expect(delegationOf(systemds.directory).kind).toBe('systemd');
    expect(look(mine)).toMatchObject({ level: 'kernel' });
    expect(delegationOf(join(mine.directory, 'below')).kind).toBe('delegated');
  });
});

/** Lets it look as if systemd ran here: sd_booted(3). */
function withSystemd(action: () => void): void {
  const made = !existsSync('/run/systemd/system');
  if (made) mkdirSync('/run/systemd/system', { recursive: true });
  try {
    action();
  } finally {
    if (made) rmdirSync('/run/systemd/system');
  }
}
