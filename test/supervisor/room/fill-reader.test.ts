import { FillReader } from '../../../lib/supervisor/room/fill-reader';
import type { PoolState } from '../../../lib/supervisor/types';

const sampled = { state: 'ok' as const, usedBytes: 800, limitBytes: 1000, sampledAtMs: 1, delayMs: 0 };
const read = (pinnedBytes: number): PoolState => ({ usage: { pinnedBytes }, limits: { highBytes: 1000 }, markBytes: 1000, short: false, bytesToFree: 0 });
const fill = (pinnedBytes: number) => ({ pinnedBytes, markBytes: 1000 });

it('without a limiter only measures', () => {
  const reader = new FillReader(() => read(5));
  expect([reader.takeSample(), reader.last, reader.refine()]).toEqual([false, undefined, false]);
  reader.measure();
  expect(reader.last).toEqual(fill(5));
});

it('takes each sample once, and none that is older than what was measured', () => {
  const reader = new FillReader(() => read(5), { status: () => sampled });
  expect([reader.takeSample(), reader.last]).toEqual([true, fill(800)]);
  reader.measure();
  expect([reader.takeSample(), reader.last]).toEqual([true, fill(5)]);
});

it('refines a sample once, and nothing that was measured', () => {
  const reader = new FillReader(() => read(5), { status: () => sampled });
  reader.takeSample();
  expect([reader.refine(), reader.refine(), reader.last]).toEqual([true, false, fill(5)]);
});

it.each([['blind' as const, undefined], ['ok' as const, fill(800)]])('files that cannot be read, the limiter %s: %j', (state, last) => {
  const reader = new FillReader(() => undefined, { status: () => ({ ...sampled, state }) });
  reader.measure();
  expect([reader.last, reader.refine()]).toEqual([last, false]);
});
