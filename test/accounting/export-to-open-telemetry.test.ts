import { exportToOpenTelemetry, type OpenTelemetryMeter } from '../../lib/accounting';
import { errorOf } from '../support/error-of';
import { someSources } from './metrics-fixture';

type Observe = Parameters<OpenTelemetryMeter['addBatchObservableCallback']>[0];

/** What a reader of OpenTelemetry does: it calls all callbacks, and takes what they observe. */
class FakeMeter implements OpenTelemetryMeter {
  readonly made: { name: string; kind: string; description: string }[] = [];
  readonly callbacks = new Map<unknown, unknown[]>();

  createObservableCounter(name: string, { description }: { description: string }): object {
    return this.#make(name, 'counter', description);
  }

  createObservableGauge(name: string, { description }: { description: string }): object {
    return this.#make(name, 'gauge', description);
  }

  #make(name: string, kind: string, description: string): object {
    const instrument = { name, kind, description };
    this.made.push(instrument);
    return instrument;
  }

  addBatchObservableCallback(callback: Observe, instruments: never[]): void {
    this.callbacks.set(callback, instruments);
  }

  removeBatchObservableCallback(callback: never): void {
    this.callbacks.delete(callback);
  }

  async collect(): Promise<{ name: string; value: number; attributes: object }[]> {
    const observed: { name: string; value: number; attributes: object }[] = [];
    for (const callback of this.callbacks.keys()) {
      await (callback as Observe)({ observe: (instrument, value, attributes) => { observed.push({ ...(instrument as { name: string }), value, attributes }); } });
    }
    return observed;
  }
}

describe('exportToOpenTelemetry', () => {
  it('observes each metric at each collection', async () => {
    const meter = new FakeMeter();
    const sources = someSources();
    exportToOpenTelemetry(sources, meter);
    expect([...meter.callbacks.values()]).toEqual([meter.made]);
    expect(meter.made).toHaveLength(13);
    const cache = { kind: 'counter', name: 'group_allocated_bytes_total', attributes: { group_id: 'cache' } };
    expect(await meter.collect()).toContainEqual(expect.objectContaining({ ...cache, value: 120 }));
    sources.registry.getOrCreate('cache').resourceGroup().allocate(5);
    expect(await meter.collect()).toContainEqual(expect.objectContaining({ ...cache, value: 125 }));
  });

  it('ends, and can be ended twice', async () => {
    const meter = new FakeMeter();
    const sources = someSources();
    const exported = exportToOpenTelemetry(sources, meter);
    exported[Symbol.dispose]();
    exported[Symbol.dispose]();
    expect(await meter.collect()).toEqual([]);
    expect(sources.supervisor.listenerCount('exit')).toBe(0);
  });

  it.each([[undefined], [null], [{}], [5]])('refuses %p as a meter', (meter) => {
    expect(errorOf(() => exportToOpenTelemetry({}, meter as OpenTelemetryMeter))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
