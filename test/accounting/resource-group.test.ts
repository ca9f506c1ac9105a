import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ComponentRegistry, currentGroup, type ResourceGroup } from '../../lib/accounting';
import { sampleMemory } from '../../lib/accounting/sample-memory';
import { errorOf } from '../support/error-of';

/** A worker of a Supervisor whose cgroup has so many bytes. */
class FakeWorker {
  readonly pid = 4;
  end: () => void = () => undefined;
  readonly exited = new Promise<void>((resolve) => { this.end = resolve; });
  constructor(readonly bytes: number) {}
  usage(): { currentBytes: number; fileBytes: number } {
    return { currentBytes: this.bytes, fileBytes: 0 };
  }
}

const groupOf = (name = 'a'): ResourceGroup => new ComponentRegistry().getOrCreate(name).resourceGroup();

describe('registering groups', () => {
  it('Saluki 11: registering an existing name returns the same group', () => {
    const registry = new ComponentRegistry();
    const group = registry.getOrCreate('a.b-1').resourceGroup();
    expect(registry.getOrCreate('a').getOrCreate('b_1').resourceGroup()).toBe(group);
    expect(group.name).toBe('a.b_1');
  });

  it('Saluki 12: visitation yields the root, then the others, by name', () => {
    const registry = new ComponentRegistry();
    for (const name of ['b', 'a.x', 'a']) registry.getOrCreate(name).resourceGroup();
    registry.resourceGroup();
    expect(registry.resourceGroups().map(({ name }) => name)).toEqual(['', 'a', 'a.x', 'b']);
    expect(registry.getOrCreate('a').resourceGroups().map(({ name }) => name)).toEqual(['a', 'a.x']);
  });

  it('a component has no group until it asks for one', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('a.b').bounds.minimum().withFixedAmount('own', 5);
    expect(registry.resourceGroups()).toEqual([]);
  });

  it('one that is unregistered is gone, lets go of all it tracks, and makes room for a new one', () => {
    const component = new ComponentRegistry().getOrCreate('a');
    const group = component.resourceGroup();
    const thread = Object.assign(new EventEmitter(), { threadId: 1 });
    group.trackThread(thread);
    group.unregister();
    expect(component.root.resourceGroups()).toEqual([]);
    expect(thread.listenerCount('exit')).toBe(0);
    const next = component.resourceGroup();
    expect(next).not.toBe(group);
    group.unregister();
    expect(component.resourceGroup()).toBe(next);
  });

  it('one that is unregistered still allocates and runs, and refuses what it would track for nobody', () => {
    const group = groupOf();
    group[Symbol.dispose]();
    expect(group.allocate(5)).toHaveLength(5);
    expect(group.run(() => currentGroup())).toBe(group);
    expect(errorOf(() => group.trackProcess(process.pid))).toMatchObject({ code: 'ERR_SPILLWAY_STOPPED' });
  });
});

describe('what a group uses', () => {
  it('Saluki 21: with nothing that measures it, says so, and is unknown, not 0', () => {
    expect(groupOf().figure).toEqual({ bytes: undefined, source: undefined, confidence: 'unknown', sampledAt: undefined, measuring: false });
    expect(groupOf().allocations).toBeUndefined();
  });

  it('Saluki 20: with something that measures it, says so', () => {
    const group = groupOf();
    group.allocate(0);
    expect(group.figure).toMatchObject({ bytes: 0, confidence: 'exact', measuring: true });
    expect(group.allocations).toEqual({ allocatedBytes: 0, allocatedObjects: 1, freedBytes: 0, freedObjects: 0 });
  });

  it('is the sum of its processes, threads and buffers', async () => {
    const registry = new ComponentRegistry();
    const group = registry.getOrCreate('a').resourceGroup();
    const worker = group.trackProcess(new FakeWorker(500));
    const heap = { total_physical_size: 30, external_memory: 0, malloced_memory: 0 };
    group.trackThread(Object.assign(new EventEmitter(), { threadId: 1, getHeapStatistics: () => Promise.resolve(heap) }));
    group.allocate(7);
    expect(group.figure).toMatchObject({ bytes: 7, confidence: 'lower-bound', measuring: true });
    await sampleMemory(registry);
    expect(worker.figure).toMatchObject({ bytes: 500, source: 'cgroup' });
    expect(group.figure).toMatchObject({ bytes: 537, source: 'buffers+cgroup+v8', confidence: 'exact' });
  });

  it('a worker counts until it ends, or until it is stopped', async () => {
    const registry = new ComponentRegistry();
    const group = registry.resourceGroup();
    const workers = [new FakeWorker(5), new FakeWorker(60)];
    const [first, second] = workers.map((worker) => group.trackProcess(worker));
    await sampleMemory(registry);
    expect(group.figure.bytes).toBe(65);
    workers[0]?.end();
    await nextTurn();
    expect(group.figure.bytes).toBe(60);
    first?.stop();
    second?.stop();
    second?.[Symbol.dispose]();
    expect(group.figure.measuring).toBe(false);
  });

  it('a thread that had exited does not count', async () => {
    const group = groupOf();
    group.trackThread(Object.assign(new EventEmitter(), { threadId: -1 }));
    await nextTurn();
    expect([...group.sources]).toEqual([]);
  });

  it('what it refuses, it does not hold', () => {
    const group = groupOf();
    expect(errorOf(() => group.trackProcess(0))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect([...group.sources]).toEqual([]);
  });
});

describe('the processor time of a group', () => {
  const burn = (): void => {
    const begin = process.cpuUsage();
    let used = { user: 0, system: 0 };
    while (used.user + used.system < 20_000) used = process.cpuUsage(begin);
  };

  it('Saluki 17: busy work is charged to the entered group, the idle one has none', () => {
    const [busy, idle] = [groupOf('busy'), groupOf('idle')];
    busy.run(burn, { cpu: true });
    idle.run(() => undefined, { cpu: true });
    expect(busy.cpu).toMatchObject({ seconds: expect.any(Number) as number, measuring: true });
    expect(busy.cpu.seconds).toBeGreaterThan(idle.cpu.seconds ?? Infinity);
    expect(groupOf().cpu).toMatchObject({ seconds: undefined, measuring: false });
  });

  it('Saluki 18: asynchronous work is charged for its parts that are run so, and not for what comes between', async () => {
    const group = groupOf();
    const idle = groupOf();
    const work = group.run(async () => {
      await nextTurn();
      group.run(burn, { cpu: true });
      return group.cpu.seconds;
    });
    idle.run(() => undefined, { cpu: true });
    burn();
    expect(group.cpu.measuring).toBe(false);
    expect(await work).toBeGreaterThan(idle.cpu.seconds ?? Infinity);
  });

  it('what is measured within other measured work is not charged twice', () => {
    const [outer, inner] = [groupOf('outer'), groupOf('inner')];
    const begin = process.cpuUsage();
    outer.run(() => { inner.run(burn, { cpu: true }); }, { cpu: true });
    const { user, system } = process.cpuUsage(begin);
    expect((outer.cpu.seconds ?? 0) + (inner.cpu.seconds ?? 0)).toBeLessThanOrEqual((user + system) / 1e6);
    expect(inner.cpu.seconds).toBeGreaterThan(outer.cpu.seconds ?? Infinity);
  });

  it('work that throws is charged, and throws', () => {
    const group = groupOf();
    const error = new Error('boom');
    expect(errorOf(() => group.run(() => { burn(); throw error; }, { cpu: true }))).toBe(error);
    expect(group.cpu.seconds).toBeGreaterThan(0);
  });

  it('stays counted, as a lower bound, of what has ended', async () => {
    const registry = new ComponentRegistry();
    const group = registry.getOrCreate('a').resourceGroup();
    const tracked = [2, 3].map((seconds) => group.trackProcess(Object.assign(new FakeWorker(5), { cpu: () => ({ seconds, source: 'cgroup' as const }) })));
    await sampleMemory(registry);
    expect(tracked[0]?.cpu).toMatchObject({ seconds: 2, confidence: 'exact' });
    expect(group.cpu).toMatchObject({ seconds: 5, confidence: 'exact' });
    for (const [left, measuring] of [[1, true], [0, false]] as const) {
      tracked[left]?.stop();
      expect(group.cpu).toMatchObject({ seconds: 5, source: 'cgroup', confidence: 'lower-bound', measuring });
    }
  });

  it('refuses what is no boolean', () => {
    expect(errorOf(() => { groupOf().run(() => undefined, { cpu: 1 as never }); })).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});

describe('group.run', () => {
  const [a, b] = [groupOf('a'), groupOf('b')];

  it('Saluki 13: enters the group, and restores the one before', () => {
    expect(currentGroup()).toBeUndefined();
    expect(a.run(() => currentGroup())).toBe(a);
    expect(currentGroup()).toBeUndefined();
  });

  it('Saluki 14: nested groups are restored last in, first out', () => {
    const seen = a.run(() => [currentGroup(), b.run(() => [currentGroup(), a.run(() => currentGroup()), currentGroup()]), currentGroup()]);
    expect(seen).toEqual([a, [b, a, b], a]);
  });

  it('Saluki 15: asynchronous work stays in its group, and its caller outside', async () => {
    const work = a.run(async () => {
      const seen = [currentGroup()];
      await nextTurn();
      seen.push(currentGroup());
      await b.run(() => nextTurn());
      return [...seen, currentGroup()];
    });
    expect(currentGroup()).toBeUndefined();
    expect(await work).toEqual([a, a, a]);
    expect(currentGroup()).toBeUndefined();
  });

  it('Saluki 16: the group of asynchronous work is the one in which it was begun', async () => {
    const begun = a.run(() => new Promise((resolve) => { setImmediate(() => { resolve(currentGroup()); }); }));
    expect(await b.run(() => begun)).toBe(a);
  });

  it('restores the group before when the work throws, and throws it on', () => {
    const error = new Error('boom');
    expect(errorOf(() => a.run(() => { throw error; }))).toBe(error);
    expect(currentGroup()).toBeUndefined();
  });

  it('lets a library allocate for its caller', () => {
    const group = groupOf();
    group.run(() => currentGroup()?.allocate(9));
    expect(group.figure.bytes).toBe(9);
  });
});
