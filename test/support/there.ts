/** What must be there; a test fails when it is not. */
export function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected it to be there');
  return value;
}
