import { SpillwayError } from '../errors';
import { formatBytes } from '../format-bytes';
import { printable } from '../printable';
import type { BoundFigures, ComponentBounds } from './component-bounds';
import { statusKey } from './component-name';
import { treeLines } from './format-bounds';
import type { MemoryGrant } from './memory-grant';

type BoundsErrorCode = 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY' | 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE';

/** What was declared does not fit into what there is. */
export interface BoundsError extends SpillwayError, BoundFigures {
  readonly code: BoundsErrorCode;
  availableBytes: number;
}

/** More would hide the sentence above them. */
const mostLines = 20;
const MiB = 2 ** 20;

/** @param source where the grant's limit comes from, if that is known */
export function boundsError(code: BoundsErrorCode, grant: MemoryGrant, bounds: ComponentBounds, source?: string): BoundsError {
  const { minimumBytes, firmBytes } = bounds;
  const availableBytes = grant.effectiveBytes;
  const isMinimum = code === 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY';
  const needed = isMinimum ? minimumBytes : firmBytes;
  const message = [
    `The components ${isMinimum ? 'need at least' : 'may grow to'} ${formatBytes(needed)}, ${formatBytes(needed - availableBytes)} more than the ` +
      `${formatBytes(availableBytes)} that are available: ${grantWords(grant, source)}. ` +
      `Raise the limit to ${enoughMiB(firmBytes, grant)} MiB, or have the components declare less${aboveAll(bounds, isMinimum ? 'minimumBytes' : 'firmBytes')}:`,
    ...treeLines(bounds, mostLines),
  ].join('\n');
  return Object.assign(new SpillwayError(code, message), { availableBytes, minimumBytes, firmBytes }) as BoundsError;
}

export function isBoundsError(error: unknown): error is BoundsError {
  return error instanceof SpillwayError && 'availableBytes' in error;
}

/** The one that would make the most of it. Of one component there is nobody else. */
function aboveAll(bounds: ComponentBounds, key: keyof BoundFigures): string {
  const declaring = flat(bounds).filter(({ self }) => self[key] > 0);
  const largest = declaring.reduce<ComponentBounds | undefined>((most, each) => (most === undefined || each.self[key] > most.self[key] ? each : most), undefined);
  if (largest === undefined || declaring.length < 2) return '';
  return `, above all '${statusKey(largest.name)}' with ${formatBytes(largest.self[key])}`;
}

function flat(bounds: ComponentBounds): ComponentBounds[] {
  return [bounds, ...bounds.children.flatMap(flat)];
}

function grantWords({ initialBytes, slopFactor }: MemoryGrant, source?: string): string {
  const from = source === undefined ? '' : ` (${printable(source)})`;
  const less = slopFactor === 0 ? '' : `, less ${Number((slopFactor * 100).toFixed(1))} % for what is not declared`;
  return `a limit of ${formatBytes(initialBytes)}${from}${less}`;
}

/** A limit with which both fit. One byte on top makes up for what the grant rounds off. */
function enoughMiB(neededBytes: number, { slopFactor }: MemoryGrant): number {
  return Math.ceil((neededBytes + (slopFactor === 0 ? 0 : 1)) / (1 - slopFactor) / MiB);
}
