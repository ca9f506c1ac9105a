import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const prelude = `
import json, os, sys
def tell(value): os.write(1, (json.dumps(value) + '\\n').encode())
def hold(): os.read(3, 1); os._exit(0)
`;

export async function until(what: string, fulfilled: () => boolean): Promise<void> {
  for (let look = 0; !fulfilled(); look += 1) {
    if (look > 1500) throw new Error(`waited in vain for ${what}`);
    await delay(20);
  }
}

/**
 * A real process. It and everything it forks wait for the end of descriptor 3, whose other end is here: so all
 * of them end with the test, orphans too, and nobody has to be killed by a pid that may be another's by then.
 */
export class Running {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    if (this.#child.stdout === null) throw new Error('no pipe');
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  static python(program: string): Running {
    return new Running('python3', ['-c', prelude + program]);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('it did not start');
    return this.#child.pid;
  }

  /** The next value that it tells. */
  async told(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('it ended before it told anything');
    return JSON.parse(line.value);
  }

  async numbers(): Promise<number[]> {
    return (await this.told()) as number[];
  }

  /** Kills the main process alone, and waits until it is reaped. */
  async kill(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Lets one `os.read(3, 1)` of it return. */
  wake(): void {
    (this.#child.stdio[3] as Socket).write('!');
  }

  /** Lets go of all of them. */
  release(): void {
    (this.#child.stdio[3] as Socket).destroy();
    this.#child.stdout?.destroy();
  }
}
