import { formatBytes } from '../format-bytes';
import type { NativeThresholdReport } from '../native';
import type { ThresholdBasis } from './types';

type Told = Pick<NativeThresholdReport, 'totalBytes' | 'usedBytes' | 'thresholdBytes' | 'short'>;

const whatIsUsed: Readonly<Record<ThresholdBasis, string>> = {
  pinned: 'that cannot be reclaimed',
  'working-set': 'without its page cache',
  'anon-shmem': 'of anonymous and shared memory',
  current: 'with its page cache',
  host: 'of all memory',
};

/** Says for people what a report of the threshold monitor means. `level` is who is over. */
export function thresholdReason(cgroup: string, level: string, basis: ThresholdBasis, report: Told): string {
  const { totalBytes, usedBytes, thresholdBytes } = report;
  const whose = level === cgroup ? '' : ` (of which ${cgroup} is a part)`;
  return (
    `${level}${whose} uses ${formatBytes(usedBytes)} ${whatIsUsed[basis]}, ` +
    `the threshold is ${formatBytes(thresholdBytes)} of ${formatBytes(totalBytes)}${report.short ? '' : '; not short, the rest is cache'}`
  );
}
