import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCgroup1Mounts } from '../../lib/cgroup/own-cgroup';
import { ShedLoad, sumOf, type LimitedCgroup } from '../support/shed-load';

const root = join(__dirname, '../..');
const MiB = 2 ** 20;
const limitBytes = 192 * MiB;

beforeAll(() => {
  execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
});

let server: ShedLoad | undefined;
let directory: string | undefined;
afterEach(async () => {
  await server?.stop();
  if (directory !== undefined) rmdirSync(directory);
  [server, directory] = [undefined, undefined];
});

/** Where this machine's memory controller is on cgroup v1, and may be written; `undefined` elsewhere. */
function makeV1(): LimitedCgroup | undefined {
  const mount = parseCgroup1Mounts(readFileSync('/proc/self/mountinfo', 'utf8'), 'memory').find(({ readOnly }) => !readOnly);
  if (mount === undefined) return undefined;
  const made = join(mount.directory, `spillway-shed-load-${process.pid}`);
  try {
    mkdirSync(made);
  } catch {
    return undefined;
  }
  directory = made;
  writeFileSync(join(made, 'memory.limit_in_bytes'), String(limitBytes));
  const pinnedBytes = (): number =>
    Number(readFileSync(join(made, 'memory.usage_in_bytes'), 'utf8')) - sumOf(readFileSync(join(made, 'memory.stat'), 'utf8'), 'inactive_file', 'active_file');
  return { directory: made, limitBytes, pinnedBytes };
}

it('the server runs on this machine as it is, and says what it watches', async () => {
  server = await ShedLoad.start(undefined);
  expect(server.lines.slice(0, 3)).toEqual([expect.stringMatching(/^event: /), expect.stringMatching(/^threshold: yes, /), expect.stringMatching(/^pressure: /)]);
}, 120_000);

it('on cgroup v1 it refuses work while its cgroup is full, and takes it again', async () => {
  const cgroup = makeV1();
  if (cgroup === undefined) return;
  server = await ShedLoad.start(cgroup);
  expect(server.lines[0]).toMatch(/^event: no, .*cgroup v1/);
  expect(server.lines[1]).toMatch(/^threshold: yes, cgroup v1 tells of nothing, so .* against its limit \(192 MiB\)$/);
  expect(await server.status()).toBe(200);
  await server.fill();
  await server.giveBack();
  await server.answers(200);
  expect(server.lines.at(-1)).toBe('clear');
}, 240_000);
