import { plainLaunch } from '../plain-launch';
import type { MainProcess } from '../main-process';
import type { Containment, Enclosure, LastFigures, LimitScope, Program } from './types';

/** Plain child processes: nothing is measured, and no memory shortage is heard. */
export class PlainContainment implements Containment {
  readonly cgroup = undefined;
  readonly pool = undefined;
  readonly adopted = [];
  readonly #enclosures = new Set<PlainEnclosure>();

  enclose(): Enclosure {
    const enclosure = new PlainEnclosure((ended) => this.#enclosures.delete(ended));
    this.#enclosures.add(enclosure);
    return enclosure;
  }

  setGroup(): Promise<LimitScope | undefined> {
    return Promise.resolve(undefined);
  }

  scopeOf(): undefined {
    return undefined;
  }

  kernelOomKills(): undefined {
    return undefined;
  }

  remove(): void {
    // It holds nothing of its own.
  }

  letGo(): void {
    // It adopts nobody.
  }

  removeNow(): void {
    for (const enclosure of this.#enclosures) enclosure.kill();
  }
}

/** The main process only: what it starts itself nobody knows of. */
class PlainEnclosure implements Enclosure {
  #main: MainProcess | undefined;

  constructor(private readonly onRemoved: (enclosure: PlainEnclosure) => void) {}

  async launch(program: Program): Promise<MainProcess> {
    this.#main = await plainLaunch(program);
    return this.#main;
  }

  wrap(file: string, args: readonly string[]): { file: string; args: string[] } {
    return { file, args: [...args] };
  }

  take(main: MainProcess): number[] {
    this.#main = main;
    return [];
  }

  cpu(): undefined {
    return undefined;
  }

  sample(): undefined {
    return undefined;
  }

  kill(): void {
    this.#main?.signal('SIGKILL');
  }

  record(): void {
    // There is nothing to keep it with.
  }

  settle(): Promise<LastFigures> {
    this.remove();
    return Promise.resolve({ leftovers: undefined, kernelKilledFor: undefined });
  }

  remove(): void {
    this.onRemoved(this);
  }
}
