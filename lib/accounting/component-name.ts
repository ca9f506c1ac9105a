import { invalidOption } from '../options';

/** Longer names are nobody's; and whatever is done per level of a name stays short. */
const longest = 1024;

/**
 * The full name of a component: `scope` and below it the segments of `dotted`. Letters and digits of any script and
 * `_` stay, every other character becomes `_`; segments without a letter or digit are dropped.
 * So `'sources.dsd-in'` is `'sources.dsd_in'`, and `'.a..b.'` is `'a.b'`.
 *
 * @param scope a full name, `''` for the root
 * @throws ERR_SPILLWAY_INVALID_OPTION when no segment is left, or the full name has more than 1024 characters
 */
export function componentName(scope: string, dotted: unknown): string {
  const segments = typeof dotted === 'string' && dotted.length <= longest ? dotted.split('.').map(sanitise).filter((segment) => segment !== '') : [];
  const name = [...(scope === '' ? [] : [scope]), ...segments].join('.');
  if (segments.length === 0 || name.length > longest) {
    throw invalidOption('name', dotted, `a dotted name such as 'cache.index', with a letter or digit in it, of at most ${longest} characters with the names above`);
  }
  return name;
}

function sanitise(segment: string): string {
  const kept = segment.replace(/[^\p{Alphabetic}\p{N}_]/gu, '_');
  return /[^_]/.test(kept) ? kept : '';
}

/** Whether a full name is `scope` or lies below it. Segments are compared whole: `'ab'` is not within `'a'`. */
export function isWithin(name: string, scope: string): boolean {
  return scope === '' || name === scope || name.startsWith(`${scope}.`);
}

/** The full name one level up; `''` is the root, and above a name of one segment. */
export function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** What a full name is called beside that of the root, `'root'`: itself, with `root.` before it where it begins so. */
export function statusKey(name: string): string {
  if (name === '') return 'root';
  return isWithin(name, 'root') ? `root.${name}` : name;
}
