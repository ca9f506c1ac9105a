/**
 * Makes text safe for a terminal, and one line of it. Names of workers, groups, cgroups and processes are
 * anybody's to choose, and a report may come from a broken disk or from an attacker.
 *
 * What a terminal obeys (control characters, C1 among them) and what makes text look like other text
 * (bidirectional overrides, invisible characters, line separators, halves of surrogate pairs) becomes `?`.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}
