import * as entry from '../../../lib/process/process-entry';
import * as file from '../../../lib/process/proc-file';
import { endVictim, giveUpOn } from '../../../lib/supervisor/relief/end-victim';
import { RoundRecord } from '../../../lib/supervisor/relief/round-record';
import type { Victim } from '../../../lib/supervisor/types';
import { breach, failOnRejections, settle } from '../../support/fake-round';
import { FakeClock, FakeWorker } from '../../support/fixture-pool';

failOnRejections();

jest.mock('../../../lib/process/process-entry', () => ({ readProcess: jest.fn() }));
jest.mock('../../../lib/process/proc-file', () => ({ readProcFile: jest.fn() }));

let clock: FakeClock;
let record: RoundRecord;
beforeEach(() => {
  clock = new FakeClock();
  record = new RoundRecord(breach, { reportId: 'r', pool: 'pool', level: 'group', id: 'g', dryRun: false }, clock);
});
afterEach(() => {
  jest.resetAllMocks();
  expect(clock.waits.size).toBe(0);
});

function victimOf({ id, pid }: FakeWorker): Victim {
  const victim: Victim = { id, pid, reason: 'chosen', freeableBytes: 1, by: 'javascript', signal: 'SIGKILL', died: false };
  record.victims.push(victim);
  return victim;
}
const end = (worker: FakeWorker, victim: Victim, claim = () => true): Promise<void> =>
  endVictim(worker, victim, { level: 'group', reportId: 'r', victimTimeoutMs: 100, pressing: () => false, asks: worker.facts.graceMs > 0, claim, clock, record });

it('one that had ended already is no failure', async () => {
  const worker = new FakeWorker('a', 1, false);
  const victim = victimOf(worker);
  worker.end();
  await end(worker, victim);
  expect(victim).toMatchObject({ died: true, signal: 'SIGKILL' });
  expect([worker.stuck, victim.stuck]).toEqual([false, undefined]);
});

it('one that goes of SIGTERM is not killed; one that only says so in the last moment is', async () => {
  const [polite, late] = [new FakeWorker('polite', 1), new FakeWorker('late', 1)];
  for (const { facts } of [polite, late]) facts.graceMs = 10;
  polite.endsWhenAsked = true;
  await end(polite, victimOf(polite));
  expect([polite.asks.length, polite.kills.length]).toEqual([1, 0]);
  const ending = end(late, victimOf(late));
  await settle();
  clock.advance(10);
  await ending;
  expect([late.asks.length, late.kills.length, record.victims]).toMatchObject([1, 1, [{ signal: 'SIGTERM', died: true }, { signal: 'SIGTERM', died: true }]]);
});

it('one that was asked is claimed only before its SIGKILL: till then the native thread may have to kill it', async () => {
  const worker = new FakeWorker('a', 1);
  worker.facts.graceMs = 10;
  const claim = jest.fn(() => false);
  const ending = end(worker, victimOf(worker), claim);
  await settle();
  expect(claim).not.toHaveBeenCalled();
  clock.advance(10);
  await ending;
  expect([claim.mock.calls.length, worker.kills.length, worker.stuck]).toEqual([1, 0, false]);
});

describe('one that does not die', () => {
  const give = (state: string | undefined, wchan: string | undefined) => {
    jest.mocked(entry.readProcess).mockReturnValue(state === undefined ? undefined : { pid: 7, startTime: 1, parentPid: 1, state, sessionId: 7, name: 'x' });
    jest.mocked(file.readProcFile).mockReturnValue(wchan);
  };

  it.each([
    ['D', 'rpc_wait_bit_killable', { state: 'D', waitsFor: 'rpc_wait_bit_killable' }],
    ['R', '0', { state: 'R' }],
    ['Z', '', { state: 'Z' }],
    ['S', undefined, { state: 'S' }],
    [undefined, 'x', undefined],
  ])('state %s and wait channel %s: %j', async (state, wchan, stuck) => {
    give(state, wchan);
    const worker = new FakeWorker('a', 1, false);
    const victim = victimOf(worker);
    const ending = end(worker, victim);
    await settle();
    clock.advance(100);
    await ending;
    expect([worker.stuck, victim.died, victim.stuck]).toEqual([true, false, stuck]);
    expect(JSON.parse(JSON.stringify(victim))).toMatchObject({ died: false });
  });

  it('with no descriptor left to look: it is given up all the same', () => {
    jest.mocked(entry.readProcess).mockImplementation(() => { throw new Error('EMFILE'); });
    const worker = new FakeWorker('a', 1, false);
    giveUpOn(worker, record);
    expect(worker.stuck).toBe(true);
  });

  it('and is no victim of this round: only the time line tells', () => {
    give('D', '0');
    giveUpOn(new FakeWorker('b', 1, false), record);
    const state = { usage: {}, limits: {}, short: true, markBytes: 1, bytesToFree: 1 };
    expect(record.report('no-candidate', state, state, 'p')).toMatchObject({ victims: [], timeline: [{ step: 'noticed' }, { step: 'stuck', id: 'b' }] });
  });
});
