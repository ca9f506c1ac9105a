'use strict';

// ranking.cjs ROUNDS FILE: what it costs in processor time to rank candidates by a policy, with a reason for
// each, beside a plain sort of the same ones. Writes the rows to FILE, as JSON.

const { join } = require('node:path');
const { inTurn, writeResult } = require('./report.cjs');

/** @type {typeof import('../../lib/policy')} */
const { byOwner, byPriority, byStartTime, firstBy } = require(join(__dirname, '../../dist/policy'));

/** @typedef {import('../../lib/policy').Candidate} Candidate */

const [, , rounds = '50', file = '/dev/stdout'] = process.argv;
/** Each measurement ranks so many in all, however few at a time. */
const rankedCount = 10_000;

/** The same at each run; all kinds, as a busy pool of several tenants has them. */
function candidates(/** @type {number} */ count) {
  let state = 1;
  const random = (/** @type {number} */ below) => (state = (state * 48_271) % 2_147_483_647) % below;
  return Array.from({ length: count }, (_, index) => /** @type {Candidate} */ ({
    id: `w${index}`, group: 'default', owner: `tenant${random(20)}`, retriable: random(3) > 0, kind: random(4) > 0 ? 'task' : 'service', idle: random(5) === 0,
    startedAtMs: random(1_000_000), usage: {}, freeableBytes: random(2 ** 30), priority: random(5), attempt: 0,
  }));
}

const rung = (/** @type {Candidate} */ { idle, kind, retriable }) => (idle ? 0 : (retriable ? 1 : 3) + (kind === 'service' ? 1 : 0));

/** What one would write instead, without reasons: the rungs of byStartTime() in one comparator. */
function plainly(/** @type {Candidate[]} */ workers) {
  return workers.toSorted((a, b) => rung(a) - rung(b) || b.startedAtMs - a.startedAtMs || (a.id < b.id ? -1 : 1));
}

/** With the least that can be called a reason. */
function withReasons(/** @type {Candidate[]} */ workers) {
  return plainly(workers).map((each) => ({ id: each.id, reason: `rung ${rung(each)}, ${each.idle ? `frees ${each.freeableBytes}` : `started at ${each.startedAtMs}`}` }));
}

const counters = { low: 0, high: 1, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 };
/** @type {import('../../lib/policy').KillNeed} */
const need = {
  bytesToFree: 2 ** 28, dyingBytes: 0,
  breach: { source: 'event', cgroup: '/pool', reason: 'bench', sequence: 1, detectedAtMs: 0, usage: {}, limits: {}, short: true, counters, delta: counters },
};
const policies = [byStartTime(), byOwner(), firstBy(byPriority(), byStartTime())];

async function main() {
  const measured = [10, 100, 1000, 10_000].flatMap((count) => {
    const workers = candidates(count);
    const time = (/** @type {() => unknown[]} */ rank) => () => {
      const before = process.cpuUsage();
      for (let ranked = 0; ranked < rankedCount; ranked += count) if (rank().length !== count) throw new Error('somebody was left out');
      const { user, system } = process.cpuUsage(before);
      return (user + system) / (rankedCount / count);
    };
    return [
      { name: `toSorted() with a comparator, ${count} candidates`, unit: 'µs', basis: true, measure: time(() => plainly(workers)) },
      { name: 'the same, and a short sentence for each', unit: 'µs', measure: time(() => withReasons(workers)) },
      ...policies.map((policy) => ({ name: policy.name, unit: 'µs', measure: time(() => policy.rank(workers, need)) })),
    ];
  });
  writeResult(file, await inTurn(Number(rounds), measured));
}

main().catch((/** @type {unknown} */ error) => {
  console.error(error);
  process.exitCode = 1;
});
