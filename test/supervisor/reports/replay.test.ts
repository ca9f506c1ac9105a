import fc from 'fast-check';
import { byStartTime, selectVictims, type Candidate, type KillPolicy } from '../../../lib/policy';
import { replay } from '../../../lib/supervisor/reports/replay';
import type { Decision, ReliefReport } from '../../../lib/supervisor/types';
import { arbitraryCandidates, candidate, MiB, need } from '../../policy/candidates';
import { arbitraryReport } from './arbitrary-report';
import { decision, jobs, reportOf, victim } from './reports-of';

const largest: KillPolicy = { name: 'largest', rank: (all) => [...all].sort((a, b) => (b.freeableBytes ?? 0) - (a.freeableBytes ?? 0)).map(({ id }) => ({ id, reason: 'size' })) };
const inOrder = (...ids: string[]): KillPolicy => ({ name: 'inOrder', rank: (all) => ids.filter((id) => all.some((each) => each.id === id)).map((id) => ({ id, reason: 'given' })) });
const nobody: KillPolicy = { name: 'nobody', rank: () => [] };

/** A round as the supervisor makes it, of workers that do not grow; each death gives what it promised. */
function roundOf(policy: KillPolicy, candidates: readonly Candidate[], bytesToFree: number): ReliefReport {
  const decisions: Decision[] = [];
  let living = candidates;
  let missing = bytesToFree;
  while (missing > 0) {
    const asked = need(missing, { minVictimBytes: 2 });
    const [chosen] = selectVictims(policy.rank(living, asked), living, asked);
    decisions.push(decision(living, { bytesToFree: missing, minVictimBytes: 2, ...(chosen !== undefined && { victim: chosen.id }) }));
    if (chosen === undefined) break;
    missing -= Math.max(0, living.find(({ id }) => id === chosen.id)?.freeableBytes ?? 0);
    living = living.filter(({ id }) => id !== chosen.id);
  }
  const victims = decisions.flatMap(({ victim: id }) => (id === undefined ? [] : [victim(id)]));
  return reportOf({ candidates: [...candidates], decisions, victims, outcome: missing > 0 ? 'no-candidate' : 'relieved' });
}

it('the same policy would have done the same', () => {
  const { reports, summary, policy } = replay([reportOf()], byStartTime());
  expect(policy).toBe('byStartTime');
  expect(reports).toEqual([
    {
      reportId: '0b8f3c52-6f0e-4a64-9a55-0d6d7f0c2f11', atIso: '2026-11-21T03:12:09.412Z', limit: { level: 'pool' }, before: ['build-7'], would: ['build-7'], same: true,
      beforeLoss: { victims: 1, freedBytes: 412 * MiB, notRetriable: 0, retriable: 1, idle: 0 }, wouldLoss: { victims: 1, freedBytes: 412 * MiB, notRetriable: 0, retriable: 1, idle: 0 }, covered: true,
      ranking: [expect.objectContaining({ id: 'build-7' }), expect.objectContaining({ id: 'build-3' }), expect.objectContaining({ id: 'db' })] as unknown,
    },
  ]);
  expect(summary).toEqual({ reports: 1, same: 1, before: reports[0]?.beforeLoss, would: reports[0]?.wouldLoss, notCovered: 0, policyErrors: 0 });
});

it('another policy chooses others, of the sizes of that decision', () => {
  const { reports, summary } = replay([reportOf()], inOrder('db'));
  expect(reports[0]).toMatchObject({ before: ['build-7'], would: ['db'], same: false, differsAt: 0, covered: true, wouldLoss: { victims: 1, freedBytes: 120 * MiB, notRetriable: 1, retriable: 0 } });
  expect(summary).toMatchObject({ reports: 1, same: 0, notCovered: 0 });
});

it('follows the round as long as the choice is the same, then covers what was left of it', () => {
  const workers = [candidate('a', { freeableBytes: 100 }), candidate('b', { freeableBytes: 100 }), candidate('c', { freeableBytes: 60 }), candidate('d', { freeableBytes: 50 })];
  const report = reportOf({
    candidates: workers,
    decisions: [
      decision(workers, { bytesToFree: 180, minVictimBytes: 0, victim: 'a' }),
      // The others have grown: b by 10, and the need by 20.
      decision([candidate('b', { freeableBytes: 110 }), ...workers.slice(2)], { bytesToFree: 100, minVictimBytes: 0, victim: 'b' }),
    ],
    victims: [victim('a'), victim('b')],
  });
  expect(replay([report], inOrder('a', 'c', 'd', 'b')).reports[0]).toMatchObject({ would: ['a', 'c', 'd'], differsAt: 1, covered: true });
  // At the first decision 180 were asked for, of which a was to give 100; the 20 on top came later.
  expect(replay([report], inOrder('d', 'c', 'a', 'b')).reports[0]).toMatchObject({ would: ['d', 'c', 'a'], differsAt: 0, wouldLoss: { freedBytes: 210 }, covered: true });
});

it('what is dying already counts', () => {
  const workers = [candidate('a', { freeableBytes: 50 }), candidate('b', { freeableBytes: 50 })];
  const report = reportOf({ candidates: workers, decisions: [decision(workers, { bytesToFree: 120, dyingBytes: 80, minVictimBytes: 0, victim: 'a' })], victims: [victim('a')] });
  expect(replay([report], inOrder('b', 'a')).reports[0]).toMatchObject({ would: ['b'], covered: true });
});

it('a policy that protects too much does not cover the need', () => {
  const { reports, summary } = replay([reportOf()], nobody);
  expect(reports[0]).toMatchObject({ would: [], same: false, differsAt: 0, covered: false, wouldLoss: { victims: 0, freedBytes: 0 } });
  expect(summary.notCovered).toBe(1);
});

it('where nobody died, and nobody would have, it is the same', () => {
  const helpless = reportOf({ outcome: 'no-candidate', victims: [], decisions: [decision(jobs)] });
  expect(replay([helpless], nobody).reports[0]).toMatchObject({ before: [], would: [], same: true, covered: false });
  expect(replay([helpless], largest).reports[0]).toMatchObject({ before: [], would: ['build-7'], same: false, differsAt: 0, covered: true });
  expect(replay([reportOf({ victims: [], decisions: [] })], largest).reports[0]).toMatchObject({ before: [], would: [], same: true, covered: true });
});

it("a worker over its own mark dies under any policy, and the policy isn't asked", () => {
  const own = reportOf({ limit: { level: 'worker', id: 'build-7' } });
  expect(replay([own], nobody).reports[0]).toMatchObject({ before: ['build-7'], would: ['build-7'], same: true, covered: true });
});

it('a policy that throws is replaced, as in a supervisor', () => {
  const broken: KillPolicy = { name: 'broken', rank: () => { throw new Error('oops'); } };
  const { reports, summary } = replay([reportOf()], broken);
  expect(reports[0]).toMatchObject({ would: ['build-7'], policyError: 'the policy "broken" was not used: it threw Error: oops' });
  expect(summary.policyErrors).toBe(1);
});

it('workers with the names of object properties are workers', () => {
  const workers = [candidate('__proto__'), candidate('toString')];
  const report = reportOf({ candidates: workers, decisions: [decision(workers, { victim: '__proto__' })], victims: [victim('__proto__')] });
  expect(replay([report], inOrder('toString')).reports[0]).toMatchObject({ would: ['toString'] });
  const others = { ...report, decisions: [decision([candidate('a')], { victim: 'a' })] };
  expect(replay([others], inOrder('toString')).reports[0]).toMatchObject({ would: [] });
});

it('what a round did, the same policy would do', () => {
  fc.assert(
    fc.property(fc.constantFrom(byStartTime(), largest), arbitraryCandidates, fc.integer({ min: 1, max: 60 }), (policy, candidates, bytes) => {
      const sound = candidates.filter(({ freeableBytes }) => freeableBytes === undefined || freeableBytes >= 0);
      const report = roundOf(policy, sound, bytes);
      expect(replay([report], policy).reports[0]).toMatchObject({ same: true, covered: report.outcome === 'relieved', would: report.victims.map(({ id }) => id) });
    }),
  );
});

it('any report can be replayed, and is not changed', () => {
  fc.assert(
    fc.property(arbitraryReport, (report) => {
      const copy = structuredClone(report);
      expect(replay([report], largest).summary.reports).toBe(1);
      expect(report).toEqual(copy);
    }),
  );
});
