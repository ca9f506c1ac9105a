import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import type { SpillwayError } from '../../../lib/errors';
import { launcherPath, native } from '../../../lib/native';
import { readProcess } from '../../../lib/process/process-entry';
import { KernelContainment } from '../../../lib/supervisor/containment/kernel-containment';
import type { SupervisorOptions } from '../../../lib/supervisor/supervisor-options';
import { factsOf, settingsOf, until, useStrays } from '../../support/containment';
import { useFixtureHierarchy } from '../../support/fixture-pool';
import { openFiles } from '../../support/process-resources';

const strays = useStrays();
const degraded: SpillwayError[] = [];
const made: KernelContainment[] = [];
// Before that of the hierarchy, which would take away what is still in use.
afterEach(() => {
  for (const containment of made.splice(0)) {
    vacate();
    for (const { main, enclosure } of containment.adopted) {
      main.release();
      enclosure.remove();
    }
    containment.remove();
  }
  expect(openHere()).toEqual([]);
  expect(degraded.splice(0).map(String)).toEqual([]);
});
const hierarchy = useFixtureHierarchy();

const openHere = (): string[] => openFiles().filter((name) => name.startsWith(hierarchy.base) || name.includes('pidfd') || name === launcherPath());
const at = (...path: string[]): string => join(hierarchy.base, 'pool', ...path);
const text = (...path: string[]): string => readFileSync(at(...path), 'utf8').trim();
const create = async (options: Partial<SupervisorOptions> = {}): Promise<KernelContainment> => {
  const containment = await KernelContainment.create(settingsOf({ cgroup: hierarchy.base, limits: { highBytes: 1e9 }, ...options }), (error) => void degraded.push(error));
  made.push(containment);
  return containment;
};
const leaves = (group: string): string[] => readdirSync(at(group), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** Processes that a dead owner has left in a leaf. */
function leave(group: string, leaf: string, pids: number[], record?: object): void {
  for (const cgroup of [new Cgroup(at()), new Cgroup(at(group)), new Cgroup(at(group, leaf))]) cgroup.create();
  writeFileSync(at(group, leaf, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
  for (const path of [[], [group], [group, leaf]]) writeFileSync(at(...path, 'cgroup.events'), 'populated 1\nfrozen 0\n');
  records.set(at(group, leaf), JSON.stringify({ version: 1, ...record }));
}
const records = new Map<string, string>();
beforeEach(() => {
  records.clear();
  jest.spyOn(native(), 'readAttribute').mockImplementation((path) => records.get(path));
});
/** All that is in it has ended. */
function vacate(): void {
  if (!existsSync(at())) return;
  for (const name of readdirSync(at(), { recursive: true, encoding: 'utf8' })) if (name.endsWith('cgroup.events')) writeFileSync(at(name), 'populated 0\nfrozen 0\n');
}

describe('a place', () => {
  it('is a leaf of its group, with the controllers that its limits need', async () => {
    const containment = await create();
    expect(containment.cgroup).toBe(at());
    const place = containment.enclose(factsOf({ group: 'tenant', pidsMax: 7, cpuWeight: 50 }));
    const [leaf = ''] = leaves('tenant');
    expect([text('tenant', leaf, 'pids.max'), text('tenant', leaf, 'cpu.weight'), text('tenant', 'cgroup.subtree_control').split(' ').sort()]).toEqual(['7', '50', ['cpu', 'memory', 'pids']]);
    place.remove();
    expect(leaves('tenant')).toEqual([]);
  });

  it('what reclaim spares of the leaves it spares of those above, and no longer than they are there', async () => {
    const containment = await create();
    const spare = (group: string, lowBytes: number, minBytes?: number) => containment.enclose(factsOf({ group, memory: { lowBytes, ...(minBytes !== undefined && { minBytes }) } }));
    const [a, b] = [spare('g', 1000, 100), spare('g', 2000)];
    const c = spare('h', 4000);
    const sums = (): string[] => [text('memory.low'), text('g', 'memory.low'), text('h', 'memory.low'), text('memory.min')];
    expect(sums()).toEqual(['7000', '3000', '4000', '100']);
    a.remove();
    c.remove();
    expect(sums()).toEqual(['2000', '2000', '0', '0']);
    b.remove();
    expect(sums()).toEqual(['0', '0', '0', '0']);
  });

  it('that cannot be protected is undone', async () => {
    const containment = await create();
    const write = jest.spyOn(Cgroup.prototype, 'write');
    const real = write.getMockImplementation();
    write.mockImplementation(function (this: Cgroup, file, value) {
      if (file === 'memory.low' && this.directory === at()) throw new Error('refused');
      real?.call(this, file, value);
    });
    expect(() => containment.enclose(factsOf({ memory: { lowBytes: 1 } }))).toThrow('refused');
    write.mockImplementation(real ?? (() => undefined));
    await until('its removal', () => leaves('default').length === 0);
  });

  it.each<[object, boolean]>([[{}, false], [{ maxBytes: 5 }, false], [{ highBytes: 'max' }, false], [{ highBytes: 5 }, true]])('with %j has a mark of its own to watch: %s', async (memory, has) => {
    const containment = await create();
    const facts = factsOf({ id: 'a', memory });
    const place = containment.enclose(facts);
    const scope = containment.scopeOf(facts, place);
    expect([scope?.level, scope?.id]).toEqual(has ? ['worker', 'a'] : [undefined, undefined]);
    place.remove();
    expect(containment.scopeOf(facts, place)).toBeUndefined();
  });
});

describe('a group', () => {
  it('gets its limits, the mark first, and is watched when it has any', async () => {
    const containment = await create();
    expect(await containment.setGroup('g', {})).toBeUndefined();
    const written: string[] = [];
    const write = jest.spyOn(Cgroup.prototype, 'writeInBackground');
    const real = write.getMockImplementation();
    write.mockImplementation(function (this: Cgroup, file, value) {
      written.push(file);
      return real?.call(this, file, value) ?? Promise.resolve();
    });
    expect(await containment.setGroup('g', { highBytes: 5, maxBytes: 6 })).toMatchObject({ level: 'group', id: 'g', monitor: { state: 'stopped' } });
    expect([written, text('g', 'memory.high'), text('g', 'memory.max')]).toEqual([['memory.high', 'memory.max'], '5', '6']);
  });

  it('set many times at once: one scope, and the last limits stay', async () => {
    const containment = await create();
    const scopes = await Promise.all([1, 2, 3].map((highBytes) => containment.setGroup('g', { highBytes })));
    expect([new Set(scopes).size, text('g', 'memory.high')]).toEqual([1, '3']);
  });

  it('a change that fails does not keep the next one back', async () => {
    const containment = await create();
    jest.spyOn(Cgroup.prototype, 'writeInBackground').mockRejectedValueOnce(new Error('busy'));
    const [first, second] = await Promise.allSettled([containment.setGroup('g', { highBytes: 1 }), containment.setGroup('g', { highBytes: 2 })]);
    expect([first.status, second.status, text('g', 'memory.high')]).toEqual(['rejected', 'fulfilled', '2']);
  });

  it('that somebody has removed needs another scope', async () => {
    const containment = await create();
    const scope = await containment.setGroup('g', { highBytes: 1 });
    scope?.monitor.emit('removed', {} as never);
    expect(await containment.setGroup('g', { highBytes: 1 })).not.toBe(scope);
  });
});

describe('leftovers', () => {
  const sleeper = (): number => strays.start('sleep', ['600']).pid ?? 0;

  it('are adopted with what was recorded, in the group that they stand in', async () => {
    const pids = [sleeper(), sleeper()] as const;
    const facts = factsOf({ id: 'mine', group: 'other', owner: 'me', memory: { lowBytes: 4096 } });
    leave('tenant', 'dead-1', [...pids], { facts, pid: pids[1], startTime: readProcess(pids[1])?.startTime });
    leave('default', 'dead-2', [sleeper()]);
    const { adopted } = await create({ leftovers: 'adopt' });
    const mine = adopted.find(({ main }) => main.pid === pids[1]);
    expect([adopted.length, mine?.facts]).toEqual([2, { ...facts, group: 'tenant' }]);
    expect(adopted.find((each) => each !== mine)?.facts).toEqual(factsOf({ id: 'dead-2' }));
    expect([text('memory.low'), text('tenant', 'memory.low')]).toEqual(['4096', '4096']);
    expect(mine?.enclosure.sample()?.usage.currentBytes).toBe(0);
  });

  it.each([['gone', [4_194_304]], ['not to be seen', []]])('of which the last process is %s just now are removed', async (_what, pids) => {
    leave('default', 'dead-1', pids);
    const openPidfd = native().openPidfd.bind(native());
    jest.spyOn(native(), 'openPidfd').mockImplementation((pid) => {
      vacate();
      return openPidfd(pid);
    });
    const { adopted } = await create({ leftovers: 'adopt' });
    vacate();
    await until('the removal', () => leaves('default').length === 0);
    expect(adopted).toEqual([]);
  });
});

it('removed twice it is gone, with its lock and launcher', async () => {
  const containment = await create();
  containment.enclose(factsOf()).remove();
  expect(openHere()).toEqual([at(), launcherPath()].sort());
  // A worker's own, that nobody is in.
  mkdirSync(at('default', 'of-a-worker'));
  containment.remove();
  containment.removeNow();
  expect(existsSync(at())).toBe(false);
});
