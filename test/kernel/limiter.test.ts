// A leak in a cgroup with memory.high: with and without a limiter on its intake.

import type * as AccountingModule from '../../lib/accounting';
import { MiB } from './support/program';
import { useScripts, type Script } from './support/scripts';
import { until, useCgroups } from './support/test-cgroup';

const { run } = useScripts();
const { make } = useCgroups();

const highBytes = 256 * MiB;
const limits = { 'memory.high': highBytes, 'memory.swap.max': 0 } as const;
const curve = { slowAtFraction: 0.5, minDelayMs: 1, maxDelayMs: 4000 };

/** Takes memory with each piece of work, and gives none back: not so fast that it could not be measured in between. */
const leak: Script<{ cgroup: string; limitBytes: number; curve: object; limited: boolean }> = async ({ lib, tell }, { cgroup, limitBytes, curve: given, limited }) => {
  const { MemoryLimiter } = lib('accounting') as typeof AccountingModule;
  const limiter = limited ? new MemoryLimiter({ cgroup, limitBytes, ...given }) : undefined;
  const held: Buffer[] = [];
  while (held.length < 2048) {
    await limiter?.waitForCapacity();
    held.push(Buffer.alloc(2 ** 18, 1));
    tell('piece', limiter?.status());
    // What was told gets out.
    await new Promise((resolve) => { setImmediate(resolve); });
  }
};

test('with the limiter it stays below memory.high, and slows as the formula says', async () => {
  const cgroup = make(limits);
  const { allTold, child } = run(leak, { cgroup: cgroup.directory, limitBytes: highBytes, curve, limited: true }, { where: cgroup });
  const slowPieces = (): AccountingModule.LimiterStatus[] => allTold<AccountingModule.LimiterStatus>('piece').filter(({ state, delayMs }) => state === 'ok' && delayMs > 0);

  await until('five slow pieces', () => slowPieces().length >= 5);

  for (const { usedBytes, delayMs } of slowPieces()) {
    expect(delayMs).toBeCloseTo(1 + 3999 * Math.min(1, (usedBytes - highBytes / 2) / (highBytes / 2)), 3);
  }
  expect(cgroup.counter('high')).toBe(0);
  expect(cgroup.number('memory.current')).toBeLessThan(highBytes);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
});

test('without it the same producer reaches memory.high', async () => {
  const cgroup = make(limits);
  run(leak, { cgroup: cgroup.directory, limitBytes: highBytes, curve, limited: false }, { where: cgroup });

  await until('memory.high to be met', () => cgroup.counter('high') > 0);
});
