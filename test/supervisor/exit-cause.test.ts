import fc from 'fast-check';
import { memoryEventKeys, type MemoryCounters } from '../../lib/monitor/types';
import { exitCause, retryHint, type EndFacts } from '../../lib/supervisor/exit-cause';

const none = Object.fromEntries(memoryEventKeys.map((key) => [key, 0])) as MemoryCounters;
const killedByKernel = { ...none, oom_kill: 1, oom_group_kill: 1 };
const plain: EndFacts = { code: null, signal: 'SIGKILL', killedFor: undefined, aborted: false, counters: none, oomKillsAtSignal: 0, hasOwnLimit: false };

describe('exitCause', () => {
  // The first row that fits decides: a code, another signal than SIGKILL, the kernel before Spillway, Spillway, the rest.
  it.each<[string, Partial<EndFacts>, string]>([
    ['a code', { code: 0, signal: null }, 'exit'],
    ['a code other than 0', { code: 137, signal: null }, 'exit'],
    ['a code, while Spillway was about to kill it', { code: 0, signal: null, killedFor: 'relief' }, 'exit'],
    ['a code at close', { code: 0, signal: null, killedFor: 'close' }, 'exit'],
    ['a code after an abort', { code: 1, signal: null, aborted: true }, 'exit'],
    ['a code though the kernel killed something around it', { code: 1, signal: null, counters: killedByKernel }, 'exit'],
    ['its own SIGSEGV', { signal: 'SIGSEGV' }, 'signal'],
    ['its own SIGSEGV, while Spillway was about to kill it', { signal: 'SIGSEGV', killedFor: 'relief' }, 'signal'],
    ["somebody's SIGTERM at close", { signal: 'SIGTERM', killedFor: 'close' }, 'signal'],
    ['an AbortSignal', { signal: 'SIGTERM', aborted: true }, 'aborted'],
    ['an AbortSignal, though the kernel killed something around it', { signal: 'SIGTERM', aborted: true, counters: killedByKernel }, 'aborted'],
    ['SIGKILL from outside', {}, 'signal'],
    ['SIGKILL from outside, counters unreadable', { counters: undefined }, 'signal'],
    ['an AbortSignal with killSignal SIGKILL', { aborted: true }, 'aborted'],
    ['the OOM killer', { counters: killedByKernel }, 'kernel-oom'],
    ['the OOM killer, after an abort', { counters: killedByKernel, aborted: true }, 'kernel-oom'],
    ['the OOM killer, then Spillway', { counters: killedByKernel, killedFor: 'relief', oomKillsAtSignal: 1 }, 'kernel-oom'],
    ['the OOM killer, then Spillway, counters unreadable at the end', { counters: undefined, killedFor: 'close', oomKillsAtSignal: 1 }, 'kernel-oom'],
    ['Spillway, then the OOM killer', { counters: killedByKernel, killedFor: 'relief' }, 'spillway'],
    ['Spillway', { killedFor: 'relief' }, 'spillway'],
    ['Spillway, after an abort', { killedFor: 'relief', aborted: true }, 'spillway'],
    ['close()', { killedFor: 'close' }, 'closed'],
    ['close(), after an abort', { killedFor: 'close', aborted: true }, 'closed'],
  ])('%s', (_what, facts, cause) => {
    expect(exitCause({ ...plain, ...facts })).toBe(cause);
  });
});

describe('retryHint', () => {
  const ownOom = { ...killedByKernel, oom: 1 };
  it.each<[Parameters<typeof retryHint>[0], Partial<EndFacts>, string]>([
    ['kernel-oom', { hasOwnLimit: true, counters: ownOom }, 'bigger'],
    ['kernel-oom', { hasOwnLimit: false, counters: ownOom }, 'elsewhere'],
    ['kernel-oom', { hasOwnLimit: true, counters: killedByKernel }, 'elsewhere'],
    ['kernel-oom', { hasOwnLimit: true, counters: undefined }, 'elsewhere'],
    ['spillway', { hasOwnLimit: true, counters: ownOom }, 'elsewhere'],
    ['closed', {}, 'elsewhere'],
    ['exit', { hasOwnLimit: true, counters: ownOom }, 'no'],
    ['signal', {}, 'no'],
    ['aborted', {}, 'no'],
  ])('of %s with %j is %s', (cause, facts, hint) => {
    expect(retryHint(cause, { ...plain, ...facts })).toBe(hint);
  });
});

describe('any end', () => {
  const facts: fc.Arbitrary<EndFacts> = fc
    .record({
      end: fc.constantFrom<Pick<EndFacts, 'code' | 'signal'>>(
        { code: 0, signal: null }, { code: 3, signal: null }, { code: null, signal: 'SIGKILL' }, { code: null, signal: 'SIGTERM' }, { code: null, signal: null },
      ),
      killedFor: fc.constantFrom<EndFacts['killedFor'][]>(undefined, 'relief', 'close'),
      aborted: fc.boolean(),
      counters: fc.constantFrom(undefined, none, killedByKernel, { ...killedByKernel, oom: 2 }),
      oomKillsAtSignal: fc.constantFrom(0, 1),
      hasOwnLimit: fc.boolean(),
    })
    .map(({ end, ...rest }) => ({ ...end, ...rest }));

  it('is blamed on Spillway only if Spillway signalled it, and on the kernel only if that killed', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const cause = exitCause(each);
        if (cause === 'spillway') expect([each.killedFor, each.signal]).toEqual(['relief', 'SIGKILL']);
        if (cause === 'closed') expect([each.killedFor, each.signal]).toEqual(['close', 'SIGKILL']);
        if (cause === 'kernel-oom') expect((each.counters?.oom_kill ?? 0) + each.oomKillsAtSignal).toBeGreaterThan(0);
        if (cause === 'aborted') expect(each.aborted).toBe(true);
        expect(cause === 'exit').toBe(each.code !== null);
      }),
    );
  });

  it('is to be retried only for the sake of memory, or of close()', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const cause = exitCause(each);
        const memory = ['kernel-oom', 'spillway', 'closed'].includes(cause);
        expect(retryHint(cause, each) !== 'no').toBe(memory);
        if (retryHint(cause, each) === 'bigger') expect(each.hasOwnLimit).toBe(true);
      }),
    );
  });
});
