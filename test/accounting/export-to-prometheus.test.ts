import { exportToPrometheus, type PrometheusRegistry } from '../../lib/accounting';
import { errorOf } from '../support/error-of';
import { someSources } from './metrics-fixture';

interface Registered {
  name: string;
  help: string;
  type: string;
  aggregator: string;
  get(): Promise<Pick<Registered, 'name' | 'help' | 'type' | 'aggregator'> & { values: { labels: object; value: number }[] }>;
  reset(): void;
}

/** What prom-client's Registry does with metrics: it knows them by name, and calls `get()` on all of them at once. */
class FakeRegistry implements PrometheusRegistry {
  readonly metrics = new Map<string, Registered>();

  registerMetric(metric: never): void {
    const { name } = metric as Registered;
    if (this.metrics.has(name)) throw new Error(`A metric with the name ${name} has already been registered.`);
    this.metrics.set(name, metric);
  }

  removeSingleMetric(name: string): void {
    this.metrics.delete(name);
  }

  scrape(): Promise<unknown[]> {
    return Promise.all([...this.metrics.values()].map((metric) => metric.get()));
  }
}

describe('exportToPrometheus', () => {
  it('registers each metric once, with its values at each scrape', async () => {
    const registry = new FakeRegistry();
    const sources = someSources();
    exportToPrometheus(sources, registry);
    expect(await registry.scrape()).toContainEqual(expect.objectContaining({ name: 'group_allocated_bytes_total', type: 'counter', aggregator: 'sum', values: [{ labels: { group_id: 'cache' }, value: 120 }] }));
    sources.registry.getOrCreate('cache').resourceGroup().allocate(5);
    expect(await registry.scrape()).toContainEqual(expect.objectContaining({ name: 'group_allocated_bytes_total', values: [{ labels: { group_id: 'cache' }, value: 125 }] }));
    expect(registry.metrics.size).toBe(13);
    for (const { help } of registry.metrics.values()) expect(help).toMatch(/^[A-Z].*\.$/);
  });

  it('of a metric that the registry renames, as prom-client does with counters for OpenMetrics, tells the new name', async () => {
    const registry = new FakeRegistry();
    exportToPrometheus(someSources(), registry);
    const hits = registry.metrics.get('spillway_warm_hits_total');
    Object.assign(hits ?? {}, { name: 'spillway_warm_hits' });
    expect(await hits?.get()).toMatchObject({ name: 'spillway_warm_hits', type: 'counter' });
  });

  it('measures once for all metrics of a scrape', async () => {
    const registry = new FakeRegistry();
    const sources = someSources();
    let asked = 0;
    sources.registry.getOrCreate('jobs').resourceGroup().trackProcess({ pid: 4, usage: () => ({ currentBytes: ++asked, fileBytes: 0 }), exited: new Promise(() => undefined) });
    exportToPrometheus(sources, registry);
    await registry.scrape();
    expect(asked).toBe(1);
  });

  it('takes all of it out again', () => {
    const registry = new FakeRegistry();
    const sources = someSources();
    const exported = exportToPrometheus(sources, registry);
    exported[Symbol.dispose]();
    exported[Symbol.dispose]();
    expect(registry.metrics.size).toBe(0);
    expect(sources.supervisor.listenerCount('exit')).toBe(0);
  });

  it('leaves nothing behind, and no metric of others out, when a name is taken', () => {
    const registry = new FakeRegistry();
    const taken = { name: 'spillway_warm_hits_total' } as Registered;
    registry.metrics.set(taken.name, taken);
    const sources = someSources();
    expect(errorOf(() => exportToPrometheus(sources, registry))).toMatchObject({ message: expect.stringContaining('already') as string });
    expect([...registry.metrics.values()]).toEqual([taken]);
    expect(sources.supervisor.listenerCount('relief')).toBe(0);
  });

  it.each([[undefined], [null], [{}], [5]])('refuses %p as a registry', (registry) => {
    expect(errorOf(() => exportToPrometheus({}, registry as PrometheusRegistry))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
