/**
 * How often a counted trial is repeated: few times in every run, and in full with
 * `SPILLWAY_TRIALS=full`.
 */
export function trials(few: number, full: number): number {
  const wanted = process.env['SPILLWAY_TRIALS'];
  if (wanted === undefined || wanted === '' || wanted === 'few') return few;
  if (wanted === 'full') return full;
  throw new Error(`Expected SPILLWAY_TRIALS to be 'few' or 'full', got ${JSON.stringify(wanted)}`);
}
