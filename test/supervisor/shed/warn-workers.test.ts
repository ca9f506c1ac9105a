import fc from 'fast-check';
import { warnWorkers, type Warning } from '../../../lib/supervisor/shed/warn-workers';
import { idsOf } from '../../policy/candidates';
import { settle } from '../../support/fake-round';
import { FakeClock, FakeWorker } from '../../support/fixture-pool';

let clock: FakeClock;
beforeEach(() => { clock = new FakeClock(); });

function worker(id: string, shed: 'none' | 'ipc' | 'signal' = 'signal', shedMs = 100): FakeWorker {
  const made = new FakeWorker(id, 100);
  Object.assign(made.facts, { shed, shedMs });
  return made;
}
const warn = (...workers: FakeWorker[]): Promise<Warning> => warnWorkers(workers, 500, clock);

it('nobody there: nothing to wait for', async () => {
  expect(await warn()).toEqual({ warned: [], waitMs: 0 });
});

it('tells those that asked for it and do not die, and waits for the slowest', async () => {
  const dying = worker('dying');
  dying.dying = true;
  const { warned, waitMs } = await warn(worker('a'), worker('none', 'none', 9000), dying, worker('b', 'signal', 300));
  expect([idsOf(warned), waitMs]).toEqual([['a', 'b'], 300]);
});

it('the same one not again for ten seconds, but waits for what is left of its time', async () => {
  const a = worker('a');
  await warn(a);
  clock.advance(40);
  expect(await warn(a)).toEqual({ warned: [], waitMs: 60 });
  clock.advance(60);
  expect(await warn(a)).toEqual({ warned: [], waitMs: 0 });
  clock.advance(9899);
  expect((await warn(a)).warned).toEqual([]);
  clock.advance(1);
  expect(await warn(a)).toEqual({ warned: [{ id: 'a', how: 'signal' }], waitMs: 100 });
});

it('while one is being told, a second call does not tell it again', async () => {
  const a = worker('a');
  const [first, second] = await Promise.all([warn(a), warn(a)]);
  expect([idsOf(first.warned), second.warned]).toEqual([['a'], []]);
});

it('what telling takes is part of the time', async () => {
  const deaf = worker('deaf', 'ipc', 100);
  deaf.warnTarget = () => ({ id: 'deaf', how: 'ipc', shedMs: 100, child: { connected: true, send: () => true }, signal: () => true });
  const warning = warn(deaf, worker('b', 'signal', 150));
  await settle();
  clock.advance(110);
  expect(await warning).toMatchObject({ warned: [{ id: 'deaf', error: expect.stringContaining('within 100 ms') as string }, { id: 'b' }], waitMs: 40 });
  expect(clock.waits.size).toBe(0);
});

it('one that could not be told sheds nothing, and is not waited for', async () => {
  const [unheard, b] = [worker('unheard', 'ipc', 60_000), worker('b')];
  unheard.warnTarget = () => ({ id: 'unheard', how: 'ipc', shedMs: 60_000, child: undefined, signal: () => true });
  expect(await warn(unheard, b)).toMatchObject({ warned: [{ id: 'unheard', error: 'it has no open IPC channel' }, { id: 'b', how: 'signal' }], waitMs: 100 });
  // Neither by the round that comes a moment later.
  expect(await warn(unheard)).toEqual({ warned: [], waitMs: 0 });
});

it('one whose signal throws holds up nobody', async () => {
  const bad = worker('bad');
  bad.warnTarget = () => ({ id: 'bad', how: 'signal', shedMs: 100, child: undefined, signal: () => { throw new Error('EPERM'); } });
  expect(await warn(bad)).toEqual({ warned: [{ id: 'bad', how: 'signal', error: 'Error: EPERM' }], waitMs: 0 });
});

it('at any times: never waits longer than the longest shedMs, nor tells one twice in ten seconds', async () => {
  const ms = fc.integer({ min: 0, max: 12_000 });
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60_000 }), { maxLength: 4 }), fc.array(ms, { maxLength: 12 }), async (times, pauses) => {
    const workers = times.map((shedMs, index) => worker(`w${index}`, 'signal', shedMs));
    const last = new Map<string, number>();
    for (const pause of pauses) {
      clock.advance(pause);
      const { warned, waitMs } = await warn(...workers);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(Math.max(0, ...times));
      for (const { id } of warned) {
        expect(clock.now() - (last.get(id) ?? -Infinity)).toBeGreaterThanOrEqual(10_000);
        last.set(id, clock.now());
      }
    }
  }));
});
