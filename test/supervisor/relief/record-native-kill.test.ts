import { ReliefRound } from '../../../lib/supervisor/relief/relief-round';
import type { Plan } from '../../../lib/supervisor/takeover/plan-keeper';
import type { PlannedKill } from '../../../lib/supervisor/takeover/planned-kill';
import { need } from '../../policy/candidates';
import { FakeClock, FakeWorker } from '../../support/fixture-pool';

const limits = { highBytes: 1000, maxBytes: Infinity };

function killed(victim: number, noticedAtMs: number, decidedAtMs: number): PlannedKill {
  return { victim, noticedAtMs, decidedAtMs, signalledAtMs: decidedAtMs + 1, exitedAtMs: decidedAtMs + 5, usage: {}, limits, bytesToFree: 50, dyingBytes: 0, freeableBytes: 100 };
}

it("a listener of 'victim' that takes its time does not shift when the native thread's other kills were", async () => {
  const clock = new FakeClock();
  const candidates = ['a', 'b'].map((id) => new FakeWorker(id, 100).candidate());
  const ranking = candidates.map(({ id }) => ({ id, reason: 'first' }));
  const plan: Plan = { candidates, ranking: { ranking, policy: 'inOrder' }, ids: new Map([[1, 'a'], [2, 'b']]) };
  const state = { usage: { pinnedBytes: 800 }, limits, short: false, markBytes: 1000, bytesToFree: 0 };
  const noticedAtMs = clock.nowMs - 200;
  const kills = [killed(1, noticedAtMs, noticedAtMs + 100), killed(2, noticedAtMs, noticedAtMs + 150)];
  const round = new ReliefRound({ ...need(0).breach, detectedAtMs: noticedAtMs }, {
    level: 'pool', pool: 'pool', reportId: 'report', dryRun: false, gauge: { measure: () => state, judge: () => state }, policy: { name: 'inOrder', rank: () => ranking },
    victimTimeoutMs: 2000, workers: () => [], closing: () => false, reclaim: () => Promise.resolve([]), warn: () => Promise.resolve({ warned: [], waitMs: 0 }), pressing: () => false,
    gone: () => false, planFor: () => plan, clock,
    takeover: { lease: () => undefined, claim: () => 'claimed', kills: () => kills.splice(0) },
    onVictim: () => { clock.nowMs += 5000; },
  });
  const { timeline } = await round.run();

  expect(timeline.filter(({ step }) => step === 'decided')).toEqual([{ step: 'decided', id: 'a', atMs: 100 }, { step: 'decided', id: 'b', atMs: 150 }]);
});
