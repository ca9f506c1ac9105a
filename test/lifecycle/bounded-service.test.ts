import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MemoryStatus } from '../../lib/accounting';

const root = join(__dirname, '../..');
const service = join(root, 'examples/bounded-service/service.cjs');
const environment = (more: Record<string, string>) => ({ ...process.env, PORT: '0', ...more });

beforeAll(() => {
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
});

it('with too little memory it does not start, and says which part is too large', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [service], { env: environment({ MEMORY_LIMIT: '64MiB' }), encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE');
  expect(stderr).toContain("Raise the limit to 109 MiB, or have the components declare less, above all 'cache' with 64 MiB:");
  expect(stderr).toContain('- cache: 0 B minimum, 64 MiB firm');
});

it('with enough it prints its bounds, keeps files, and tells what they use', async () => {
  const child = spawn(process.execPath, [service], { env: environment({ MEMORY_LIMIT: '1GiB' }), stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (/port: \d+/.test(line)) break;
    }
    expect(lines[0]).toBe('Verified memory bounds: 1.56 MiB minimum, 81.6 MiB firm, 768 MiB available of 1 GiB');
    const url = `http://localhost:${/port: (\d+)/.exec(lines.at(-1) ?? '')?.[1]}`;

    const file = Buffer.alloc(1_000_000, 7);
    expect(await fetch(`${url}/a`, { method: 'PUT', body: file })).toMatchObject({ status: 204 });
    expect(Buffer.from(await (await fetch(`${url}/a`)).arrayBuffer()).equals(file)).toBe(true);
    expect(await fetch(`${url}/b`)).toMatchObject({ status: 404 });
    // Unless it has taken the connection away first.
    const refused = await fetch(`${url}/big`, { method: 'PUT', body: Buffer.alloc(2 ** 21) }).then(({ status }) => status, () => 413);
    expect(refused).toBe(413);
    const status = (await (await fetch(`${url}/memory/status`)).json()) as MemoryStatus;
    expect(status).toMatchObject({
      cache: { firm_limit_bytes: 64 * 2 ** 20, actual_live_bytes: file.length, confidence: 'exact' },
      'http.uploads': { firm_limit_bytes: 16 * 2 ** 20, measuring: false },
      root: { measuring: true },
    });

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
