import { MiB } from './support/program';
import { useSupervisors, type Supervised } from './support/supervisors';
import { trials } from '../support/trials';

const { create } = useSupervisors();

/** JavaScript does nothing else for so long. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** From the notice to the first signal, in milliseconds. */
function delayOf({ reliefs }: Supervised): number {
  const [report] = reliefs;
  return report?.timeline.find(({ step }) => step === 'signalled')?.atMs ?? Infinity;
}

const rounds = trials(3, 20);

test(`JavaScript blocked for 5 s in a shortage, ${rounds} rounds: the native thread kills the one that the policy would have chosen`, async () => {
  const delays: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const pool = await create({ takeoverMs: 100 });
    const elder = await pool.start('hog', [16], { id: 'elder', retriable: true });
    await elder.lines.line('held');
    const hog = await pool.start('hog', [8, 4, 0, 400], { id: 'hog', retriable: true });
    await hog.lines.line('held');
    await new Promise((resolve) => setTimeout(resolve, 500));

    hog.tell('grow');
    await new Promise(setImmediate);
    block(5000);
    const report = await pool.relief(1);

    expect(await hog.worker.exited).toMatchObject({ cause: 'spillway', blame: 'pool', reportId: report.reportId, counters: { oom_kill: 0 } });
    expect(report).toMatchObject({ outcome: 'relieved', policy: 'byStartTime', before: { short: true }, victims: [{ id: 'hog', by: 'native', died: true }], decisions: [{ by: 'native', victim: 'hog' }] });
    expect(report.victims[0]?.reason).toMatch(/started last of 2/);
    expect(report.candidates.map(({ id }) => id)).toEqual(['elder', 'hog']);
    expect(pool.supervisor.status().counts).toMatchObject({ kills: 1, kernelOomKills: 0 });
    expect(elder.worker.usage()?.anonBytes).toBeGreaterThan(16 * MiB);
    delays.push(delayOf(pool));
    await pool.supervisor.close();
  }
  console.log(`notice to signal with JavaScript blocked, takeoverMs 100: ${delays.map((ms) => ms.toFixed(1)).join(' ')} ms`);
});
