import { useHolders } from './support/holders';
import { MiB } from './support/program';

const { hold } = useHolders();

/** Of 1 % of the mark, 4 MiB, each holds about a half. */
const limits = { highBytes: 400 * MiB };
const young = Array.from({ length: 12 }, (_, index) => `young-${index}`);

// What Ray's policy by time does there, and its users complain of: the small ones go one after the other, each
// frees next to nothing, and the leaker is the last.
test('an old leaker among twelve small young workers: the leaker dies, not they', async () => {
  const holders = await hold({ leaker: { mib: 200, kind: 'service' } }, { limits });
  await holders.start(Object.fromEntries(young.map((id) => [id, { mib: 1, retriable: true }])));

  holders.get('leaker').tell('grow 4 1');
  const report = await holders.pool.relief(1);

  console.info(`an old leaker and ${young.length} small young workers: ${report.victims.map(({ id, freeableBytes = NaN }) => `${id} died, which held ${(freeableBytes / MiB).toFixed(1)} MiB`).join('; ')}`);
  holders.expectDeaths(report, ['leaker']);
  // By the policy alone the leaker, an old service that cannot be retried, is the last.
  expect(report).toMatchObject({ policy: 'byStartTime', decisions: [{ minVictimBytes: 4 * MiB }] });
  expect(report.ranking.map(({ id }) => id)).toEqual([...young.toReversed(), 'leaker']);
});

test('the same, idle and busy, with one young worker of some size: it goes first, then the leaker, and no small one', async () => {
  const holders = await hold({ leaker: { mib: 360, kind: 'service' } });
  const small = young.slice(0, 6);
  await holders.start({ middling: { mib: 12, retriable: true }, ...Object.fromEntries(small.map((id, index) => [id, { mib: 0, retriable: true, idle: index % 2 === 0 }])) });

  const report = await holders.squeeze('middling', 'leaker');

  console.info(`the same with one of 12 MiB: ${report.victims.map(({ id }) => id).join(', then ')} died`);
  holders.expectDeaths(report, ['middling', 'leaker']);
});
