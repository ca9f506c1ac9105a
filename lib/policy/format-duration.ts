/** Writes a time span from 0 ms as people read it, rounded down: `'850 ms'`, `'2.1 s'`, `'4 min'`, `'1.5 h'`, `'3 d'`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1) return 'less than 1 ms';
  if (durationMs < 1000) return `${Math.floor(durationMs)} ms`;
  if (durationMs < 60_000) return `${Math.floor(durationMs / 100) / 10} s`;
  if (durationMs < 3_600_000) return `${Math.floor(durationMs / 60_000)} min`;
  if (durationMs < 172_800_000) return `${Math.floor(durationMs / 360_000) / 10} h`;
  return `${Math.floor(durationMs / 86_400_000)} d`;
}
