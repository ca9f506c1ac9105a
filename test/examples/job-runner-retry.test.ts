import type { WorkerExit } from '../../lib';
import { decide, decideOnRefusal } from '../../examples/job-runner/retry.cjs';

const MIB = 2 ** 20;
const rules = { losses: 2, firstMs: 1000, longestMs: 3000, capBytes: 256 * MIB };
const fresh = { failures: 0, losses: 0 };

const exits = {
  done: { cause: 'exit', code: 0, retryHint: 'no' },
  failed: { cause: 'exit', code: 3, retryHint: 'no' },
  crashed: { cause: 'signal', code: null, retryHint: 'no' },
  aborted: { cause: 'aborted', code: null, retryHint: 'no' },
  displaced: { cause: 'spillway', code: null, retryHint: 'elsewhere' },
  tooBig: { cause: 'spillway', code: null, retryHint: 'bigger' },
  oomOfPool: { cause: 'kernel-oom', code: null, retryHint: 'elsewhere' },
  oomOfItsOwn: { cause: 'kernel-oom', code: null, retryHint: 'bigger' },
  heap: { cause: 'v8-heap', code: null, retryHint: 'bigger' },
  closed: { cause: 'closed', code: null, retryHint: 'elsewhere' },
  closedInOrder: { cause: 'closed', code: 0, retryHint: 'elsewhere' },
} as const satisfies Record<string, Pick<WorkerExit, 'cause' | 'code' | 'retryHint'>>;

function job(retries: number) {
  return { id: 'a', command: ['true'] as [string], retries };
}

describe('the first time', () => {
  it.each<[keyof typeof exits, string]>([
    ['done', 'done'],
    ['failed', 'again'],
    ['crashed', 'again'],
    ['aborted', 'again'],
    ['displaced', 'again'],
    ['oomOfPool', 'again'],
    ['closed', 'again'],
    ['closedInOrder', 'again'],
    // Without a limit of its own there is none that the runner could raise.
    ['tooBig', 'failed'],
    ['heap', 'failed'],
  ])('%s: %s', (exit, kind) => {
    expect(decide(exits[exit], job(2), fresh, rules).kind).toBe(kind);
  });

  it.each(Object.keys(exits) as (keyof typeof exits)[])('%s, and it must not be run twice', (exit) => {
    expect(decide(exits[exit], job(0), fresh, rules).kind).toBe(exit === 'done' ? 'done' : 'failed');
  });
});

it('failures and losses are counted apart, and neither uses up the other', () => {
  const before = { failures: 1, losses: 1 };
  expect(decide(exits.failed, job(2), before, rules)).toMatchObject({ kind: 'again', history: { failures: 2, losses: 1 } });
  expect(decide(exits.displaced, job(2), before, rules)).toMatchObject({ kind: 'again', history: { failures: 1, losses: 2 } });
});

it('gives up when the retries are used up', () => {
  expect(decide(exits.failed, job(2), { failures: 2, losses: 0 }, rules)).toMatchObject({ kind: 'given up', why: 'it failed 3 times; its log tells more' });
});

it.each(['displaced', 'oomOfPool'] as const)('gives up when it was lost too often: %s', (exit) => {
  const verdict = decide(exits[exit], job(9), { failures: 0, losses: 2 }, rules);
  expect(verdict).toMatchObject({ kind: 'given up', why: expect.stringMatching(/^it was lost 3 times: it leaks/) as string });
});

it.each([[0, 1000], [1, 2000], [2, 3000], [60, 3000]])('after %i failures it waits %i ms', (failures, afterMs) => {
  expect(decide(exits.failed, job(100), { failures, losses: 0 }, rules)).toMatchObject({ afterMs });
});

it.each(['tooBig', 'oomOfItsOwn', 'heap'] as const)('doubles its limit up to the mark, then gives up: %s', (exit) => {
  const withLimit = (mib: number) => decide(exits[exit], job(2), { ...fresh, memoryBytes: mib * MIB }, rules);
  expect(withLimit(64)).toMatchObject({ kind: 'again', why: 'limit raised from 64 MiB to 128 MiB', history: { ...fresh, memoryBytes: 128 * MIB } });
  expect(withLimit(200)).toMatchObject({ kind: 'again', history: { memoryBytes: 256 * MIB } });
  expect(withLimit(256)).toMatchObject({ kind: 'given up' });
  expect(withLimit(999)).toMatchObject({ kind: 'given up' });
});

it.each([
  ['ENOENT', 'failed'],
  ['EACCES', 'failed'],
  ['ERR_SPILLWAY_INVALID_OPTION', 'failed'],
  [undefined, 'failed'],
  ['EAGAIN', 'again'],
  ['ERR_SPILLWAY_SYSTEM_LIMIT', 'again'],
])('a start refused with %s: %s', (code, kind) => {
  expect(decideOnRefusal(Object.assign(new Error('no'), { code }), job(2), fresh, rules).kind).toBe(kind);
});
