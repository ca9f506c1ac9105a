import { SpillwayError } from './errors';

/** A number of bytes: a safe integer, or a string such as `'512MiB'`, `'1.5GiB'` or `'4096'`. */
export type Bytes = number | string;

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export function invalidOption(name: string, value: unknown, expected: string): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_INVALID_OPTION',
    `Expected option '${name}' to be ${expected}, got ${quote(value)}`,
  );
}

/** Shows a bad value in a message: short, one line, and never by running code of the value. */
export function quote(value: unknown): string {
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 76)}..."` : text;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Refuses anything but a plain bag of the known keys, and names the key that is nearest to a misspelling. */
export function checkKeys(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected the options of ${owner} to be an object, got ${quote(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const near = known.find((name) => isMisspelling(key, name));
    throw new SpillwayError(
      'ERR_SPILLWAY_INVALID_OPTION',
      `Unknown option ${quote(key)} of ${owner}; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean '${near}'?`}`,
    );
  }
}

/** Another case, cut short, or a slip of the fingers: letters swapped, left out or put in. */
function isMisspelling(given: string, name: string): boolean {
  if (given.length < 2 || given.length > 2 * name.length) return false;
  const [a, b] = [given.toLowerCase(), name.toLowerCase()];
  const sorted = (word: string): string => Array.from(word).sort().join('');
  return hasInOrder(a, b) || hasInOrder(b, a) || sorted(a) === sorted(b);
}

function hasInOrder(letters: string, word: string): boolean {
  let at = -1;
  return Array.from(letters).every((letter) => (at = word.indexOf(letter, at + 1)) >= 0);
}

export interface BytesRange {
  min?: number;
  /** Whether `Infinity` and `'max'` (the kernel's word for "no limit") are allowed. */
  unlimited?: boolean;
}

/** Reads a {@link Bytes} option. Accepts whole bytes from `min` (0) to 2^53 - 1. */
export function parseBytes(name: string, value: unknown, range: BytesRange = {}): number {
  const { min = 0, unlimited = false } = range;
  const expected = `a number of bytes from ${min}, such as 536870912 or '512MiB'${unlimited ? ", or 'max'" : ''}`;
  const bytes = toBytes(value);
  if (bytes === Infinity && unlimited) return bytes;
  if (!Number.isSafeInteger(bytes) || bytes < min) throw invalidOption(name, value, expected);
  return bytes;
}

function toBytes(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return NaN;
  if (value === 'max') return Infinity;
  const match = /^(\d{1,16}(?:\.\d{1,6})?)(?: ?(B|KiB|MiB|GiB|TiB))?$/.exec(value);
  if (match === null) return NaN;
  const unit = match[2] ?? '';
  const bytes = Number(match[1]) * (unitBytes[unit] ?? NaN);
  // '1.5GiB' is whole bytes; of '0.3KiB' the fraction of a byte means nothing.
  return unit === '' || unit === 'B' ? bytes : Math.floor(bytes);
}

export interface NumberRange {
  min: number;
  max: number;
  integer?: boolean;
}

export function parseNumber(name: string, value: unknown, { min, max, integer = true }: NumberRange): number {
  if (typeof value !== 'number' || !(value >= min && value <= max) || (integer && !Number.isInteger(value))) {
    throw invalidOption(name, value, `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`);
  }
  return value;
}

export function parseBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidOption(name, value, 'true or false');
  return value;
}

export function parseOneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (!(allowed as readonly unknown[]).includes(value)) {
    throw invalidOption(name, value, allowed.map((each) => `'${each}'`).join(' or '));
  }
  return value as T;
}

/** A path that can be handed to the kernel: a non-empty string without NUL. */
export function parsePath(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalidOption(name, value, 'a path (a non-empty string without NUL)');
  }
  return value;
}

/**
 * A name that becomes one directory of the cgroup tree. The kernel refuses newlines; a slash or a
 * dot name would leave the tree; a name with a dot in it could meet a controller's file.
 */
export function parseName(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value)) {
    throw invalidOption(name, value, "a name of 1 to 64 letters, digits, '_' or '-'");
  }
  return value;
}

/** Of what appears in reports and logs: one line. */
export function parseText(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u.test(value)) {
    throw invalidOption(name, value, 'text of 1 to 256 characters without control characters');
  }
  return value;
}
