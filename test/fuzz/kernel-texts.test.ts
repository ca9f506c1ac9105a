import fc from 'fast-check';
import fs from 'node:fs';
import { setImmediate as aTurn } from 'node:timers/promises';
import { directoryOf, ownCgroup, parseCgroup1Mounts, parseCgroup1Path, parseCgroup2Mounts, parseCgroup2Path } from '../../lib/cgroup/own-cgroup';
import type { CgroupFacts } from '../../lib/cgroup/preflight/host-facts';
import type { SpillwayError } from '../../lib/errors';
import { parseProcessStat } from '../../lib/process/process-entry';
import { formatMarker, readMarker } from '../../lib/process/worker-marker';
import { KernelKillCounter } from '../../lib/supervisor/containment/kernel-kill-counter';
import { statOf } from '../process/support/fixture-proc';
import { trials } from '../support/trials';
import { corpusOf } from './corpus';
import { longTexts, mutated } from './mutated';

const isCount = (value: number | undefined): boolean => Number.isSafeInteger(value) && (value ?? -1) >= 0;

/** As the kernel writes a path into the mount table. */
const escaped = (path: string): string => path.replace(/[ \t\n\\#]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, '0')}`);
const lineOf = ({ root, directory, readOnly, options }: ReturnType<typeof parseCgroup2Mounts>[0]): string =>
  `36 25 0:31 ${escaped(root)} ${escaped(directory)} ${readOnly ? 'ro' : 'rw'} shared:4 - cgroup2 none ${options.join(',')}\n`;

function checkMounts(text: string): void {
  const mounts = parseCgroup2Mounts(text);
  for (const all of [mounts, parseCgroup1Mounts(text, 'memory')]) {
    expect(all.length).toBeLessThanOrEqual(text.split('\n').length);
    for (const { root, directory } of all) {
      expect(root).toMatch(/^\//);
      expect(directory).toMatch(/^\//);
    }
  }
  expect(parseCgroup2Mounts(mounts.map(lineOf).join(''))).toEqual(mounts);
}

const mounts = [
  { root: '/', directory: '/sys/fs/cgroup' },
  { root: '/docker/ab12', directory: '/mnt/cg' },
  { root: '/..', directory: '/mnt/above' },
];

function checkPath(text: string): void {
  const lines = text.split('\n');
  const v1Path = parseCgroup1Path(text, 'memory');
  if (v1Path !== undefined) expect(lines.some((line) => line.endsWith(`:${v1Path}`) || line.endsWith(`:${v1Path} (deleted)`))).toBe(true);
  const path = parseCgroup2Path(text);
  if (path === undefined) return;
  expect(lines.some((line) => line === `0::${path}` || line === `0::${path} (deleted)`)).toBe(true);
  for (const mount of mounts) {
    const directory = directoryOf(path, [mount]) ?? mount.directory;
    expect(`${directory}/`).toMatch(new RegExp(`^${mount.directory}/`));
    expect(directory).not.toMatch(/\/\.\.?(?:\/|$)/);
  }
}

function checkStat(text: string): void {
  const entry = parseProcessStat(text);
  if (entry === undefined) return;
  const { pid, parentPid, startTime, sessionId, threadCount = 0 } = entry;
  expect([pid, parentPid, startTime, sessionId, threadCount].filter((figure) => !isCount(figure))).toEqual([]);
  expect(pid).toBeGreaterThan(0);
  expect(entry.state).toMatch(/^[A-Za-z]$/);
  expect(parseProcessStat(statOf(entry))).toEqual({ threadCount: 1, ...entry });
}

function readMarkerOf(environ: string): ReturnType<typeof readMarker> {
  jest.spyOn(fs, 'readFileSync').mockReturnValue(environ);
  try {
    return readMarker({ pid: 7 });
  } finally {
    jest.restoreAllMocks();
  }
}

function checkMarker(text: string): void {
  const marker = readMarkerOf(text);
  if (marker === undefined) return;
  expect(text.split('\0')).toContain(`SPILLWAY_WORKER=${formatMarker(marker)}`);
  expect([marker.pool, marker.runId].filter((part) => part === '' || part.includes('/'))).toEqual([]);
}

/** Each file that it looks into says this. */
function countKills(text: string): [total: number | undefined, taken: boolean] {
  jest.spyOn(fs, 'readFileSync').mockReturnValue(text);
  try {
    const counter = new KernelKillCounter();
    return [counter.total(), counter.take()];
  } finally {
    jest.restoreAllMocks();
  }
}

function checkKills(text: string): void {
  expect([[undefined, false], [0, false]]).toContainEqual(countKills(text));
}

describe.each<[string, (text: string) => unknown, (text: string) => void]>([
  ['mountinfo', parseCgroup2Mounts, checkMounts],
  ['proc-cgroup', parseCgroup2Path, checkPath],
  ['proc-stat', parseProcessStat, checkStat],
  ['environ', readMarkerOf, checkMarker],
  ['vmstat', countKills, checkKills],
])('%s', (folder, parse, check) => {
  const corpus = corpusOf(folder);

  it.each(Object.keys(corpus))('%s', (file) => {
    check(corpus[file] ?? '');
  });

  it('whatever becomes of them', () => {
    fc.assert(fc.property(mutated(Object.values(corpus)), check), { numRuns: trials(500, 20_000) });
  });

  it('of any length: in time that grows with it, and not faster', async () => {
    for (const text of longTexts(Object.values(corpus))) {
      parse(text);
      await aTurn(); // Lets jest end a test that would never end.
    }
  }, 60_000);
});

it('a mount table and a path that do not fit together lead to a directory, or to the error that says so', () => {
  /** Every third cgroup that is asked for exists; none lists this process. */
  const host = (mountinfo: string, cgroup: string): CgroupFacts => ({
    pid: 100,
    read: (path) => ({ '/proc/self/mountinfo': mountinfo, '/proc/self/cgroup': cgroup })[path],
    exists: (path) => path.length % 3 === 0,
    list: (path) => (path.length < 40 ? ['a', 'bc'].map((name) => ({ name, directory: true })) : []),
    env: () => undefined,
    attribute: () => undefined,
  });
  fc.assert(
    fc.property(mutated(Object.values(corpusOf('mountinfo'))), mutated(Object.values(corpusOf('proc-cgroup'))), (mountinfo, cgroup) => {
      let found: unknown;
      try {
        found = ownCgroup(host(mountinfo, cgroup));
      } catch (error) {
        found = (error as SpillwayError).code;
      }
      expect(found).toMatch(/^\/|^ERR_SPILLWAY_NOT_CGROUP2$/);
    }),
    { numRuns: trials(300, 10_000) },
  );
});
