import { EventEmitter } from 'node:events';
import { emitSafely } from '../emit-safely';
import { SpillwayError, type ErrorCode } from '../errors';
import type { CreatedMonitors } from './create-monitors';
import { Ear, type WatchHealth } from './ear';
import type { MemoryMonitor, MonitorEvents, MonitorState } from './types';

type Source = WatchHealth['source'];

/** A start that fails for one of these may go well later. */
const passing: readonly ErrorCode[] = ['ERR_SPILLWAY_SYSTEM_LIMIT', 'ERR_SPILLWAY_SYSTEM', 'ERR_SPILLWAY_FILE_INVALID'];

function mayPass(error: unknown): boolean {
  return error instanceof SpillwayError && passing.includes(error.code);
}

export interface MonitorSetOptions {
  /** Whose limit it is, for people: a cgroup's directory, or a name. */
  cgroup: string;
  /** Called for each attempt: a monitor that was stopped is not started again. */
  make: () => CreatedMonitors;
  /** Whether a pressure monitor that is not made is a failure. */
  wantsPressure: boolean;
  /** How often a monitor that failed is looked at. */
  retryMs: number;
}

/**
 * All monitors of one limit, as one. Of those that answer the same question only the best is heard; while
 * that one fails the next one takes its place. A pressure monitor answers another question, and is heard
 * beside them.
 */
export class MonitorSet extends EventEmitter<MonitorEvents> implements MemoryMonitor {
  /** The best first; of the others those that are made. */
  readonly #ears = new Map<Source, Ear>();
  #running = false;
  #ended = false;
  #looks: NodeJS.Timeout | undefined;

  constructor(private readonly options: MonitorSetOptions) {
    super();
  }

  get running(): boolean {
    return this.#running;
  }

  /** Of the limit, which pressure says nothing about. */
  get state(): MonitorState {
    if (!this.#running) return 'stopped';
    const alternatives = this.#alternatives();
    if (alternatives.some(({ state }) => state === 'breached')) return 'breached';
    return alternatives[0]?.isDeaf === true ? 'degraded' : 'ok';
  }

  /** @internal The native watch that plans are armed on. */
  get watch(): number | undefined {
    const monitor: (MemoryMonitor & { watch?: number | undefined }) | undefined = this.#ears.get('event')?.monitor;
    return monitor?.watch;
  }

  /** Of the monitors that are heard, and of those that should be. */
  get health(): WatchHealth[] {
    const [best] = this.#ears.values();
    const isOfUse = (ear: Ear): boolean => ear === best || ear.source === 'pressure' || ear.monitor !== undefined || ear.failure !== undefined;
    return [...this.#ears.values()].filter(isOfUse).map((ear) => ear.health());
  }

  /** @throws what the start of the best monitor throws, unless that may pass and another one takes its place */
  start(): this {
    const { cgroup } = this.options;
    if (this.#ended) throw new SpillwayError('ERR_SPILLWAY_STOPPED', `The monitors of ${cgroup} were stopped; make new ones`);
    if (this.#running) throw new SpillwayError('ERR_SPILLWAY_ALREADY_STARTED', `The monitors of ${cgroup} are already running`);
    const made = this.#make();
    for (const source of made.keys()) this.#ears.set(source, new Ear(source, cgroup));
    this.#running = true;
    this.#look(made);
    const [best] = this.#alternatives();
    if (best?.failure === undefined || this.#alternatives().some(({ isDeaf }) => !isDeaf)) return this;
    const { failure } = best;
    this.#close();
    throw failure;
  }

  stop(): void {
    this.#ended = true;
    this.#close();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #close(): void {
    this.#running = false;
    clearInterval(this.#looks);
    this.#looks = undefined;
    for (const ear of this.#ears.values()) ear.close();
    this.#ears.clear();
  }

  #alternatives(): Ear[] {
    return [...this.#ears.values()].filter(({ source }) => source !== 'pressure');
  }

  /** What is made, by its source; of pressure that is wanted and not made, why. */
  #make(): Map<Source, MemoryMonitor | SpillwayError> {
    const { monitors, decisions } = this.options.make();
    const left = [...monitors];
    return new Map(decisions.flatMap(({ name, made, reason }): [Source, MemoryMonitor | SpillwayError][] => {
      const monitor = made ? left.shift() : undefined;
      if (monitor !== undefined) return [[name, monitor]];
      return name === 'pressure' && this.options.wantsPressure ? [[name, new SpillwayError('ERR_SPILLWAY_PRESSURE_DISABLED', reason)]] : [];
    }));
  }

  /** Lets the best be heard that works, and no other. */
  #look(given?: Map<Source, MemoryMonitor | SpillwayError>): void {
    let made = given;
    const openIfShut = (ear: Ear): void => {
      if (ear.monitor === undefined) this.#open(ear, () => (made ??= this.#make()));
    };
    let isHeard = false;
    const [best] = this.#alternatives();
    for (const ear of this.#alternatives()) {
      if (isHeard) ear.close();
      else openIfShut(ear);
      // Another one would fare no better.
      if (ear === best && ear.failure !== undefined && ear.monitor === undefined && !mayPass(ear.failure)) return;
      isHeard ||= !ear.isDeaf;
    }
    const pressure = this.#ears.get('pressure');
    if (pressure !== undefined && (pressure.failure === undefined || mayPass(pressure.failure))) openIfShut(pressure);
    for (const ear of this.#ears.values()) ear.health();
    this.#lookAgain(best?.isDeaf === true || (pressure?.monitor === undefined && mayPass(pressure?.failure)));
  }

  #lookAgain(needed: boolean): void {
    if (!needed) {
      clearInterval(this.#looks);
      this.#looks = undefined;
    } else {
      this.#looks ??= setInterval(() => {
        this.#look();
      }, this.options.retryMs).unref();
    }
  }

  /** `make` throws, too, when the cgroup is gone. */
  #open(ear: Ear, make: () => ReadonlyMap<Source, MemoryMonitor | SpillwayError>): void {
    const before = ear.failure;
    try {
      const monitor = make().get(ear.source);
      if (monitor === undefined || monitor instanceof SpillwayError) throw monitor ?? new Error('it is not made any more');
      monitor.start();
      ear.monitor = monitor;
      ear.failure = undefined;
      this.#follow(ear, monitor);
    } catch (cause) {
      ear.failure = cause as Error;
      // Who has just called start() has no chance to listen yet.
      if (cause instanceof SpillwayError && cause.message !== before?.message) setImmediate(() => { this.#tell('degraded', cause); });
    }
  }

  #follow(ear: Ear, monitor: MemoryMonitor): void {
    const isPressure = ear.source === 'pressure';
    monitor.on('breach', (breach) => {
      // A threshold monitor looks at the limits above as well, whose shortage is not this one's.
      if (breach.source !== 'threshold' || breach.level === this.options.cgroup) this.#tell('breach', breach);
    });
    if (!isPressure) monitor.on('clear', () => { this.#tell('clear'); });
    monitor.on('degraded', (error) => {
      ear.failure = error;
      this.#tell('degraded', error);
      if (this.#running) this.#look();
    });
    monitor.on('removed', (removal) => {
      const { failure } = ear;
      ear.close();
      if (isPressure) ear.failure = failure ?? new SpillwayError('ERR_SPILLWAY_CGROUP_NOT_FOUND', `${this.options.cgroup} was removed`);
      else {
        this.stop();
        emitSafely<MonitorEvents, 'removed'>(this, 'removed', removal);
      }
    });
  }

  #tell<Name extends keyof MonitorEvents>(name: Name, ...args: MonitorEvents[Name]): void {
    if (this.#running) emitSafely<MonitorEvents, Name>(this, name, ...args);
  }
}
