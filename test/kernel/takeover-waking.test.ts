import { trials } from '../support/trials';
import { blockSoon, useAnswers } from './support/answers';
import { MiB } from './support/program';
import { useSupervisors, type Started } from './support/supervisors';
import { taker } from './support/blocked';
import { until } from './support/test-cgroup';

const { create } = useSupervisors();
const answers = useAnswers();
const rounds = trials(4, 20);

test(`JavaScript wakes in the midst of a takeover, ${rounds} times at another moment: nobody is killed twice, and the reports tell it all`, async () => {
  const who: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    // Short above 98 MiB, relieved at 68: more than one has to die.
    const pool = await create({ takeoverMs: 100, limits: { highBytes: 128 * MiB }, killBufferBytes: 60 * MiB });
    const elder = await taker(pool, 16, { id: 'elder' });
    const young: Started[] = [];
    for (let number = 1; number <= 4; number++) young.push(await taker(pool, 14, { id: `young-${number}`, retriable: true }));
    await answers.armedWith(5);

    elder.tell('30');
    // From before the native thread's time to after its last kill.
    await until('the elder to have grown', () => (elder.worker.usage()?.anonBytes ?? 0) > 20 * MiB);
    await blockSoon(80 + (round * 600) / rounds);
    await until('the end of the shortage', () => pool.supervisor.status().monitor === 'ok');
    await until('the end of the round', () => pool.reliefs.some(({ after }) => !after.short));

    const told = pool.reliefs.flatMap(({ reportId, victims }) => victims.map((victim) => ({ ...victim, reportId })));
    const ids = told.map(({ id }) => id);
    expect(ids).toEqual(['young-4', 'young-3', 'young-2', 'young-1'].slice(0, ids.length));
    expect(pool.reliefs).toHaveLength(1);
    for (const { id, reportId, by, died } of told) {
      const exit = await young.find(({ worker }) => worker.id === id)?.worker.exited;
      expect(exit).toMatchObject({ cause: 'spillway', blame: 'pool', signal: 'SIGKILL', reportId });
      expect(died).toBe(true);
      // Once before a signal by JavaScript; of the native thread's kills, once after it.
      expect(pool.victims.filter((victim) => victim.id === id && victim.by === by)).toHaveLength(1);
    }
    const signals = pool.reliefs.flatMap(({ timeline }) => timeline).filter(({ step }) => step === 'signalled');
    expect(signals.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(answers.kills.length).toBe(told.filter(({ by }) => by === 'native').length);
    expect(pool.supervisor.status().counts).toMatchObject({ kills: ids.length, kernelOomKills: 0 });
    expect(elder.worker.process.exitCode).toBeNull();
    who.push(told.map(({ by }) => by[0]).join(''));
    answers.kills.length = 0;
    await pool.supervisor.close();
  }
  console.log(`killed by (j)avascript and (n)ative: ${who.join(' ')}`);
}, rounds * 60_000);
