import fc from 'fast-check';

/** What texts of the kernel are made of, and what they should not be made of. */
const pieces = [
  '', '\n', '\r\n', '\r', '\v', '\u2028', '\0', '\ufffd', '\ud800', ' ', '  ', '\t', '-', ' - ', ':', '0::', ',', '=', '.', '/', '/..', '/../', '//', '\\', '\\040', '\\134', '\\012',
  '\\777', '(', ')', ' (deleted)', '"', '{', '}', '[', '__proto__', 'null', 'max', 'ro', 'rw', 'cgroup2', 'no', '0', '1', '-1', '0x10', '1e999', '9007199254740992',
  '18446744073709551616', '9'.repeat(400), 'x'.repeat(300),
] as const;

/** `count` is how many characters the edit is about. Positions count from the start, beyond the end from there again. */
type Edit = (text: string, at: number, count: number) => string;

const edit: fc.Arbitrary<Edit> = fc.oneof(
  // Puts something in the place of something, or of nothing.
  fc.tuple(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 4 })), fc.boolean()).map(
    ([piece, keep]): Edit => (text, at, count) => text.slice(0, at) + piece + text.slice(keep ? at : at + count),
  ),
  fc.constant<Edit>((text, at) => text.slice(0, at)),
  fc.constant<Edit>((text, at) => text.slice(at)),
  fc.constant<Edit>((text, at, count) => text.slice(0, at) + text.slice(at + count)),
  fc.constant<Edit>((text, at, count) => text.slice(0, at + count) + text.slice(at)),
  fc.constant<Edit>((text) => text.replaceAll('\n', '\r\n')),
  fc.nat(63).map((bit): Edit => (text, at) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (bit + 1)) + text.slice(at + 1)),
);

/** Texts of a corpus with a few changes each, two of them joined now and then. Shrinks to fewer changes. */
export function mutated(corpus: readonly string[]): fc.Arbitrary<string> {
  const whole = fc.constantFrom(...corpus);
  const edits = fc.array(fc.tuple(edit, fc.nat(), fc.nat(40)), { maxLength: 6 });
  const more = fc.oneof({ arbitrary: fc.constant(''), weight: 4 }, { arbitrary: whole, weight: 1 });
  return fc.tuple(whole, more, edits).map(([first, second, changes]) =>
    changes.reduce((text, [change, at, count]) => change(text, at % (text.length + 1), count), first + second),
  );
}

/** Texts of 256 Ki characters: a parser that does for each of them what takes time in proportion to all would take minutes. */
export function longTexts(corpus: readonly string[]): string[] {
  const length = 2 ** 18;
  const repeated = [...pieces, ...corpus].filter(Boolean).map((text) => text.repeat(Math.ceil(length / text.length)));
  const stretched = corpus.map((text, at) => {
    const piece = [' ', '\t', '9', '/..', ',', '\n'][at % 6] ?? '';
    return text.slice(0, text.length / 2) + piece.repeat(length / piece.length) + text.slice(text.length / 2);
  });
  return [...repeated, ...stretched];
}
