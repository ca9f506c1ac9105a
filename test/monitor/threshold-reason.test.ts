import { thresholdReason } from '../../lib/monitor/threshold-reason';
import type { ThresholdBasis } from '../../lib/monitor/types';
import { MiB } from '../support/fixture-cgroup';

const told = { totalBytes: 400 * MiB, usedBytes: 300 * MiB, thresholdBytes: 200 * MiB, short: true };

it.each<[ThresholdBasis, string]>([
  ['pinned', 'that cannot be reclaimed'],
  ['working-set', 'without its page cache'],
  ['anon-shmem', 'of anonymous and shared memory'],
  ['current', 'with its page cache'],
  ['host', 'of all memory'],
])("basis '%s' is said in words", (basis, words) => {
  expect(thresholdReason('/a', '/a', basis, told)).toBe(`/a uses 300 MiB ${words}, the threshold is 200 MiB of 400 MiB`);
});

it('says whose limit it is where that is not the own one', () => {
  expect(thresholdReason('/a/b', '/a', 'pinned', told)).toContain('/a (of which /a/b is a part) uses 300 MiB');
});

it('says where a kill is of no use', () => {
  expect(thresholdReason('/a', '/a', 'current', { ...told, short: false })).toContain('; not short, the rest is cache');
});
