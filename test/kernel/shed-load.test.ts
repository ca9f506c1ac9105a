// examples/shed-load: a server that watches its own cgroup and has no children.

import { ShedLoad, sumOf, type LimitedCgroup } from '../support/shed-load';
import { MiB } from './support/program';
import { unshared } from './support/scripts';
import { useCgroups, type TestCgroup } from './support/test-cgroup';

let server: ShedLoad | undefined;
afterEach(async () => {
  await server?.stop();
});
const { make } = useCgroups();

const limitBytes = 192 * MiB;
const limited = (cgroup: TestCgroup): LimitedCgroup => ({
  directory: cgroup.directory,
  limitBytes,
  pinnedBytes: () => cgroup.number('memory.current') - sumOf(cgroup.read('memory.stat'), 'active_file', 'inactive_file', 'slab_reclaimable'),
});

/** The same file system cannot be mounted upon itself. */
const container = unshared(['--cgroup', '--mount'], 'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup');

test.each<[string, string, string[], RegExp, RegExp]>([
  ['memory.high', 'memory.high', [], /^event: yes, .*memory\.high of .* \(192 MiB\) is met$/, /^threshold: yes, .* in case that events fail$/],
  ['memory.max alone', 'memory.max', [], /^event: yes, .*memory\.max of .* \(192 MiB\)/, /^threshold: yes, it stands before memory\.max/],
  ['memory.max of a container', 'memory.max', container, /^event: yes, .*memory\.max of \/sys\/fs\/cgroup \(192 MiB\)/, /^threshold: yes, it stands before memory\.max of \/sys\/fs\/cgroup/],
])('at %s the server refuses work, and takes it again, and the kernel kills nobody', async (_, file, under, event, threshold) => {
  const cgroup = make({ [file]: limitBytes, 'memory.swap.max': 0 });
  server = await ShedLoad.start(limited(cgroup), under);
  expect(server.lines.slice(0, 3)).toEqual([expect.stringMatching(event), expect.stringMatching(threshold), expect.stringMatching(/^pressure: no, nobody asks/)]);
  expect(await server.status()).toBe(200);

  await server.fill();
  await server.giveBack();
  await server.answers(200);

  expect(server.lines.at(-1)).toBe('clear');
  expect(cgroup.counter('oom_kill')).toBe(0);
});
