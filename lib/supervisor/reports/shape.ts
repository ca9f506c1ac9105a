import { SpillwayError } from '../../errors';
import { quote } from '../../options';

/** Reads a value of parsed JSON, or throws and says where it stands and what is wrong with it. */
export type Reader<T> = (value: unknown, at: string) => T;

/** A reader for every field of T: one that is forgotten is a type error. */
export type Fields<T> = { [Key in keyof T]-?: Reader<T[Key]> };

/** Longer strings of fields that this version does not know are left out. */
const maxUnknownLength = 4096;

/** ERR_SPILLWAY_FILE_INVALID, for a value at a path such as `candidates[3].id`. */
export function unexpected(value: unknown, at: string, expected: string): SpillwayError {
  const where = at === '' ? 'it' : at;
  return new SpillwayError('ERR_SPILLWAY_FILE_INVALID', `Not a relief report: expected ${where} to be ${expected}, got ${value === undefined ? 'nothing' : quote(value)}`);
}

export const text: Reader<string> = (value, at) => {
  if (typeof value !== 'string') throw unexpected(value, at, 'text');
  return value;
};

export const flag: Reader<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw unexpected(value, at, 'true or false');
  return value;
};

/** A finite number. */
export const number: Reader<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unexpected(value, at, 'a number');
  // JSON has a -0, too, which is written as 0.
  return value + 0;
};

/** A number of bytes; `"max"` is the kernel's word for no limit. */
export const bytes: Reader<number> = (value, at) => (value === 'max' ? Infinity : number(value, at));

/** A time that may be unknown: NaN, which JSON writes as null. */
export const time: Reader<number> = (value, at) => (value === null ? NaN : bytes(value, at));

/** JSON has no `undefined`: null, or a field that is not there. */
export function optional<T>(of: Reader<T>): Reader<T | undefined> {
  return (value, at) => (value === undefined || value === null ? undefined : of(value, at));
}

export function nullable<T>(of: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null ? null : of(value, at));
}

export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, at) => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw unexpected(value, at, words.map((each) => `"${each}"`).join(' or '));
    return word;
  };
}

/** Of so many entries at most: what is done with a report takes time for each, or for each pair. */
export function list<T>(of: Reader<T>, maxLength = 100_000): Reader<T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > maxLength) throw unexpected(value, at, `a list of at most ${maxLength} entries`);
    return Array.from(value as unknown[], (each, place) => of(each, `${at}[${place}]`));
  };
}

/** An object with any keys. `Object.fromEntries` makes own properties, also of a worker with the name `__proto__`. */
export function map<T>(of: Reader<T>): Reader<Record<string, T>> {
  return (value, at) => Object.fromEntries(Object.entries(objectAt(value, at)).map(([key, each]) => [key, of(each, `${at}[${quote(key)}]`)]));
}

/**
 * An object with the given fields. Of others, which a newer minor version may have added, plain values are
 * kept, and whatever nests is dropped.
 */
export function record<T extends object>(fields: Fields<T>): Reader<T> {
  return (value, at) => {
    const given = objectAt(value, at);
    const read = Object.entries<Reader<unknown>>(fields).map(([key, reader]) => [key, reader(Object.hasOwn(given, key) ? given[key] : undefined, at === '' ? key : `${at}.${key}`)] as const);
    const others = Object.entries(given).filter(([key, each]) => !Object.hasOwn(fields, key) && key !== '__proto__' && isPlain(each));
    return Object.fromEntries([
      ...read.filter(([, each]) => each !== undefined),
      ...others.map(([key, each]) => [key, each === 'max' && key.endsWith('Bytes') ? Infinity : each]),
    ]) as T;
  };
}

function objectAt(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(value, at, 'an object');
  return value as Record<string, unknown>;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= maxUnknownLength);
}
