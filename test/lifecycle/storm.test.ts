import { cleanRun, runProgram } from '../support/run-program';
import { trials } from '../support/trials';

interface Heard {
  callbacks: number;
  sum: number;
  last: number;
  smallest: number;
  degraded: string[];
  whileBlocked: number;
  memories: { rss: number; heapUsed: number }[];
}

const changes = trials(50_000, 1_000_000);
const rounds = 10;
const MiB = 2 ** 20;

it(`a storm of ${changes} changes raises no false breach, loses none, and leaves nothing`, async () => {
  const run = await runProgram('storm.cjs', { args: [changes, rounds], nodeOptions: ['--expose-gc'], timeLimitMs: 900_000 });
  expect(run).toMatchObject(cleanRun);
  const heard = JSON.parse(run.stdout) as Heard;

  expect(heard).toMatchObject({ sum: changes, last: changes, degraded: [] });
  expect(heard.smallest).toBeGreaterThan(0);
  expect(heard.callbacks).toBeLessThanOrEqual(changes);
  // A whole round passed meanwhile; what waited was one report, and a last one may have followed.
  expect(heard.whileBlocked).toBeGreaterThan(0);
  expect(heard.whileBlocked).toBeLessThanOrEqual(3);

  // After three rounds everything has been allocated that ever will be.
  const [warm, last] = [heard.memories[2], heard.memories.at(-1)];
  if (warm === undefined || last === undefined) throw new Error('no memory was measured');
  expect(last.rss - warm.rss).toBeLessThan(8 * MiB);
  expect(last.heapUsed - warm.heapUsed).toBeLessThan(1 * MiB);

  const growth = `rss ${((last.rss - warm.rss) / MiB).toFixed(1)} MiB, heap ${((last.heapUsed - warm.heapUsed) / MiB).toFixed(2)} MiB`;
  process.stdout.write(`storm: ${changes} changes, ${heard.callbacks} callbacks, ${heard.whileBlocked} after the blocked round, growth ${growth}\n`);
}, 920_000);
