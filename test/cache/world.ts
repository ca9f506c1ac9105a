import { InstanceCache, type CodeRequest, type InstanceCacheOptions, type InstanceRequest } from '../../lib/cache';
import type { SpillwayError } from '../../lib/errors';
import { FakeClock } from '../support/fixture-pool';

export const settle = (): Promise<void> => new Promise(setImmediate);

export interface Code { name: string; signature: string; serial: number }

export interface Thing {
  id: string;
  code: Code;
  /** What it is measured as. */
  bytes: number;
  destroyed: boolean;
}

/** What a loader does when it is asked; tests replace parts of it. */
export class FakeLoader {
  readonly calls: string[] = [];
  readonly things: Thing[] = [];
  codeBytes = 100;
  thingBytes = 10;
  /** Called before each answer, with its name: it may throw, or hang. */
  before: (call: string) => unknown = () => undefined;
  #serial = 0;

  source({ name, signature }: CodeRequest): Promise<{ bytes: number; compile: () => Promise<Code> }> {
    const source = {
      bytes: this.codeBytes,
      compile: () => this.#answer(`compile ${name}`, (): Code => ({ name, signature, serial: ++this.#serial })),
    };
    return this.#answer(`source ${name}`, () => source);
  }

  instantiate(code: Code, { name, group, signature }: InstanceRequest): Promise<Thing> {
    return this.#answer(`instantiate ${name}`, () => {
      const thing = { id: [name, group, signature, ++this.#serial].join('/'), code, bytes: this.thingBytes, destroyed: false };
      this.things.push(thing);
      return thing;
    });
  }

  measure(thing: Thing): number {
    this.calls.push(`measure ${thing.code.name}`);
    this.before('measure');
    return thing.bytes;
  }

  destroy(thing: Thing): void {
    this.calls.push(`destroy ${thing.code.name}`);
    if (thing.destroyed) throw new Error('destroyed twice');
    thing.destroyed = true;
    this.before('destroy');
  }

  get alive(): number {
    return this.things.filter(({ destroyed }) => !destroyed).length;
  }

  async #answer<T>(call: string, result: () => T): Promise<T> {
    this.calls.push(call);
    await this.before(call.split(' ')[0] ?? '');
    return result();
  }
}

/** A cache with a loader and a time of its own. */
export class World {
  readonly clock = new FakeClock();
  readonly loader = new FakeLoader();
  readonly degraded: SpillwayError[] = [];
  readonly cache: InstanceCache<Code, Thing>;
  /** Runs one period, if the timer runs. */
  tick: (() => void) | undefined;

  constructor(options: Partial<InstanceCacheOptions<Code, Thing>> = {}) {
    this.cache = new InstanceCache<Code, Thing>({
      loader: this.loader,
      clock: this.clock,
      every: (_, tick) => {
        this.tick = tick;
        return { ref: () => undefined, unref: () => undefined, stop: () => (this.tick = undefined) };
      },
      ...options,
    });
    this.cache.on('degraded', (error) => this.degraded.push(error));
  }

  /** Takes each and gives it back at once, as large as it says. Returns the instances. */
  async use(...names: string[]): Promise<Thing[]> {
    const things: Thing[] = [];
    for (const name of names) {
      const lease = await this.cache.acquire(name);
      things.push(lease.instance);
      lease.release();
    }
    return things;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.tick?.();
  }
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => { throw new Error('expected a rejection'); }, (error: unknown) => error);
}
