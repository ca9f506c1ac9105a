import fc from 'fast-check';
import { exitBlame, exitCause, mayBeAbort, retryHint, type EndFacts, type KillFacts } from '../../lib/supervisor/exit-cause';

const plain: EndFacts = { code: null, signal: 'SIGKILL', kill: undefined, asked: undefined, aborted: false, heapIsFull: false, kernelKilledFor: undefined };
const relief: KillFacts = { for: 'relief', level: 'pool', reportId: 'r' };
const close: KillFacts = { for: 'close' };
const request: KillFacts = { for: 'request' };

describe('exitCause', () => {
  // The first row that fits decides: a full heap, what was asked for, a code, another signal than SIGKILL, the kernel, Spillway, the rest.
  it.each<[string, Partial<EndFacts>, string]>([
    ['a code', { code: 0, signal: null }, 'exit'],
    ['a code other than 0', { code: 137, signal: null }, 'exit'],
    ['a code, while Spillway was about to kill it', { code: 0, signal: null, kill: relief }, 'exit'],
    ['a code at close', { code: 0, signal: null, kill: close }, 'exit'],
    ['a code after an abort', { code: 1, signal: null, aborted: true }, 'exit'],
    ['a code though the kernel killed something around it', { code: 1, signal: null, kernelKilledFor: 'worker' }, 'exit'],
    ['its own SIGSEGV', { signal: 'SIGSEGV' }, 'signal'],
    ['its own SIGSEGV, while Spillway was about to kill it', { signal: 'SIGSEGV', kill: relief }, 'signal'],
    ["somebody's SIGTERM at close", { signal: 'SIGTERM', kill: close }, 'signal'],
    ['an AbortSignal', { signal: 'SIGTERM', aborted: true }, 'aborted'],
    ['an AbortSignal, though the kernel killed something around it', { signal: 'SIGTERM', aborted: true, kernelKilledFor: 'worker' }, 'aborted'],
    ['SIGKILL from outside', {}, 'signal'],
    ["SIGKILL by the user's kill()", { kill: request }, 'signal'],
    ['an AbortSignal with killSignal SIGKILL', { aborted: true }, 'aborted'],
    ['the OOM killer', { kernelKilledFor: 'worker' }, 'kernel-oom'],
    ['the OOM killer, on account of the host', { kernelKilledFor: 'host' }, 'kernel-oom'],
    ['the OOM killer, after an abort', { kernelKilledFor: 'pool', aborted: true }, 'kernel-oom'],
    // What it counts as its kill is its kill, whoever else has signalled it by then.
    ['the OOM killer, and Spillway', { kernelKilledFor: 'pool', kill: relief }, 'kernel-oom'],
    ['the OOM killer, and close()', { kernelKilledFor: 'group', kill: close }, 'kernel-oom'],
    ["the OOM killer, and the user's kill()", { kernelKilledFor: 'worker', kill: request }, 'kernel-oom'],
    ['Spillway', { kill: relief }, 'spillway'],
    ['Spillway, after an abort', { kill: relief, aborted: true }, 'spillway'],
    ['close()', { kill: close }, 'closed'],
    ['close(), after an abort', { kill: close, aborted: true }, 'closed'],
    ['close() asked, and it returned', { code: 0, signal: null, asked: close }, 'closed'],
    ['close() asked, and it returned badly', { code: 1, signal: null, asked: close, kill: close }, 'closed'],
    ['close() asked by SIGTERM, and it had no handler', { signal: 'SIGTERM', asked: close }, 'closed'],
    ['close() asked, and killed it when it did not end', { asked: close, kill: close }, 'closed'],
    ['close() asked, and the OOM killer came', { asked: close, kernelKilledFor: 'pool' }, 'kernel-oom'],
    ['close() asked while relief went on, which killed it', { asked: close, kill: relief }, 'spillway'],
    ['close() asked, and somebody killed it', { asked: close }, 'signal'],
    ['Spillway asked, and it returned', { code: 0, signal: null, asked: relief }, 'spillway'],
    ['Spillway asked, and killed it when it did not end', { asked: relief, kill: relief }, 'spillway'],
    ['no heap left', { signal: 'SIGABRT', heapIsFull: true }, 'v8-heap'],
    ['no heap left, below a shell', { code: 134, signal: null, heapIsFull: true }, 'v8-heap'],
    ['no heap left at close', { signal: 'SIGABRT', heapIsFull: true, asked: close }, 'v8-heap'],
    ['no heap left, on a processor that traps', { signal: 'SIGTRAP', heapIsFull: true }, 'v8-heap'],
    ['those words, and then another end', { code: 1, signal: null, heapIsFull: true }, 'exit'],
    ['those words, and then the OOM killer', { heapIsFull: true, kernelKilledFor: 'worker' }, 'kernel-oom'],
    ['abort() for another reason', { signal: 'SIGABRT' }, 'signal'],
    ['an end of which nobody can tell more', { code: null, signal: null }, 'exit'],
    ['the same, which Spillway has killed', { code: null, signal: null, kill: relief }, 'spillway'],
    ['the same, killed at close', { code: null, signal: null, kill: close }, 'closed'],
    ['the same, asked to end', { code: null, signal: null, asked: close }, 'closed'],
    ["the same, by the user's kill()", { code: null, signal: null, kill: request }, 'signal'],
    ['the same, by the OOM killer', { code: null, signal: null, kernelKilledFor: 'pool' }, 'kernel-oom'],
  ])('%s', (_what, facts, cause) => {
    expect(exitCause({ ...plain, ...facts })).toBe(cause);
  });
});

it.each<[Pick<EndFacts, 'code' | 'signal'>, boolean]>([
  [{ code: null, signal: 'SIGABRT' }, true],
  [{ code: null, signal: 'SIGTRAP' }, true],
  [{ code: null, signal: 'SIGILL' }, true],
  [{ code: 134, signal: null }, true],
  [{ code: null, signal: 'SIGKILL' }, false],
  [{ code: 0, signal: null }, false],
  [{ code: null, signal: null }, false],
])('an end with %j may be an abort(): %s', (end, may) => {
  expect(mayBeAbort(end)).toBe(may);
});

describe('exitBlame', () => {
  it.each<[Parameters<typeof exitBlame>[0], Partial<EndFacts>, ReturnType<typeof exitBlame>]>([
    ['kernel-oom', { kernelKilledFor: 'worker' }, 'own-limit'],
    ['kernel-oom', { kernelKilledFor: 'group' }, 'group-limit'],
    ['kernel-oom', { kernelKilledFor: 'pool' }, 'pool'],
    ['kernel-oom', { kernelKilledFor: 'host' }, 'host'],
    // The limit that the kernel acted for, and not the one that Spillway came for a moment later.
    ['kernel-oom', { kernelKilledFor: 'worker', kill: relief }, 'own-limit'],
    ['spillway', { kill: { ...relief, level: 'worker' } }, 'own-limit'],
    ['spillway', { kill: { ...relief, level: 'group' } }, 'group-limit'],
    ['spillway', { kill: relief }, 'pool'],
    ['spillway', { asked: { ...relief, level: 'group' } }, 'group-limit'],
    ['spillway', { kill: relief, kernelKilledFor: 'worker' }, 'pool'],
    ['closed', { kill: close, kernelKilledFor: 'pool' }, undefined],
    ['exit', { kernelKilledFor: 'worker' }, undefined],
    ['signal', { kill: request, kernelKilledFor: 'worker' }, undefined],
    ['aborted', {}, undefined],
    ['v8-heap', {}, undefined],
  ])('of %s with %j is %s', (cause, facts, blame) => {
    expect(exitBlame(cause, { ...plain, ...facts })).toBe(blame);
  });
});

describe('retryHint', () => {
  it.each<[...Parameters<typeof retryHint>, string]>([
    ['kernel-oom', 'own-limit', 'bigger'],
    ['kernel-oom', 'group-limit', 'elsewhere'],
    ['kernel-oom', 'pool', 'elsewhere'],
    ['kernel-oom', 'host', 'elsewhere'],
    ['kernel-oom', undefined, 'elsewhere'],
    ['spillway', 'own-limit', 'bigger'],
    ['spillway', 'group-limit', 'elsewhere'],
    ['spillway', 'pool', 'elsewhere'],
    ['v8-heap', undefined, 'bigger'],
    ['closed', undefined, 'elsewhere'],
    ['exit', undefined, 'no'],
    ['signal', undefined, 'no'],
    ['aborted', undefined, 'no'],
  ])('of %s on account of %s is %s', (cause, blame, hint) => {
    expect(retryHint(cause, blame)).toBe(hint);
  });
});

describe('any end', () => {
  const facts: fc.Arbitrary<EndFacts> = fc
    .record({
      end: fc.constantFrom<Pick<EndFacts, 'code' | 'signal'>>(
        { code: 0, signal: null }, { code: 3, signal: null }, { code: 134, signal: null }, { code: null, signal: 'SIGKILL' }, { code: null, signal: 'SIGTERM' },
        { code: null, signal: 'SIGABRT' }, { code: null, signal: null },
      ),
      kill: fc.constantFrom(undefined, relief, close, request),
      asked: fc.constantFrom(undefined, relief, close),
      aborted: fc.boolean(),
      heapIsFull: fc.boolean(),
      kernelKilledFor: fc.constantFrom<EndFacts['kernelKilledFor'][]>(undefined, 'worker', 'group', 'pool', 'host'),
    })
    .map(({ end, ...rest }) => ({ ...end, ...rest }));

  it('is blamed on Spillway only if Spillway signalled it, and on the kernel only if that killed', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const cause = exitCause(each);
        const mayBeSigkill = each.code === null && (each.signal === 'SIGKILL' || each.signal === null);
        if (cause === 'spillway' && each.asked?.for !== 'relief') expect([each.kill?.for, mayBeSigkill]).toEqual(['relief', true]);
        if (cause === 'closed' && each.asked?.for !== 'close') expect([each.kill?.for, mayBeSigkill]).toEqual(['close', true]);
        if (cause === 'kernel-oom') expect([each.kernelKilledFor === undefined, mayBeSigkill]).toEqual([false, true]);
        if (cause === 'aborted') expect(each.aborted).toBe(true);
        if (cause === 'v8-heap') expect([each.heapIsFull, mayBeAbort(each)]).toEqual([true, true]);
        const returned = each.code !== null || (each.signal === null && each.kill === undefined);
        if (cause === 'exit') expect(returned).toBe(true);
        if (each.code !== null) expect(['exit', 'closed', 'v8-heap', ...(each.asked === undefined ? [] : ['spillway'])]).toContain(cause);
      }),
    );
  });

  it('is blamed on a limit if and only if memory was the reason', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const cause = exitCause(each);
        expect(exitBlame(cause, each) !== undefined).toBe(cause === 'spillway' || cause === 'kernel-oom');
      }),
    );
  });

  it('is to be retried only for the sake of memory, or of close()', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const cause = exitCause(each);
        const blame = exitBlame(cause, each);
        const memory = ['kernel-oom', 'spillway', 'closed', 'v8-heap'].includes(cause);
        expect(retryHint(cause, blame) !== 'no').toBe(memory);
        if (retryHint(cause, blame) === 'bigger') expect(blame === 'own-limit' || cause === 'v8-heap').toBe(true);
      }),
    );
  });
});
