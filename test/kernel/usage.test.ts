// Where memory is counted and how much there is, in the kernel's own hierarchy.

import { dirname } from 'node:path';
import type * as PlaceModule from '../../lib/cgroup/memory-place';
import type { MemoryPlace } from '../../lib/cgroup/memory-place';
import { memorySnapshot, type MemorySnapshot } from '../../lib/cgroup/memory-snapshot';
import { MiB } from './support/program';
import { unshared, useScripts } from './support/scripts';
import { useCgroups } from './support/test-cgroup';

const { run } = useScripts();
const { make } = useCgroups();

interface Told {
  place: MemoryPlace;
  snapshot: MemorySnapshot;
}

/** What a process in this cgroup finds of its own, while it holds some memory. */
const look = (where: ReturnType<typeof make>, under?: string[]): Promise<Told> =>
  run(
    ({ spillway, lib, tell }) => {
      const held = Buffer.alloc(16 * 2 ** 20, 1);
      const { memoryPlace } = lib('cgroup/memory-place') as typeof PlaceModule;
      tell('told', { place: memoryPlace(undefined), snapshot: spillway.memorySnapshot(), held: held.length });
      return Promise.resolve();
    },
    undefined,
    { where, ...(under && { under }) },
  ).told<Told>('told');

test('the own cgroup with its ancestors; the lowest limit is that of an ancestor', async () => {
  const outer = make({ 'memory.max': 512 * MiB }).enableMemory();
  const middle = outer.make('middle', { 'memory.max': 256 * MiB }).enableMemory();
  const inner = middle.make('inner', { 'memory.max': 384 * MiB });

  const { place, snapshot } = await look(inner);

  expect(place).toMatchObject({ kind: 'v2', directory: inner.directory, ancestors: expect.arrayContaining([middle.directory, outer.directory]) as string[] });
  expect(snapshot).toMatchObject({ totalBytes: 256 * MiB, limitedBy: middle.directory, usedOf: middle.directory, unknownAbove: false, sources: { total: [`${middle.directory}/memory.max`] } });
  expect(snapshot.usedBytes).toBeGreaterThan(16 * MiB);
  expect(snapshot.usedBytes).toBeLessThan(256 * MiB);
});

test('a cgroup that the controller is not enabled for counts in the one above', async () => {
  const outer = make({ 'memory.max': 512 * MiB });
  const inner = outer.make('inner');

  const { place, snapshot } = await look(inner);

  expect(place).toMatchObject({ kind: 'v2', directory: outer.directory });
  expect(snapshot).toMatchObject({ totalBytes: 512 * MiB, usedOf: outer.directory });
});

test('in a cgroup namespace: the own limit is seen, those above are told as unknown', async () => {
  const outer = make({ 'memory.max': 256 * MiB }).enableMemory();
  const box = outer.make('box', { 'memory.max': 384 * MiB });
  const mountAnew = 'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup';

  const { place, snapshot } = await look(box, unshared(['--cgroup', '--mount'], mountAnew));

  expect(place).toEqual({ kind: 'v2', directory: '/sys/fs/cgroup', ancestors: [] });
  expect(snapshot).toMatchObject({ totalBytes: 384 * MiB, usedOf: '/sys/fs/cgroup', unknownAbove: true });
});

test('a limit above the memory of the host: the host limits, and the usage stays that of the cgroup', async () => {
  const cgroup = make({ 'memory.max': 2 ** 50 });

  const { snapshot } = await look(cgroup);

  const host = memorySnapshot({ basis: 'host' });
  expect(snapshot).toMatchObject({ totalBytes: host.totalBytes, limitedBy: 'host', usedOf: cgroup.directory });
  expect(snapshot.usedBytes).toBeLessThan(host.totalBytes ?? NaN);
  expect(memorySnapshot({ cgroup: dirname(cgroup.directory) }).totalBytes).toBe(host.totalBytes);
});
