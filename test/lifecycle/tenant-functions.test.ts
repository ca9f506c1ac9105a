import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(__dirname, '../..');
const example = (file: string): string => join(root, 'examples/tenant-functions', file);

beforeAll(() => {
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
});

async function linesOf(stdout: AsyncIterable<string>, until: RegExp): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of stdout) {
    lines.push(line);
    if (until.test(line)) break;
  }
  return lines;
}

it('twenty tenants find theirs again; under pressure all that is idle is given back, nobody is killed, and it goes on', async () => {
  const environment = { ...process.env, PORT: '0', MEMORY_HIGH: '256MiB', PROCESSES: '2' };
  const server = spawn(process.execPath, [example('server.cjs')], { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [guarantee, listening] = await linesOf(createInterface({ input: server.stdout }), /port: \d+/);
    expect(guarantee).toMatch(/^guarantee: (kernel|polling)$/);
    const url = `http://localhost:${/port: (\d+)/.exec(listening ?? '')?.[1]}`;
    const load = spawn(process.execPath, [example('load.cjs'), url, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [warm, pressed, again] = await linesOf(createInterface({ input: load.stdout }), /^asked once more/);

    expect(warm).toMatch(/functions: 180 hits, 20 made, 20 warm with 21 MiB, 0 MiB given back; processes: 0 hits, 20 made, 2 warm with \d\d+ MiB, 0 MiB given back; killed: 0$/);
    expect(pressed).toMatch(/processes: 0 hits, 20 made, 0 warm with 0 MiB, \d\d+ MiB given back; killed: 0$/);
    expect(again).toMatch(/functions: \d+ hits, \d+ made, 20 warm with 21 MiB/);
    const page = await (await fetch(url)).text();
    expect(page).toMatch(/<td>given back<\/td><td>\d+, [\d.]+ MiB<\/td><td>2, [\d.]+ MiB<\/td>/);

    // Its own memory counts, and nobody else's.
    expect(await (await fetch(`${url}/tenant-0/count`)).json()).toMatchObject({ tenant: 'tenant-0', warm: true });
    expect(await (await fetch(`${url}/new/count`)).json()).toEqual({ tenant: 'new', count: 1, warm: false });
    expect(await fetch(`${url}/new/nothing`)).toMatchObject({ status: 404 });

    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  } finally {
    server.kill('SIGKILL');
  }
}, 120_000);
