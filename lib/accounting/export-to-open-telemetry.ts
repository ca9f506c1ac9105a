import { invalidOption } from '../options';
import { MemoryMetrics, type MetricsSources } from './memory-metrics';

/** A `Meter` of @opentelemetry/api 1. */
export interface OpenTelemetryMeter {
  createObservableCounter(name: string, options: { description: string }): object;
  createObservableGauge(name: string, options: { description: string }): object;
  addBatchObservableCallback(callback: (result: { observe(instrument: never, value: number, attributes: Record<string, string>): void }) => Promise<void>, instruments: never[]): void;
  removeBatchObservableCallback(callback: never, instruments: never[]): void;
}

/**
 * Has a meter of OpenTelemetry observe the metrics, each time that its reader collects: the same as with
 * `exportToPrometheus()`, under the same names. Disposing of the result ends that.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION
 */
export function exportToOpenTelemetry(sources: MetricsSources, meter: OpenTelemetryMeter): Disposable {
  if (typeof (meter as Partial<OpenTelemetryMeter> | undefined)?.addBatchObservableCallback !== 'function') throw invalidOption('meter', meter, 'a Meter of @opentelemetry/api 1');
  const metrics = new MemoryMetrics(sources);
  const observed = metrics.metrics.map(({ name, help, type, read }) => {
    const options = { description: help };
    return { read, instrument: type === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options) };
  });
  const observe: Parameters<OpenTelemetryMeter['addBatchObservableCallback']>[0] = async (result) => {
    await metrics.refresh();
    for (const { read, instrument } of observed) for (const { labels, value } of read()) result.observe(instrument as never, value, labels);
  };
  const instruments = observed.map(({ instrument }) => instrument as never);
  meter.addBatchObservableCallback(observe, instruments);
  return {
    [Symbol.dispose]: () => {
      metrics.stop();
      meter.removeBatchObservableCallback(observe as never, instruments);
    },
  };
}
