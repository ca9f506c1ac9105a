import { join } from 'node:path';
import { difference, figureOf, limitFigure, lowest, parseKeyed, readFigure, readLimitFigure, sum, unlimited, type Figure } from './figure';
import type { MemoryPlace } from './memory-place';
import type { HostFacts } from './preflight/host-facts';

/**
 * What of a cgroup counts as used:
 * - `working-set`: all but page cache, active and inactive. Shared memory stays in: nothing but swap takes it away.
 * - `anon-shmem`: anonymous and shared memory, without what the kernel holds for the processes.
 * - `current`: everything, page cache as well.
 *
 * Of the host: what is not available (MemAvailable); AnonPages and Shmem; what is not free (MemFree).
 */
export const levelBases = ['working-set', 'anon-shmem', 'current'] as const;
export type LevelBasis = (typeof levelBases)[number];

/** The memory of one cgroup, or of the host, against its own limit. What cannot be known is `undefined`. */
export interface MemoryLevel {
  /** The cgroup's directory, or `'host'`. */
  name: string;
  /** `Infinity`: unlimited. */
  limit: Figure | undefined;
  used: Figure | undefined;
  /** `undefined`: not counted here. What is in memory as well is not in `used`. */
  swap: { limit: Figure; used: Figure } | undefined;
  /** What v1 allows of memory and swap together; elsewhere `Infinity`. */
  bothLimit: Figure | undefined;
}

export type LevelFacts = Pick<HostFacts, 'exists' | 'read'>;

/** Those of a place, from the innermost outwards; the host is the last. */
export function levelsOf(place: MemoryPlace, basis: LevelBasis, facts: LevelFacts): MemoryLevel[] {
  if (place.kind === 'host') return [hostLevel(basis, facts)];
  const directories = [place.directory, ...place.ancestors];
  const cgroups = directories.map((each, index) =>
    place.kind === 'v2' ? v2Level(each, basis, facts) : v1Level(each, basis, facts, index === directories.length - 1),
  );
  return [...cgroups, hostLevel(basis, facts)];
}

/** Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files" */
function v2Level(directory: string, basis: LevelBasis, facts: LevelFacts): MemoryLevel {
  const file = (name: string): string => join(directory, `memory.${name}`);
  const stat = readStat(directory, facts);
  // At its memory.high it is throttled: more than that is not there for it.
  const limit = lowest([readLimitFigure(file('max'), facts), readLimitFigure(file('high'), facts)]);
  const swapLimit = facts.exists(file('swap.max')) ? readLimitFigure(file('swap.max'), facts) : undefined;
  const swapped = readFigure(file('swap.current'), facts);
  const swapUsed = figureOf(difference(swapped?.bytes, stat.get('swapcached') ?? 0), file('swap.current'), file('stat'));
  const used = usedOf(basis, directory, readFigure(file('current'), facts), stat, v2Keys);
  return { name: directory, limit, used, swap: swapLimit && swapUsed && { limit: swapLimit, used: swapUsed }, bothLimit: unlimited };
}

/** Documentation/admin-guide/cgroup-v1/memory.rst */
function v1Level(directory: string, basis: LevelBasis, facts: LevelFacts, outermost: boolean): MemoryLevel {
  const file = (name: string): string => join(directory, `memory.${name}`);
  const stat = readStat(directory, facts);
  // These two also tell of cgroups further up, which a container does not see.
  const above = (key: string): Figure => limitFigure((outermost ? stat.get(key) : undefined) ?? Number.MAX_SAFE_INTEGER, file('stat'));
  const limit = lowest([readLimitFigure(file('limit_in_bytes'), facts), above('hierarchical_memory_limit')]);
  const bothLimit = lowest([readLimitFigure(file('memsw.limit_in_bytes'), facts), above('hierarchical_memsw_limit')]);
  const current = readFigure(file('usage_in_bytes'), facts);
  const both = readFigure(file('memsw.usage_in_bytes'), facts);
  const swapUsed = figureOf(difference(both?.bytes, current?.bytes), file('memsw.usage_in_bytes'), file('usage_in_bytes'));
  const used = usedOf(basis, directory, current, stat, v1Keys);
  return { name: directory, limit, used, swap: swapUsed && { limit: unlimited, used: swapUsed }, bothLimit };
}

/** proc_meminfo(5) */
function hostLevel(basis: LevelBasis, facts: LevelFacts): MemoryLevel {
  const file = '/proc/meminfo';
  // Lines without a unit count other things, such as huge pages.
  const info = parseKeyed(facts.read(file) ?? '', /^([^:]+): *(\d+) kB$/, 1024);
  const get = (key: string): number | undefined => info.get(key);
  const total = get('MemTotal');
  // Before Linux 3.14, and in some containers. Shared memory stands in Cached, and cannot be dropped.
  const available = get('MemAvailable') ?? difference(sum(get('MemFree'), get('Buffers'), get('Cached')), get('Shmem') ?? 0);
  const used = {
    'working-set': difference(total, available),
    'anon-shmem': sum(get('AnonPages'), get('Shmem')),
    current: difference(total, get('MemFree')),
  };
  const swapLimit = figureOf(get('SwapTotal'), file);
  const swapUsed = figureOf(difference(get('SwapTotal'), get('SwapFree'), get('SwapCached') ?? 0), file);
  return { name: 'host', limit: figureOf(total, file), used: figureOf(used[basis], file), swap: swapLimit && swapUsed && { limit: swapLimit, used: swapUsed }, bothLimit: unlimited };
}

const v2Keys = { anon: 'anon', shmem: 'shmem', inactive: 'inactive_file', active: 'active_file' };
/** Those that count the cgroups below as well, as the other files do. */
const v1Keys = { anon: 'total_rss', shmem: 'total_shmem', inactive: 'total_inactive_file', active: 'total_active_file' };

function readStat(directory: string, facts: LevelFacts): Map<string, number> {
  return parseKeyed(facts.read(join(directory, 'memory.stat')) ?? '', /^(\S+) (\d+)$/, 1);
}

function usedOf(basis: LevelBasis, directory: string, current: Figure | undefined, stat: ReadonlyMap<string, number>, keys: typeof v2Keys): Figure | undefined {
  if (basis === 'current') return current;
  const file = join(directory, 'memory.stat');
  if (basis === 'anon-shmem') return figureOf(sum(stat.get(keys.anon), stat.get(keys.shmem)), file);
  return figureOf(difference(current?.bytes, stat.get(keys.inactive), stat.get(keys.active)), ...(current?.files ?? []), file);
}
