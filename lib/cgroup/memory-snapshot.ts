import { join } from 'node:path';
import { checkKeys, parseBoolean, parseOneOf, parsePath } from '../options';
import { topOf } from './delegation';
import { difference, figureOf, lowest, unlimited, type Figure } from './figure';
import { levelBases, levelsOf, type LevelBasis, type MemoryLevel } from './memory-level';
import { memoryPlace, type MemoryPlace, type PlaceFacts } from './memory-place';
import { hostFacts } from './preflight/host-facts';

export interface MemorySnapshotOptions {
  /** A cgroup's directory, of v2 or of v1's memory controller. Default: the cgroup that this process's memory counts in. */
  cgroup?: string;
  /**
   * What counts as used. Default `'working-set'`.
   * - `'working-set'`: everything but page cache. Of the host, what is not available (MemAvailable).
   * - `'anon-shmem'`: anonymous and shared memory. Of the host, AnonPages and Shmem.
   * - `'current'`: everything. Of the host, what is not free (MemFree).
   * - `'host'`: as `'working-set'`, of the host, whatever cgroups there are.
   */
  basis?: LevelBasis | 'host';
  /** Whether swap counts too, in every figure. Default false. */
  includeSwap?: boolean;
}

/** Memory at one moment, in bytes. What cannot be known is `undefined`. */
export interface MemorySnapshot {
  /** The lowest of the limits (memory.max and memory.high) of the cgroup and of those above it, and the memory of the host. */
  totalBytes: number | undefined;
  /** Of `usedOf`. It can be above the total, when a limit was lowered. */
  usedBytes: number | undefined;
  /** The smallest room at any of these levels, the host among them. Others may take it, where it is not the cgroup's own. */
  availableBytes: number | undefined;
  /** Whose limit `totalBytes` is: a cgroup's directory, or `'host'`. */
  limitedBy: string | undefined;
  /**
   * Whose memory `usedBytes` is: the cgroup that has the lowest limit, as all that is in it shares that limit. Where
   * no limit is below the host's memory it is the cgroup's own, not the host's: what the neighbours use is not its.
   */
  usedOf: string | undefined;
  basis: LevelBasis | 'host';
  /** False also where the kernel does not count the swap of the cgroup. */
  includesSwap: boolean;
  /** Whether cgroups further up may have lower limits, which nobody in here can see. */
  unknownAbove: boolean;
  /** The files of each figure. */
  sources: { total: readonly string[]; used: readonly string[]; available: readonly string[] };
}

/**
 * Reads how much memory there is for a cgroup and how much of it is used, once.
 *
 * @throws ERR_SPILLWAY_INVALID_OPTION; of a given cgroup ERR_SPILLWAY_CGROUP_NOT_FOUND, ERR_SPILLWAY_NOT_CGROUP2,
 * ERR_SPILLWAY_CONTROLLER_DISABLED, ERR_SPILLWAY_PERMISSION
 */
export function memorySnapshot(options: MemorySnapshotOptions = {}): MemorySnapshot {
  return memorySnapshotOf(hostFacts, options);
}

/** {@link memorySnapshot} of any host. */
export function memorySnapshotOf(facts: PlaceFacts, options: MemorySnapshotOptions = {}): MemorySnapshot {
  checkKeys('memorySnapshot', options, ['basis', 'cgroup', 'includeSwap']);
  const basis = parseOneOf('basis', options.basis ?? 'working-set', [...levelBases, 'host']);
  const includeSwap = parseBoolean('includeSwap', options.includeSwap ?? false);
  const cgroup = options.cgroup === undefined ? undefined : parsePath('cgroup', options.cgroup);
  const place: MemoryPlace = basis === 'host' ? { kind: 'host' } : memoryPlace(cgroup, facts);
  const levels = levelsOf(place, basis === 'host' ? 'working-set' : basis, facts);
  return { ...judge(levels, includeSwap), basis, unknownAbove: place.kind !== 'host' && facts.exists(join(topOf(place.directory, facts), 'cgroup.type')) };
}

const nothing: Figure = { bytes: 0, files: [] };

type Judgement = Omit<MemorySnapshot, 'basis' | 'unknownAbove'>;

function judge(levels: readonly MemoryLevel[], includeSwap: boolean): Judgement {
  const [own] = levels;
  const host = levels.at(-1);
  const includesSwap = includeSwap && own?.swap !== undefined && host?.swap !== undefined;

  const memory = lowest(levels.map(({ limit }) => limit));
  const swap = includesSwap ? lowest(levels.map((each) => each.swap?.limit ?? unlimited)) : nothing;
  const apart = add(memory, swap);
  const together = includesSwap ? lowest(levels.map(({ bothLimit }) => bothLimit)) : unlimited;
  const total = lowest([apart, together]);
  const limiting = levels.find(({ limit, bothLimit }) => total !== undefined && (total === apart ? limit === memory : bothLimit === together));

  const subject = limiting === host ? own : limiting;
  const used = includesSwap ? withSwap(subject, swap) : subject?.used;

  const memoryRoom = lowest(levels.map(({ limit, used }) => room(limit, used)));
  const swapRoom = includesSwap ? lowest(levels.map((each) => room(each.swap?.limit ?? unlimited, each.swap?.used))) : nothing;
  const roomTogether = includesSwap ? levels.map((level) => room(level.bothLimit, withSwap(level, swap))) : [];
  const available = lowest([add(memoryRoom, swapRoom), ...roomTogether]);

  const filesOf = (figure: Figure | undefined): string[] => [...new Set(figure?.files)];
  return {
    totalBytes: total?.bytes,
    usedBytes: used?.bytes,
    availableBytes: available?.bytes,
    limitedBy: limiting?.name,
    usedOf: subject?.name,
    includesSwap,
    sources: { total: filesOf(total), used: filesOf(used), available: filesOf(available) },
  };
}

/** What is swapped beyond what may be (its limit was lowered) is in no total, so in no used either. */
function withSwap(level: MemoryLevel | undefined, swapLimit: Figure | undefined): Figure | undefined {
  return add(level?.used, lowest([level?.swap?.used, swapLimit]));
}

function room(limit: Figure | undefined, used: Figure | undefined): Figure | undefined {
  if (limit === undefined || limit.bytes === Infinity) return limit;
  return figureOf(difference(limit.bytes, used?.bytes), ...limit.files, ...(used?.files ?? []));
}

function add(a: Figure | undefined, b: Figure | undefined): Figure | undefined {
  if (a === undefined || b === undefined) return undefined;
  const bytes = a.bytes + b.bytes;
  // Unlimited stays so.
  return { bytes: bytes === Infinity ? bytes : Math.min(bytes, Number.MAX_SAFE_INTEGER), files: [...a.files, ...b.files] };
}
