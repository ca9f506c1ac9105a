import { ComponentRegistry } from '../../lib/accounting';
import { MemoryMetrics, type MetricsSources, type Sample } from '../../lib/accounting/memory-metrics';
import { errorOf } from '../support/error-of';
import { FakeSupervisor, someSources } from './metrics-fixture';

function read(metrics: MemoryMetrics, name: string): Sample[] | undefined {
  return metrics.metrics.find((metric) => metric.name === name)?.read();
}

describe('MemoryMetrics', () => {
  it.each([
    ['group_allocated_bytes_total', 120],
    ['group_allocated_objects_total', 2],
    ['group_deallocated_bytes_total', 0],
    ['group_deallocated_objects_total', 0],
    ['group_allocated_objects_live', 2],
  ])('has %s, named as in Saluki, of those that allocate', (name, value) => {
    expect(read(new MemoryMetrics(someSources()), name)).toEqual([{ labels: { group_id: 'cache' }, value }]);
  });

  it('has group_allocated_bytes_live of all that is known, and no sample of what is not', async () => {
    const { registry } = someSources();
    registry.getOrCreate('unknown').resourceGroup();
    registry.getOrCreate('jobs').resourceGroup().trackProcess({ pid: 4, usage: () => ({ currentBytes: 9, fileBytes: 0 }), exited: new Promise(() => undefined) });
    const metrics = new MemoryMetrics({ registry });
    await metrics.refresh();
    expect(read(metrics, 'group_allocated_bytes_live')).toEqual([
      { labels: { group_id: 'root' }, value: expect.any(Number) as number }, { labels: { group_id: 'cache' }, value: 120 }, { labels: { group_id: 'jobs' }, value: 9 },
    ]);
  });

  it('has group_cpu_time_nanos_total of all that is known, and no sample of what is not', async () => {
    const { registry } = someSources();
    registry.getOrCreate('jobs').resourceGroup().trackProcess({ pid: 4, usage: () => undefined, cpu: () => ({ seconds: 1.5, source: 'cgroup' }), exited: new Promise(() => undefined) });
    const metrics = new MemoryMetrics({ registry });
    await metrics.refresh();
    expect(read(metrics, 'group_cpu_time_nanos_total')).toEqual([{ labels: { group_id: 'root' }, value: expect.any(Number) as number }, { labels: { group_id: 'jobs' }, value: 1_500_000_000 }]);
  });

  it('has breaches by kind, kernel OOM kills and relief rounds of each supervisor', () => {
    const [one, other] = [new FakeSupervisor('one'), new FakeSupervisor('other')];
    other.counts = { ...other.counts, kernelOomKills: undefined };
    const metrics = new MemoryMetrics({ supervisors: [one, other] });
    expect(read(metrics, 'spillway_breaches_total')?.slice(0, 3)).toEqual([
      { labels: { supervisor: 'one', kind: 'short' }, value: 3 }, { labels: { supervisor: 'one', kind: 'churn' }, value: 4 }, { labels: { supervisor: 'one', kind: 'stall' }, value: 0 },
    ]);
    expect(read(metrics, 'spillway_kernel_oom_kills_total')).toEqual([{ labels: { supervisor: 'one' }, value: 5 }]);
    expect(read(metrics, 'spillway_relief_rounds_total')).toHaveLength(2);
  });

  it('counts kills by cause, and the seconds of relief, until it is stopped', () => {
    const { supervisor, ...sources } = someSources();
    const metrics = new MemoryMetrics(sources);
    const tell = (): void => {
      for (const cause of ['spillway', 'spillway', 'v8-heap', 'exit']) supervisor.emit('exit', { cause });
      supervisor.emit('relief', { timeline: [{ atMs: 0, step: 'noticed' }, { atMs: 250, step: 'ended' }] });
      supervisor.emit('relief', { timeline: [] });
    };
    tell();
    metrics.stop();
    metrics[Symbol.dispose]();
    tell();
    expect(read(metrics, 'spillway_kills_total')).toEqual([
      { labels: { supervisor: 'pool', cause: 'spillway' }, value: 2 }, { labels: { supervisor: 'pool', cause: 'kernel-oom' }, value: 0 }, { labels: { supervisor: 'pool', cause: 'v8-heap' }, value: 1 },
    ]);
    expect(read(metrics, 'spillway_relief_seconds_total')).toEqual([{ labels: { supervisor: 'pool' }, value: 0.25 }]);
    expect([supervisor.listenerCount('exit'), supervisor.listenerCount('relief')]).toEqual([0, 0]);
  });

  it('has the delay of a limiter in seconds, as in Saluki', () => {
    const metrics = new MemoryMetrics({ limiter: { status: () => ({ state: 'ok', delayMs: 12.5, limitBytes: 1, usedBytes: 1, sampledAtMs: 0 }) } });
    expect(read(metrics, 'memory_limiter_current_backoff_secs')).toEqual([{ labels: {}, value: 0.0125 }]);
  });

  it('has warm hits of caches and of slots', () => {
    expect(read(new MemoryMetrics(someSources()), 'spillway_warm_hits_total')).toEqual([{ labels: { cache: 'pages' }, value: 7 }, { labels: { cache: 'slots' }, value: 8 }]);
  });

  it('one that cannot be read has no sample, and the others have theirs', () => {
    const { supervisor, ...sources } = someSources();
    supervisor.status = () => { throw new Error('closed'); };
    const metrics = new MemoryMetrics(sources);
    expect(read(metrics, 'spillway_breaches_total')).toEqual([]);
    expect(read(metrics, 'spillway_warm_hits_total')).toHaveLength(2);
  });

  it('has none of what it is not given', async () => {
    const metrics = new MemoryMetrics({});
    await metrics.refresh();
    expect(metrics.metrics.flatMap((metric) => metric.read())).toEqual([]);
    expect(new MemoryMetrics({ registry: new ComponentRegistry() }).metrics.some(({ name }) => name.includes('kills'))).toBe(false);
  });

  it.each([[null], [{ registri: 1 }], [{ supervisors: new FakeSupervisor() }]])('refuses %p', (sources) => {
    expect(errorOf(() => new MemoryMetrics(sources as unknown as MetricsSources))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
