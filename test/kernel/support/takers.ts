import { join } from 'node:path';
import type { WorkerOptions } from '../../../lib/supervisor/worker-options';
import { MiB } from './program';
import type { Started, Supervised } from './supervisors';

/** A worker that takes memory and gives it back as it is told: `../programs/taker.pl`. */
export class Taker {
  #heldMib = 0;
  #drops = 0;

  constructor(
    readonly started: Started,
    private readonly pool: Supervised,
  ) {}

  get id(): string {
    return this.started.worker.id;
  }

  get pid(): number {
    return this.started.worker.pid;
  }

  get exited(): Started['worker']['exited'] {
    return this.started.worker.exited;
  }

  get isAlive(): boolean {
    const { exitCode, signalCode } = this.started.worker.process;
    return exitCode === null && signalCode === null;
  }

  /** The lines that it has written. */
  get said(): readonly string[] {
    return this.started.lines.all;
  }

  says(line: string): Promise<string> {
    return this.started.lines.line(line);
  }

  /** Does not wait until it is done: over a mark that may be never. */
  tell(line: string): void {
    this.started.tell(line);
  }

  async take(mib: number): Promise<void> {
    this.#heldMib += mib;
    this.tell(`take ${mib}`);
    await this.says(`held ${this.#heldMib}`);
  }

  async drop(): Promise<void> {
    this.#heldMib = 0;
    const drops = ++this.#drops;
    this.tell('drop');
    await this.started.lines.find('the drop', () => this.said.filter((line) => line === 'dropped').length >= drops);
  }

  /** How much it must take for the pool to be filled up to this fraction of its mark, by the MiB and rather less. */
  missingMib(fraction: number): number {
    const state = this.pool.supervisor.status().pool;
    if (state?.usage.pinnedBytes === undefined) throw new Error('the pool cannot be read');
    return Math.max(0, Math.floor((fraction * state.markBytes - state.usage.pinnedBytes) / MiB));
  }

  async fillTo(fraction: number): Promise<void> {
    await this.take(this.missingMib(fraction));
  }
}

export interface TakerOptions extends WorkerOptions {
  /** What it holds from the beginning. Default nothing. */
  mib?: number;
  /** What it does on a signal: `'ignore'`, `'drop'`, `'exit CODE'`. */
  on?: Record<string, string>;
}

/** Resolves when it is ready. */
export async function startTaker(pool: Supervised, { mib = 0, on = {}, ...options }: TakerOptions = {}): Promise<Taker> {
  const handlers = Object.entries(on).map(([signal, action]) => `${signal}=${action}`);
  const taker = new Taker(await pool.run('perl', [join(__dirname, '../programs/taker.pl'), ...handlers], options), pool);
  await taker.says('ready');
  if (mib > 0) await taker.take(mib);
  return taker;
}
