import { EventEmitter } from 'node:events';
import { ComponentRegistry, memoryStatus, sampleMemory, type Confidence, type StatusFigures } from '../../lib/accounting';

const rssBytes = 1_000_000;
beforeEach(() => {
  jest.spyOn(process.memoryUsage, 'rss').mockReturnValue(rssBytes);
});
afterEach(() => { jest.restoreAllMocks(); });

const worker = (bytes: number): { pid: number; usage: () => object; exited: Promise<void> } =>
  ({ pid: 4, usage: () => ({ currentBytes: bytes, fileBytes: 0 }), exited: new Promise(() => undefined) });
const unknown = { actual_live_bytes: null, source: null, confidence: 'unknown', sampled_at: null, measuring: false };
const known = (bytes: number, source: string, confidence: Confidence = 'exact'): Partial<StatusFigures> => ({ actual_live_bytes: bytes, source, confidence, measuring: true });

describe('memoryStatus', () => {
  it('of an empty registry is the process', () => {
    const { root, ...others } = memoryStatus(new ComponentRegistry());
    expect(others).toEqual({});
    expect(root).toMatchObject({ minimum_required_bytes: 0, firm_limit_bytes: 0, ...known(rssBytes, 'remainder', 'derived'), total: known(rssBytes, 'rss', 'upper-bound') });
    expect(new Date(root?.sampled_at ?? '').getTime()).toBeGreaterThan(0);
  });

  it('has every declared component, also those without a group, with its own bounds and with those below it', () => {
    const registry = new ComponentRegistry();
    registry.bounds.minimum().withFixedAmount('runtime', 50);
    registry.getOrCreate('a').bounds.minimum().withFixedAmount('own', 5);
    registry.getOrCreate('a.b.c').bounds.firm().withFixedAmount('own', 7);
    const status = memoryStatus(registry);
    expect(Object.keys(status)).toEqual(['root', 'a', 'a.b', 'a.b.c']);
    expect(status['root']).toMatchObject({ minimum_required_bytes: 50, firm_limit_bytes: 50, total: { minimum_required_bytes: 55, firm_limit_bytes: 62 } });
    expect(status['a']).toEqual({ minimum_required_bytes: 5, firm_limit_bytes: 5, ...unknown, total: { minimum_required_bytes: 5, firm_limit_bytes: 12, ...unknown } });
    expect(status['a.b']).toMatchObject({ firm_limit_bytes: 0, total: { firm_limit_bytes: 7 } });
  });

  it('Saluki 38: says of a component that nobody measures it, and never 0', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('declared').bounds.minimum().withFixedAmount('own', 5);
    registry.getOrCreate('registered').resourceGroup();
    registry.getOrCreate('empty').resourceGroup().allocate(0);
    const { declared, registered, empty } = memoryStatus(registry);
    expect(declared).toMatchObject(unknown);
    expect(registered).toMatchObject(unknown);
    expect(empty).toMatchObject(known(0, 'buffers'));
  });

  it('takes what is known of this process off the root, and adds other processes to its total', async () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('cache').resourceGroup().allocate(300_000);
    registry.getOrCreate('jobs').resourceGroup().trackProcess(worker(5_000_000));
    registry.resourceGroup().trackProcess(worker(70));
    registry.resourceGroup().allocate(9); // a part of the root: not taken off
    await sampleMemory(registry);
    const { root, cache, jobs } = memoryStatus(registry.getOrCreate('jobs'));
    expect(cache).toMatchObject(known(300_000, 'buffers'));
    expect(jobs).toMatchObject(known(5_000_000, 'cgroup'));
    expect(root).toMatchObject({ ...known(700_070, 'cgroup+remainder', 'derived'), total: known(6_000_070, 'cgroup+rss', 'upper-bound') });
  });

  it('knows no remainder where more is known than is resident', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('cache').resourceGroup().allocate(2_000_000);
    const { root } = memoryStatus(registry);
    expect(root).toMatchObject({ ...unknown, measuring: true, total: known(rssBytes, 'rss', 'upper-bound') });
  });

  it('a total over something unknown is a lower bound', async () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('a.known').resourceGroup().allocate(5);
    registry.getOrCreate('b.known').resourceGroup().allocate(5);
    registry.getOrCreate('b.declared').bounds.minimum().withFixedAmount('own', 5);
    const thread = Object.assign(new EventEmitter(), { threadId: 1 }); // as in Node 20
    registry.getOrCreate('c').resourceGroup().trackThread(thread);
    await sampleMemory(registry);
    const { a, b, c } = memoryStatus(registry);
    expect(a).toMatchObject({ ...unknown, total: known(5, 'buffers') });
    expect(b).toMatchObject({ ...unknown, total: known(5, 'buffers', 'lower-bound') });
    expect(c).toMatchObject({ ...unknown, total: unknown });
  });

  it('Saluki 17: processor time of each component, of all below it, and what is left of the process; of an idle one 0', async () => {
    jest.spyOn(process, 'cpuUsage').mockReturnValue({ user: 9_000_000, system: 1_000_000 });
    const registry = new ComponentRegistry();
    const job = (seconds: number): Parameters<ReturnType<typeof registry.resourceGroup>['trackProcess']>[0] => ({ ...worker(5), cpu: () => ({ seconds, source: 'cgroup' as const }) });
    registry.getOrCreate('jobs').resourceGroup().trackProcess(job(3));
    registry.getOrCreate('jobs.idle').resourceGroup().trackProcess(job(0));
    registry.resourceGroup().trackProcess(job(5));
    const thread = Object.assign(new EventEmitter(), { threadId: 1, cpuUsage: () => Promise.resolve({ user: 4_000_000, system: 0 }) });
    registry.getOrCreate('render').resourceGroup().trackThread(thread);
    registry.getOrCreate('buffers').resourceGroup().allocate(5);
    await sampleMemory(registry);
    const status = memoryStatus(registry);
    expect(status['jobs']).toMatchObject({ cpu: { seconds: 3, source: 'cgroup', confidence: 'exact', measuring: true }, total: { cpu: { seconds: 3 } } });
    expect(status['jobs.idle']).toMatchObject({ cpu: { seconds: 0, sampled_at: expect.any(String) as string } });
    expect(status['render']).toMatchObject({ cpu: { seconds: 4, source: 'thread' } });
    expect(status['root']).toMatchObject({
      cpu: { seconds: 11, source: 'cgroup+remainder', confidence: 'derived' }, total: { cpu: { seconds: 18, source: 'cgroup+process', confidence: 'exact' } },
    });
    expect(status['buffers']).not.toHaveProperty('cpu');
  });

  it('can be asked from within the first estimates', () => {
    const registry = new ComponentRegistry();
    const estimate = <T>(name: string, work: () => T): T => registry.getOrCreate(name).resourceGroup().run(work, { estimate: true });
    const status = estimate('a.outer', () => estimate('a.inner', () => memoryStatus(registry)));
    expect(status['a']?.total).toMatchObject({ actual_live_bytes: 0, source: 'heap-growth', sampled_at: null });
  });

  it('forgets a group that is unregistered', () => {
    const registry = new ComponentRegistry();
    const group = registry.getOrCreate('a').resourceGroup();
    group.allocate(5);
    group.unregister();
    expect(Object.keys(memoryStatus(registry))).toEqual(['root']);
  });

  it.each<[string[], string[]]>([
    [['root', 'root.a'], ['root', 'root.root', 'root.root.a']],
    [['__proto__', 'constructor'], ['root', '__proto__', 'constructor']],
    [['b', 'a', 'a.z', 'a_'], ['root', 'a', 'a.z', 'a_', 'b']],
  ])('keeps the names %j apart', (names, keys) => {
    const registry = new ComponentRegistry();
    for (const name of names) registry.getOrCreate(name).resourceGroup();
    const status = memoryStatus(registry);
    expect(Object.keys(status)).toEqual(keys);
    expect(Object.keys(JSON.parse(JSON.stringify(status)) as object)).toEqual(keys);
  });
});
