const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * Writes bytes as people read them: `'412 MiB'`, `'1.5 GiB'`, `'23.4 GiB'`. Three figures (four from
 * 1000 to 1023), so off by at most 0.5 %: enough to tell 1.46 GiB in use from a mark of 1.5 GiB.
 * `Infinity` is `'max'`, the kernel's word. `parseBytes` reads every result that is not negative.
 */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return bytes === Infinity ? 'max' : String(bytes);
  if (bytes < 0) return `-${formatBytes(-bytes)}`;
  let value = bytes;
  let unit = 0;
  // The rounded value decides: one byte less than 1 GiB is '1 GiB', not '1024 MiB'.
  while (round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${round(value)} ${units[unit] ?? ''}`;
}

function round(value: number): number {
  const steps = value < 10 ? 100 : value < 100 ? 10 : 1;
  return Math.round(value * steps) / steps;
}
