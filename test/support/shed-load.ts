import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(__dirname, '../..');
const MiB = 2 ** 20;
/** Only ends a test that would hang; no test's result depends on it. */
const hangsAfterMs = 60_000;

/** A cgroup with a limit, of either version. */
export interface LimitedCgroup {
  directory: string;
  limitBytes: number;
  /** What reclaim cannot give back. */
  pinnedBytes: () => number;
}

/** `examples/shed-load` in a cgroup. */
export class ShedLoad {
  readonly lines: string[] = [];
  readonly #children: ChildProcess[] = [];
  #port = 0;
  #holder: ChildProcess | undefined;

  private constructor(private readonly cgroup: LimitedCgroup | undefined) {}

  /** `under`: a command in between that runs the rest of its arguments, such as `unshare`. */
  static async start(cgroup: LimitedCgroup | undefined, under: string[] = []): Promise<ShedLoad> {
    const server = new ShedLoad(cgroup);
    const child = server.#run([...under, process.execPath, join(root, 'examples/shed-load/server.cjs')]);
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => server.lines.push(line));
    const listening = (): number => Number(/^listening on .*port: (\d+)/.exec(server.lines.at(-1) ?? '')?.[1] ?? 0);
    await server.#until('it to listen', () => Promise.resolve(listening() > 0));
    server.#port = listening();
    return server;
  }

  async status(): Promise<number | undefined> {
    const request = get({ port: this.#port, agent: false });
    const [response] = (await once(request, 'response')) as [{ statusCode?: number; resume: () => void }];
    response.resume();
    return response.statusCode;
  }

  async answers(status: number): Promise<void> {
    await this.#until(`answer ${status}`, async () => (await this.status()) === status);
  }

  /** Lets another process take memory, a MiB at a time near the threshold, until it answers 503. */
  async fill(): Promise<void> {
    const { limitBytes, pinnedBytes } = this.cgroup ?? { limitBytes: 0, pinnedBytes: () => 0 };
    const holder = this.#run(['perl', join(root, 'test/kernel/programs/holder.pl'), '0']);
    this.#holder = holder;
    if (holder.stdout === null || holder.stdin === null) throw new Error('its streams are no pipes');
    const held = createInterface(holder.stdout)[Symbol.asyncIterator]();
    await held.next();
    await this.#until('503', async () => {
      // Above it the kernel's OOM killer would be next.
      const room = Math.floor((0.965 * limitBytes - pinnedBytes()) / MiB);
      if (room > 0) {
        holder.stdin?.write(`${room}\n`);
        await held.next();
      }
      return (await this.status()) === 503;
    });
  }

  async giveBack(): Promise<void> {
    if (this.#holder !== undefined) await end(this.#holder);
  }

  async stop(): Promise<void> {
    for (const child of this.#children) await end(child);
  }

  #run(command: string[]): ChildProcess {
    const enter = this.cgroup === undefined ? ':' : 'echo $$ >"$0/cgroup.procs"';
    const child = spawn('sh', ['-c', `${enter} && exec "$@"`, this.cgroup?.directory ?? 'sh', ...command], {
      stdio: ['pipe', 'pipe', 'inherit'], cwd: root, env: { ...process.env, PORT: '0' },
    });
    this.#children.push(child);
    return child;
  }

  async #until(what: string, fulfilled: () => Promise<boolean>): Promise<void> {
    for (const beganAtMs = performance.now(); !(await fulfilled()); ) {
      if (performance.now() - beganAtMs > hangsAfterMs) throw new Error(`waited in vain for ${what}; it said: ${this.lines.slice(-5).join(' | ')}`);
      await delay(20);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** The sum of fields of a flat keyed file. */
export function sumOf(text: string, ...keys: string[]): number {
  return keys.reduce((sum, key) => sum + Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0), 0);
}
