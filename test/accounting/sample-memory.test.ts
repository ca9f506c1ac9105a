import { EventEmitter } from 'node:events';
import { ComponentRegistry, sampleMemory, type SampleMemoryOptions } from '../../lib/accounting';
import type { TrackedThread } from '../../lib/accounting/thread-source';

/** A thread that answers as it is told. */
function thread(answer: () => Promise<number>): TrackedThread {
  const getHeapStatistics = async (): Promise<Awaited<ReturnType<NonNullable<TrackedThread['getHeapStatistics']>>>> => ({ total_physical_size: await answer(), external_memory: 0, malloced_memory: 0 });
  return Object.assign(new EventEmitter(), { threadId: 1, getHeapStatistics });
}

describe('sampleMemory', () => {
  it('measures a component and all below it, and nothing beside it', async () => {
    const registry = new ComponentRegistry();
    const groups = ['a', 'a.x', 'ab'].map((name) => registry.getOrCreate(name).resourceGroup());
    for (const group of groups) group.trackThread(thread(() => Promise.resolve(5)));
    await sampleMemory(registry.getOrCreate('a'));
    expect(groups.map(({ figure }) => figure.bytes)).toEqual([5, 5, undefined]);
  });

  it('leaves young figures as they are, unless told otherwise', async () => {
    const registry = new ComponentRegistry();
    let bytes = 0;
    const group = registry.resourceGroup();
    group.trackThread(thread(() => Promise.resolve(++bytes)));
    for (const options of [{}, { maxAgeMs: 3_600_000 }]) await sampleMemory(registry, options);
    expect(group.figure.bytes).toBe(1);
    await sampleMemory(registry, { maxAgeMs: 0 });
    expect(group.figure.bytes).toBe(2);
  });

  it('does not wait for who does not answer', async () => {
    const registry = new ComponentRegistry();
    const [stuck, well] = ['stuck', 'well'].map((name) => registry.getOrCreate(name).resourceGroup());
    stuck?.trackThread(thread(() => new Promise(() => undefined)));
    well?.trackThread(thread(() => Promise.resolve(5)));
    await sampleMemory(registry, { timeoutMs: 20 });
    expect([stuck?.figure.bytes, well?.figure.bytes]).toEqual([undefined, 5]);
    expect(stuck?.figure.measuring).toBe(true);
  });

  it('hears the answers of who did answer while JavaScript was blocked', async () => {
    const registry = new ComponentRegistry();
    const group = registry.resourceGroup();
    group.trackProcess({ pid: 4, usage: () => ({ currentBytes: 7, fileBytes: 0 }), exited: new Promise(() => undefined) });
    const sampled = sampleMemory(registry, { timeoutMs: 1 });
    for (const until = performance.now() + 20; performance.now() < until;);
    await sampled;
    expect(group.figure.bytes).toBe(7);
  });

  it('of nothing is done at once', async () => {
    await sampleMemory(new ComponentRegistry(), { timeoutMs: 60_000 });
  });

  it.each([[{ maxAge: 5 }], [{ maxAgeMs: -1 }], [{ maxAgeMs: Infinity }], [{ timeoutMs: 60_001 }], [{ timeoutMs: 1.5 }], [null]])('refuses %j', async (options) => {
    await expect(sampleMemory(new ComponentRegistry(), options as SampleMemoryOptions)).rejects.toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
