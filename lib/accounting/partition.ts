import { SpillwayError } from '../errors';
import { formatBytes } from '../format-bytes';
import { type Bytes, invalidOption, parseBytes, parseOneOf, quote } from '../options';

export type PartitionStrategy = 'scaled' | 'equal';

/** One that gets a share. The children of a {@link ComponentBounds} are such. */
export interface Partaker {
  name: string;
  firmBytes: number;
}

export interface Share {
  name: string;
  bytes: number;
}

/**
 * Divides memory among components, to the last byte.
 *
 * - `'scaled'`: in proportion to their firm limits, to within a byte, also where there is less than they sum up to.
 *   Where all are 0, as `'equal'`.
 * - `'equal'`: the same for everybody, but nobody less than its firm limit; whoever needs more than an equal share
 *   gets just that, and the others share the rest.
 *
 * @param availableBytes from 0 to 2^53 - 1; what nobody of `components` stands for, such as the root's own bounds, is to be taken off before
 * @param components their names need not differ
 * @returns in the order of `components`; nothing for nobody
 * @throws ERR_SPILLWAY_INVALID_OPTION
 * @throws ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE with `'equal'`, when the firm limits do not fit
 */
export function partition(availableBytes: Bytes, components: readonly Partaker[], strategy: PartitionStrategy): Share[] {
  const available = parseBytes('availableBytes', availableBytes);
  const given: unknown = components;
  if (!Array.isArray(given)) throw invalidOption('components', given, 'an array of { name, firmBytes }');
  const firms = components.map(({ name, firmBytes }) => parseBytes(`firmBytes of ${quote(name)}`, firmBytes));
  const firmBytes = firms.reduce((sum, firm) => sum + firm, 0);
  if (!Number.isSafeInteger(firmBytes)) throw invalidOption('components', firmBytes, 'components with firm limits of at most 2^53 - 1 bytes together');
  const isScaled = parseOneOf('strategy', strategy, ['scaled', 'equal']) === 'scaled' && firmBytes > 0;
  const shares = isScaled ? scaled(available, firms, firmBytes) : equal(available, firms, firmBytes);
  return components.map(({ name }, index) => ({ name, bytes: shares[index] ?? 0 }));
}

/** Rounds the sums instead of the shares, so that nothing is left over. Products pass 2^53, so they are big integers. */
function scaled(available: number, firms: readonly number[], firmBytes: number): number[] {
  const upTo = (sum: number): number => Number((BigInt(available) * BigInt(sum)) / BigInt(firmBytes));
  let sum = 0;
  return firms.map((firm) => {
    const before = upTo(sum);
    sum += firm;
    return upTo(sum) - before;
  });
}

function equal(available: number, firms: readonly number[], firmBytes: number): number[] {
  if (firmBytes > available) {
    const error = new SpillwayError(
      'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE',
      `The firm limits sum up to ${formatBytes(firmBytes)}, ${formatBytes(firmBytes - available)} more than the ${formatBytes(available)} to be divided; raise these, lower those, or divide in proportion ('scaled')`,
    );
    throw Object.assign(error, { availableBytes: available, firmBytes });
  }
  // In this order, once an equal share of what is left is enough for one, it is enough for all after it.
  const neediestFirst = firms.map((firm, index) => ({ firm, index })).sort((a, b) => b.firm - a.firm);
  const shares: number[] = [];
  let left = available;
  neediestFirst.forEach(({ firm, index }, place) => {
    const bytes = Math.max(firm, Math.floor(left / (firms.length - place)));
    shares[index] = bytes;
    left -= bytes;
  });
  return shares;
}
