import fc from 'fast-check';
import { printable } from '../lib/printable';

it.each([
  ['a terminal escape', 'a\x1b[2Jb', 'a?[2Jb'],
  ['a C1 escape', 'a\x9b2Jb', 'a?2Jb'],
  ['line ends of all kinds', 'a\nb\rc\u2028d\u2029e\x85f', 'a?b?c?d?e?f'],
  ['a bidirectional override', 'a\u202egnp.exe\u2066b', 'a?gnp.exe?b'],
  ['invisible characters', 'a\u200bb\ufeffc\u00add', 'a?b?c?d'],
  ['halves of a surrogate pair', '\ud83d a \ude00', '? a ?'],
  ['other languages and signs', 'größe 大きさ 😀 ✓', 'größe 大きさ 😀 ✓'],
])('%s', (_what, text, expected) => {
  expect(printable(text)).toBe(expected);
});

it('is one line without control characters, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});
