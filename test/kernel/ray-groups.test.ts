import { byOwner, newestFirst, oldestFirst } from '../../lib/policy';
import { retryFlags, useHolders } from './support/holders';
import { expectNobodyToKill } from './support/nobody-to-kill';

// The scenarios of the tests of Ray's other policies, with real processes. Ray kills one worker per round;
// a round of Spillway goes on until it is enough, and asks the policy again after each death. Workers are
// started in the order in which they stand.
const { hold } = useHolders();

const task = { retriable: true };
const actor = { retriable: true, kind: 'service' } as const;
const final = { retriable: false };
const retry = true;
const noRetry = false;

describe("Ray's group-by-owner policy", () => {
  const policy = byOwner();

  test('Ray 3.7 group 1: an empty pool gives nobody', async () => {
    const { pool } = await hold({}, { policy });
    await expectNobodyToKill(pool);
  });

  test('Ray 3.7 group 2: the last of a group is not retried', async () => {
    const holders = await hold({ first: { ...actor, owner: 'a' }, second: { ...task, owner: 'a' } }, { policy });
    const report = await holders.squeeze('second', 'first');
    holders.expectDeaths(report, ['second', 'first']);
    expect(retryFlags(report)).toEqual([['second', retry], ['first', noRetry]]);
    expect(report.victims[1]?.reason).toMatch(/^not to be retried: the last worker of "a"/);
  });

  test('Ray 3.7 group 3: non-retriable workers are a group of their own, the newest first', async () => {
    const holders = await hold({ retriable: { ...task, owner: 'a' }, first: { ...actor, owner: 'a', ...final }, second: { ...task, owner: 'a', ...final } }, { policy });
    const report = await holders.squeeze('retriable', 'second', 'first');
    holders.expectDeaths(report, ['retriable', 'second', 'first']);
    expect(retryFlags(report)).toEqual([['retriable', noRetry], ['second', noRetry], ['first', noRetry]]);
  });

  test('Ray 3.7 group 4: groups by size, then by the submission of their first', async () => {
    const holders = await hold({
      w1: { ...actor, owner: 'a' }, w2: { ...task, owner: 'b' }, w3: { ...actor, owner: 'b' },
      w4: { ...actor, owner: 'b' }, w5: { ...task, owner: 'a' }, w6: { ...task, owner: 'a' },
    }, { policy });
    const report = await holders.squeeze('w4', 'w6', 'w3', 'w5', 'w2', 'w1');
    holders.expectDeaths(report, ['w4', 'w6', 'w3', 'w5', 'w2', 'w1']);
    expect(retryFlags(report)).toEqual([['w4', retry], ['w6', retry], ['w3', retry], ['w5', retry], ['w2', noRetry], ['w1', noRetry]]);
  });

  test('Ray 3.7 group 5: retriable groups first, the newest of them first', async () => {
    const holders = await hold({ first: { ...actor, owner: 'a' }, second: { ...task, owner: 'b' }, third: { ...actor, owner: 'c', ...final } }, { policy });
    const report = await holders.squeeze('second', 'first', 'third');
    holders.expectDeaths(report, ['second', 'first', 'third']);
    expect(retryFlags(report)).toEqual([['second', noRetry], ['first', noRetry], ['third', noRetry]]);
  });

  test('Ray 3.7 group 6: several non-retriable workers are one group, whoever owns them, and not retried', async () => {
    const holders = await hold({ first: { ...actor, owner: 'a', ...final }, second: { ...task, owner: 'b', ...final } }, { policy });
    const report = await holders.squeeze('second', 'first');
    holders.expectDeaths(report, ['second', 'first']);
    expect(retryFlags(report)).toEqual([['second', noRetry], ['first', noRetry]]);
  });

  // Ray leaves it out. Left out means protected here, and a pool of nothing else would be left to the
  // kernel's OOM killer: so it is ranked last.
  test('Ray 3.7 group 7: an idle worker below the threshold is spared while there are others', async () => {
    const holders = await hold({ idle: { idle: true, mib: 5 }, busy: final }, { policy: byOwner({ idleBytes: '8MiB' }) });
    const report = await holders.squeeze('busy');
    holders.expectDeaths(report, ['busy']);
    expect(report.ranking.map(({ id }) => id)).toEqual(['busy', 'idle']);
  });

  test('Ray 3.7 group 8: idle workers above the threshold are killed first, the largest of them first', async () => {
    const holders = await hold(
      { 'busy too': task, busy: task, idle: { idle: true, mib: 12 }, 'large idle': { idle: true, mib: 20 } },
      { policy: byOwner({ idleBytes: '8MiB' }) },
    );
    const report = await holders.squeeze('large idle', 'idle', 'busy', 'busy too');
    holders.expectDeaths(report, ['large idle', 'idle', 'busy', 'busy too']);
    expect(retryFlags(report)).toEqual([['large idle', noRetry], ['idle', noRetry], ['busy', retry], ['busy too', noRetry]]);
  });
});

const mix = { w1: { ...task, ...final }, w2: task, w3: actor, w4: { ...actor, ...final }, w5: task };

describe("Ray's retriable LIFO policy", () => {
  test('Ray 3.7 LIFO 1: an empty pool gives nobody', async () => {
    const { pool } = await hold({}, { policy: newestFirst() });
    await expectNobodyToKill(pool);
  });

  test('Ray 3.7 LIFO 2: retriable first, then the newest', async () => {
    const holders = await hold(mix, { policy: newestFirst() });
    const report = await holders.squeeze('w5', 'w3', 'w2', 'w4', 'w1');
    holders.expectDeaths(report, ['w5', 'w3', 'w2', 'w4', 'w1']);
    expect(retryFlags(report)).toEqual([['w5', retry], ['w3', retry], ['w2', retry], ['w4', noRetry], ['w1', noRetry]]);
  });
});

describe("Ray's retriable FIFO policy", () => {
  test('Ray 3.7 FIFO 1: an empty pool gives nobody', async () => {
    const { pool } = await hold({}, { policy: oldestFirst() });
    await expectNobodyToKill(pool);
  });

  test('Ray 3.7 FIFO 2: retriable first, then the oldest', async () => {
    const holders = await hold(mix, { policy: oldestFirst() });
    const report = await holders.squeeze('w2', 'w3', 'w5', 'w1', 'w4');
    holders.expectDeaths(report, ['w2', 'w3', 'w5', 'w1', 'w4']);
    expect(retryFlags(report)).toEqual([['w2', retry], ['w3', retry], ['w5', retry], ['w1', noRetry], ['w4', noRetry]]);
  });
});
