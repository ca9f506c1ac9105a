import { basename, join } from 'node:path';
import { formatBytes } from '../../format-bytes';
import { lowestLimitOf } from '../limits';
import { unitOf } from '../unit-file';
import { error, info, ok, skipped, warning } from './finding';
import { noBase } from './check-hierarchy';
import { readBytes, readWords, upwards, type Situation } from './situation';
import type { Finding } from './types';

/** A supervisor that is throttled with its workers cannot relieve them. */
export function checkPlacement({ base, facts, name, own }: Situation): Finding {
  if (!base.found || own === undefined) return skipped('supervisor-placement', noBase);
  const above = upwards(own, facts);
  // One cgroup may have several paths: other mounts, symbolic links.
  const pool = name === undefined ? undefined : facts.identity(join(base.directory, name));
  if (pool !== undefined && above.some((each) => facts.identity(each) === pool)) {
    return error('supervisor-placement', `This process is inside the pool ${join(base.directory, name ?? '')} that it would throttle.`, {
      fix: `choose another name, or start it outside: 'echo PID >${join(base.directory, 'cgroup.procs')}'`,
      lowersTo: 'polling',
    });
  }
  for (const each of above) {
    const high = readBytes(join(each, 'memory.high'), facts);
    const current = readBytes(join(each, 'memory.current'), facts);
    if (high === undefined || current === undefined || high === Infinity || current < high) continue;
    const unit = unitOf(basename(each))?.name ?? (each.endsWith('.slice') ? basename(each) : undefined);
    return warning('supervisor-placement', `${each} uses ${formatBytes(current)} with memory.high at ${formatBytes(high)}: the kernel throttles this process, too.`, {
      fix: unit === undefined ? `'echo max >${join(each, 'memory.high')}'` : `'systemctl set-property ${unit} MemoryHigh=infinity'`,
    });
  }
  return ok('supervisor-placement', `This process, in ${own}, is outside what it would throttle.`);
}

/** The memory that there is for the base; above the root of a namespace or of a bind mount nothing can be seen. */
export function checkVisibleLimits({ base, facts }: Situation): Finding {
  if (!base.found) return skipped('visible-limits', noBase);
  // Then the limits that bind may be those of cgroup v1.
  if (!readWords(join(base.directory, 'cgroup.controllers'), facts).includes('memory')) return skipped('visible-limits', 'the base has no memory controller');
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(facts.read('/proc/meminfo') ?? '')?.[1];
  const machine = total === undefined ? 'of unknown size' : `with ${formatBytes(Number(total) * 1024)}`;
  const lowest = lowestLimitOf(base.directory, facts);
  const limit = lowest.bytes === Infinity ? `No memory limit on the way up to ${base.top}, on a machine ${machine}` : `At most ${formatBytes(lowest.bytes)} for the base (${lowest.source ?? ''}), on a machine ${machine}`;
  if (!lowest.unknownAbove) return ok('visible-limits', `${limit}.`);
  return info('visible-limits', `${limit}. Limits above ${base.top} cannot be seen from here; if there is a lower one, set 'limits.highBytes' below it.`);
}
