import fc from 'fast-check';
import { promiseMs, PromisedBytes } from '../../../lib/supervisor/room/promised-bytes';

it('counts what was promised for one second', () => {
  const promised = new PromisedBytes();
  promised.add(5, 0);
  promised.add(0, 0);
  promised.add(7, 400);
  expect([0, 400, 999, 1000, 1399, 1400].map((atMs) => promised.sumAt(atMs))).toEqual([12, 12, 12, 7, 7, 0]);
});

it('is the sum of what is not older', () => {
  fc.assert(fc.property(fc.array(fc.record({ afterMs: fc.nat(600), bytes: fc.nat(100), looks: fc.boolean() })), (steps) => {
    const promised = new PromisedBytes();
    const made: { atMs: number; bytes: number }[] = [];
    let nowMs = 0;
    for (const { afterMs, bytes, looks } of steps) {
      nowMs += afterMs;
      promised.add(bytes, nowMs);
      made.push({ atMs: nowMs, bytes });
      if (looks) expect(promised.sumAt(nowMs)).toBe(made.filter(({ atMs }) => atMs + promiseMs > nowMs).reduce((sum, each) => sum + each.bytes, 0));
    }
    expect(promised.sumAt(nowMs + promiseMs)).toBe(0);
  }));
});
