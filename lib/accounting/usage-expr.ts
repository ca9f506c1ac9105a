import { SpillwayError } from '../errors';
import { type Bytes, invalidOption, parseBytes, parseText, quote } from '../options';

/** A number with a name. */
export interface ValueExpr {
  /** `Config`: out of the configuration. `StructSize`: the size of one item, as whoever declares it estimates it. `Constant`: any other number. */
  readonly type: 'Config' | 'StructSize' | 'Constant';
  readonly name: string;
  /** Bytes, or how many there are of something. From 0 to 2^53 - 1. */
  readonly value: number;
}

/** What the parts come to when they are multiplied (none: 1) or added (none: 0). */
export interface CompoundExpr {
  readonly type: 'Product' | 'Sum';
  readonly name: string;
  readonly values: readonly UsageExpr[];
}

/**
 * How an amount of memory comes about: plain data, in the JSON of Saluki's usage expressions. Products and sums
 * have a name besides, which Saluki drops.
 */
export type UsageExpr = ValueExpr | CompoundExpr;

/** Nothing that people write is nested as deep; a ring of objects is. */
const deepest = 32;
const valueTypes: readonly unknown[] = ['Config', 'StructSize', 'Constant'];

/**
 * Makes expressions, frozen ones. Names have 1 to 256 characters, none of them a control character; values are whole numbers from 0 to
 * 2^53 - 1, or strings such as `'64MiB'`. Each function throws `ERR_SPILLWAY_INVALID_OPTION` for anything else, and
 * for an expression that comes to more than 2^53 - 1 or is nested deeper than 32 levels.
 */
export const UsageExpr = {
  config: (name: string, value: Bytes): UsageExpr => parseExpr({ type: 'Config', name, value }),
  constant: (name: string, value: Bytes): UsageExpr => parseExpr({ type: 'Constant', name, value }),
  /** The size of one item. JavaScript tells no sizes, so it is an estimate; `v8.getHeapStatistics()` before and after making many gives a good one. */
  sized: (name: string, bytes: Bytes): UsageExpr => parseExpr({ type: 'StructSize', name, value: bytes }),
  product: (name: string, ...values: UsageExpr[]): UsageExpr => parseExpr({ type: 'Product', name, values }),
  sum: (name: string, ...values: UsageExpr[]): UsageExpr => parseExpr({ type: 'Sum', name, values }),
  /** What it comes to: from 0 to 2^53 - 1. Also takes what `JSON.parse` made of an expression. */
  evaluate: (expr: UsageExpr): number => readExpr(expr).value,
};

function parseExpr(given: unknown): UsageExpr {
  return readExpr(given).expr;
}

/** A frozen copy of an expression from anywhere, and what it comes to. Throws as {@link UsageExpr} says. */
export function readExpr(given: unknown, depth = 1): { expr: UsageExpr; value: number } {
  if (typeof given !== 'object' || given === null) throw invalidOption('expr', given, 'a usage expression: { type, name, value } or { type, name, values }');
  if (depth > deepest) throw invalidOption('expr', given, `a usage expression of at most ${deepest} levels`);
  const { type, name, value, values } = given as Record<string, unknown>;
  const checkedName = parseText('name', name);
  if (isValueType(type)) {
    const bytes = parseBytes(checkedName, value);
    return { expr: Object.freeze({ type, name: checkedName, value: bytes }), value: bytes };
  }
  if (type !== 'Product' && type !== 'Sum') throw invalidOption('type', type, "'Config', 'StructSize', 'Constant', 'Product' or 'Sum'");
  if (!Array.isArray(values)) throw invalidOption('values', values, 'an array of usage expressions');
  const parts = values.map((each) => readExpr(each, depth + 1));
  const result = combine(type, parts.map((part) => part.value));
  if (!Number.isSafeInteger(result)) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected the usage expression ${quote(checkedName)} to come to at most 2^53 - 1; it comes to about ${result.toExponential(2)}`);
  }
  return { expr: Object.freeze({ type, name: checkedName, values: Object.freeze(parts.map((part) => part.expr)) }), value: result };
}

function isValueType(type: unknown): type is ValueExpr['type'] {
  return valueTypes.includes(type);
}

/** Of whole numbers that are not negative, one that is too large stays so: it is rounded, but never to a safe integer. */
function combine(type: CompoundExpr['type'], values: readonly number[]): number {
  if (type === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  return values.includes(0) ? 0 : values.reduce((product, value) => product * value, 1);
}
