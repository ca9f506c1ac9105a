import { invalidOption } from '../options';
import { atMostEvery } from './at-most-every';
import { MemoryMetrics, type MetricsSources } from './memory-metrics';

/** A `Registry` of prom-client 14 or 15, such as its `register`. */
export interface PrometheusRegistry {
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
}

/**
 * Has a registry of prom-client collect the metrics, each time that somebody scrapes it.
 *
 * - By component, with the label `group_id` and Saluki's names: `group_allocated_bytes_live` and
 *   `group_cpu_time_nanos_total` for all that is known, and for buffers `group_{allocated,deallocated}_{bytes,objects}_total`, `group_allocated_objects_live`.
 * - By supervisor, with the label `supervisor`: `spillway_breaches_total` (`kind`), `spillway_kills_total` (`cause`),
 *   `spillway_kernel_oom_kills_total`, `spillway_relief_rounds_total`, `spillway_relief_seconds_total`.
 * - `spillway_warm_hits_total` (`cache`).
 *
 * What is not known has no sample. Disposing of the result takes the metrics out again.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION; Error of prom-client when the registry has a metric of the same name
 */
export function exportToPrometheus(sources: MetricsSources, registry: PrometheusRegistry): Disposable {
  if (typeof (registry as Partial<PrometheusRegistry> | undefined)?.registerMetric !== 'function') throw invalidOption('registry', registry, "a registry of prom-client, such as require('prom-client').register");
  const metrics = new MemoryMetrics(sources);
  // A scrape reads all metrics at once: they are measured once for all of them.
  const refresh = atMostEvery(0, () => metrics.refresh());
  const registered: string[] = [];
  const stop = (): void => {
    metrics.stop();
    for (const name of registered.splice(0)) registry.removeSingleMetric(name);
  };
  try {
    for (const { name, help, type, read } of metrics.metrics) {
      const shown = { name, help, type, aggregator: 'sum' };
      const get = async (): Promise<object> => {
        await refresh();
        // Its name, not ours: for OpenMetrics the registry takes `_total` off that of a counter, and puts it back later.
        return { ...shown, name: metric.name, values: read() };
      };
      const metric = { ...shown, get, reset: () => undefined };
      registry.registerMetric(metric as never);
      registered.push(name);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { [Symbol.dispose]: stop };
}
