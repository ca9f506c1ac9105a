import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { getEventListeners } from 'node:events';
import { join } from 'node:path';

import { launch, type LeafJoin } from '../../lib/supervisor/launch';
import { copyLauncher, writableCgroup2, children, joinFile, openFds, removeFolder, temporaryFolder } from './fixtures/launcher';
import { observeLaunched } from './fixtures/parity';

const dir = temporaryFolder(); // mode 0700: another user cannot reach the launcher by its path
const isRoot = process.getuid?.() === 0;
let file: LeafJoin;

beforeAll(() => {
  copyLauncher(dir);
  file = joinFile(dir);
});

afterAll(() => {
  closeSync(file.procsFd);
  closeSync(file.launcherFd);
  removeFolder(dir);
});

async function outputOf(program: string, args: string[], options: object, leaf: LeafJoin): Promise<string> {
  const { output } = await observeLaunched({ file: program, args, options }, leaf);
  return (output[1]?.[0] ?? '') + (output[2]?.[0] ?? '');
}

const mount = writableCgroup2();

(mount === undefined ? describe.skip : describe)('in a real leaf (needs a writable cgroup v2)', () => {
  const name = `spillway-test-${process.pid}-launch`;
  const path = join(mount ?? '', name);

  async function inLeaf<T>(leafName: string, use: (leaf: LeafJoin, path: string) => Promise<T>): Promise<T> {
    const leafPath = join(path, leafName);
    mkdirSync(leafPath, { recursive: true });
    const procsFd = openSync(join(leafPath, 'cgroup.procs'), 'w');
    try {
      return await use({ ...file, procsFd }, leafPath);
    } finally {
      closeSync(procsFd);
    }
  }

  afterEach(() => {
    for (const leaf of ['worker', 'threaded', '']) {
      try {
        rmdirSync(join(path, leaf));
      } catch {
        // not made, or removed by the test
      }
    }
  });

  test('the program starts in it', async () => {
    await inLeaf('worker', async (leaf) => {
      const lines = (await outputOf('cat', ['/proc/self/cgroup'], {}, leaf)).split('\n');
      expect(lines.find((line) => line.startsWith('0::'))).toBe(`0::/${name}/worker`);
    });
  });

  (isRoot ? test : test.skip)('as another user, who may not write there (needs root)', async () => {
    await inLeaf('worker', async (leaf) => {
      const output = await outputOf('sh', ['-c', 'id -u; id -g; cat /proc/self/cgroup'], { uid: 65534, gid: 65534 }, leaf);
      expect(output).toMatch(/^65534\n65534\n/);
      expect(output).toContain(`0::/${name}/worker\n`);
    });
  });

  test('a leaf that was removed', async () => {
    await inLeaf('worker', async (leaf, leafPath) => {
      rmdirSync(leafPath);
      await expect(launch('true', [], {}, leaf)).rejects.toMatchObject({
        code: 'ERR_SPILLWAY_LAUNCH_FAILED',
        message: expect.stringMatching(/could not join its cgroup .*: ENODEV; the leaf was removed/) as string,
        cause: { code: 'ENODEV', errno: -19, syscall: 'join' },
      });
    });
  });

  test('a leaf beside a threaded one', async () => {
    await inLeaf('threaded', async (_leaf, threaded) => {
      writeFileSync(join(threaded, 'cgroup.type'), 'threaded');
      await inLeaf('worker', async (leaf) => {
        await expect(launch('true', [], {}, leaf)).rejects.toThrow(/ENOTSUP; the leaf lies in a threaded subtree/);
      });
    });
  });
});

test('without cgroup v2: the launcher writes 0, once', async () => {
  const fresh = joinFile(dir);
  await outputOf('true', [], {}, fresh);
  expect(readFileSync(join(dir, 'cgroup.procs'), 'utf8')).toBe('0');
  closeSync(fresh.procsFd);
  closeSync(fresh.launcherFd);
});

test.each([0, 500, 1000])('oom_score_adj %d', async (oomScoreAdj) => {
  const output = await outputOf('cat', ['/proc/self/oom_score_adj'], {}, { ...file, oomScoreAdj });
  expect(output).toBe(`${oomScoreAdj}\n`);
});

(isRoot ? test : test.skip)('uid and gid, with the launcher below a folder of mode 0700 (needs root)', async () => {
  const script = 'id -u; id -g; id -G; cat /proc/self/oom_score_adj';
  const output = await outputOf('sh', ['-c', script], { uid: 65534, gid: 65534, cwd: '/' }, file);
  expect(output).toBe('65534\n65534\n65534\n500\n');
});

function leftovers() {
  const resources = process.getActiveResourcesInfo().toSorted();
  const others = resources.filter((each) => each !== 'Timeout');
  return { fds: openFds(), children: children(), resources: others, timeouts: resources.length - others.length };
}

test('200 launches, good and failing, leave nothing', async () => {
  const { signal } = new AbortController();
  const aborting = () => {
    const controller = new AbortController();
    const launched = launch('sleep', ['60'], { signal: controller.signal }, file);
    controller.abort();
    return launched;
  };
  const kinds = [
    () => launch('true', [], { signal, timeout: 60_000 }, file),
    () => launch('sh', ['-c', 'echo out; echo err >&2; exit 1'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'ipc'] }, file),
    () => launch('none', [], { signal, timeout: 60_000, stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'pipe'] }, file),
    () => launch('true', [], { signal, timeout: 60_000, cwd: '/none', stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }, file),
    () => launch('true', [], { signal, stdio: ['pipe', 99_999] }, file),
    () => launch('true', ['x'.repeat(200_000)], { signal }, file),
    () => launch('true', ['\0'], { signal }, file),
    () => launch('true', [], { signal }, { ...file, procsFd: file.launcherFd }),
    () => launch('true', [], { signal, timeout: 60_000 }, { ...file, oomScoreAdj: 5000 }),
    aborting,
  ];
  const before = leftovers();
  const outcomes = { good: 0, bad: 0 };
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      kinds.map(async (kind) => {
        try {
          const child = await kind();
          outcomes.good++;
          await new Promise((resolve) => child.once('close', resolve));
        } catch {
          outcomes.bad++;
        }
      }),
    );
  }
  expect(outcomes).toEqual({ good: 40, bad: 160 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  const after = leftovers();
  // jest has a few timers of its own, which come and go; a kind of launch that forgot one would leave 20.
  expect(after.timeouts - before.timeouts).toBeLessThan(20);
  expect({ ...after, timeouts: 0 }).toEqual({ ...before, timeouts: 0 });
});
