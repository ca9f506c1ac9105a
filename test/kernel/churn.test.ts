import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { trials } from '../support/trials';
import { MiB } from './support/program';
import { useSupervisors, type Started } from './support/supervisors';

const { create } = useSupervisors();
const safetyReadMs = 1000;
const seconds = trials(8, 30);

function units({ lines }: Started): number {
  return lines.all.length;
}

test(`a worker that reads files bigger than the mark over and over is left alone (${seconds} s), and so are its neighbours`, async () => {
  // Of the guest's disk: the pages of other file systems are not like those of ext4.
  const folder = mkdtempSync(join(existsSync('/scratch') ? '/scratch' : '/var/tmp', 'spillway-churn-'));
  try {
    const pool = await create({ limits: { highBytes: 48 * MiB }, safetyReadMs });
    const honest = [await pool.start('honest', [], { id: 'honest-1' }), await pool.start('honest', [], { id: 'honest-2', retriable: true })];
    const reader = await pool.start('reader', [join(folder, 'big'), 96], { id: 'reader', retriable: true });
    await reader.lines.line('pass 1');
    for (const { lines } of honest) await lines.line('unit 1');

    const [begin, high] = [performance.now(), pool.pool.counter('high', 'memory.events.local')];
    const [breaches, passes, done] = [pool.breaches.length, reader.lines.all.length, honest.map(units)];
    await delay(seconds * 1000);
    const ended = performance.now();
    const told = pool.breaches.slice(breaches);

    const counted = pool.pool.counter('high', 'memory.events.local') - high;
    const progress = honest.map((each, index) => units(each) - (done[index] ?? 0));
    const { counts } = pool.supervisor.status();
    console.info(
      `churn, ${seconds} s: ${counted} high events, ${told.length} breaches told, ${counts.kills} kills, ` +
        `${reader.lines.all.length - passes} passes of 96 MiB, honest units ${progress.join(' and ')}`,
    );
    expect(counted).toBeGreaterThan(told.length * 2);
    expect(counts).toMatchObject({ kills: 0, shortBreaches: 0, reliefRounds: 0, kernelOomKills: 0 });
    expect(pool.victims).toEqual([]);
    // No time is asserted: the longer it really took, the more may come; the first may be of before.
    expect(told.length).toBeLessThanOrEqual(Math.floor((ended - begin) / safetyReadMs) + 2);
    expect(told.length).toBeGreaterThan(0);
    for (const breach of told) {
      expect(breach.short).toBe(false);
      expect(breach.reason).toMatch(/not short: only .* cannot be reclaimed, the rest is cache/);
    }
    expect(Math.min(...progress)).toBeGreaterThan(0);
    await reader.lines.line(`pass ${passes + 1}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a hog beside such a worker is found, and the reader lives', async () => {
  const folder = mkdtempSync(join(existsSync('/scratch') ? '/scratch' : '/var/tmp', 'spillway-churn-'));
  try {
    const pool = await create({ limits: { highBytes: 64 * MiB } });
    const reader = await pool.start('reader', [join(folder, 'big'), 96], { id: 'reader' });
    await reader.lines.line('pass 1');

    const hog = await pool.start('hog', [8, 4, 10, 400], { id: 'hog', retriable: true });
    const report = await pool.relief(1);

    expect(report).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog' }] });
    expect(await hog.worker.exited).toMatchObject({ cause: 'spillway' });
    const passes = reader.lines.all.length;
    await reader.lines.line(`pass ${passes + 1}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
