/** What was thrown, for people. Anything can be thrown, also what cannot be made a string. */
export function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that has no text';
  }
}
