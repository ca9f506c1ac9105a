import { trials } from '../support/trials';
import { block, blockSoon, delayOf, tellDelays, useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { taker } from './support/blocked';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();
const answers = useAnswers();
const rounds = trials(2, 20);
const [takeoverMs, blockedMs] = [100, 5000];
/** Only ends a test that would hang. */
const longestMs = rounds * 60_000;
// The kernel would kill too, not far above the mark.
const limits = { highBytes: 96 * MiB, maxBytes: 144 * MiB };
// With the default, 2.4 MiB of page cache keep a throttled hog out of the shortage for seconds.
const killBufferBytes = 16 * MiB;

/** A hog beside an elder, again and again; `afterGrowth` is what JavaScript does when it has told the hog to grow. */
async function shortages(pool: Supervised, afterGrowth: () => Promise<void> | void): Promise<void> {
  const elder = await taker(pool, 16, { id: 'elder', retriable: true });
  for (let round = 1; round <= rounds; round++) {
    const hog = await taker(pool, 8, { id: `hog-${round}`, retriable: true });
    // The plan of the round before named two as well.
    await answers.rearmed(() => { hog.worker.update({ priority: 1 }); });
    hog.tell('grow 400');
    await afterGrowth();

    const exit = await hog.worker.exited;
    await until('the report', () => pool.reliefs.length >= round);
    const report = pool.reliefs[round - 1];
    if (report === undefined) throw new Error('unreachable');
    expect(exit).toMatchObject({ cause: 'spillway', blame: 'pool', reportId: report.reportId, counters: { oom_kill: 0 } });
    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: `hog-${round}`, by: 'native', died: true }], after: { short: false } });
    expect(report.decisions.filter(({ by }) => by === 'native')).toHaveLength(1);
    expect(report.timeline.filter(({ step }) => step === 'signalled')).toHaveLength(1);
    expect(answers.kills).toHaveLength(round);
    // By one clock: no timer fires early.
    expect(answers.kills.map(delayOf).at(-1)).toBeGreaterThanOrEqual(takeoverMs - 1);
    await until("'clear'", () => pool.supervisor.status().monitor === 'ok');
  }
  expect(pool.supervisor.status().counts).toMatchObject({ kills: rounds, kernelOomKills: 0 });
  expect(elder.worker.usage()?.anonBytes).toBeGreaterThan(16 * MiB);
}

/** From the last lease before each kill to its signal, or from the notice where JavaScript took none in time. */
function sinceLeases(): number[] {
  return answers.kills.map((kill) => {
    const { signalledAtMs } = kill;
    return Math.min(delayOf(kill), signalledAtMs - Math.max(...answers.leases.filter((atMs) => atMs <= signalledAtMs)));
  });
}

test(`JavaScript blocked for 5 s in a shortage, below memory.max, ${rounds} rounds: the native thread kills the hog, and the kernel nobody`, async () => {
  const pool = await create({ takeoverMs, limits, killBufferBytes });
  await shortages(pool, () => blockSoon(blockedMs));
  tellDelays('notice to signal, JavaScript blocked', answers.kills.map(delayOf), takeoverMs);
}, longestMs);

test(`JavaScript blocked for 5 s by a listener of 'victim', ${rounds} rounds: the native thread kills that victim in its place`, async () => {
  const pool = await create({ takeoverMs, limits, killBufferBytes });
  pool.supervisor.on('victim', ({ by }) => {
    if (by === 'javascript') block(blockedMs);
  });
  await shortages(pool, () => undefined);
  tellDelays("last lease to signal, a listener of 'victim' blocks", sinceLeases(), takeoverMs);
}, longestMs);

test(`JavaScript blocked for 5 s by a reclaimer, ${rounds} rounds: the native thread does not wait for it`, async () => {
  const pool = await create({ takeoverMs, limits, killBufferBytes });
  pool.supervisor.addReclaimer({
    name: 'blocking',
    reclaim: () => {
      // It is asked before the mark, too, where nobody has a lease yet.
      if (pool.supervisor.status().monitor === 'breached') block(blockedMs);
      return 0;
    },
  });
  await shortages(pool, () => undefined);
  tellDelays('last lease to signal, a reclaimer blocks', sinceLeases(), takeoverMs);
}, longestMs);
