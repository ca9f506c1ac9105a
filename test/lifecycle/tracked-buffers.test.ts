import { cleanRun, runProgram } from '../support/run-program';
import { trials } from '../support/trials';

const MiB = 2 ** 20;

interface Told {
  allocations: { allocatedBytes: number; allocatedObjects: number; freedBytes: number; freedObjects: number };
  counted: boolean;
  keptBytes: number;
  arrayBuffers: number;
  heapUsed: number;
  external: number;
}

it('buffers of a group are credited when they are collected, a view keeps the whole of one, and nothing leaks', async () => {
  const count = trials(20_000, 1_000_000);
  const run = await runProgram('tracked-buffers.cjs', { args: [count], nodeOptions: ['--expose-gc'], timeLimitMs: 550_000 });
  expect(run).toMatchObject(cleanRun);
  const { allocations, counted, keptBytes, arrayBuffers, heapUsed, external } = JSON.parse(run.stdout) as Told;
  const all = count + 5000;
  expect(allocations).toEqual({ allocatedBytes: all * 1024 + 100, allocatedObjects: all + 1, freedBytes: all * 1024, freedObjects: all });
  expect({ counted, keptBytes }).toEqual({ counted: true, keptBytes: 100 });
  // 20 bytes left of each would be 20 MB in the full run: what is left does not depend on how many there were.
  for (const left of [arrayBuffers, heapUsed, external]) expect(left).toBeLessThan(2 * MiB);
}, 600_000);
