import fc from 'fast-check';
import { boundsError } from '../../lib/accounting/bounds-error';
import { BoundsVerifier, ComponentRegistry, MemoryGrant } from '../../lib/accounting';
import { boundedComponent } from './bounded-component';

const MiB = 2 ** 20;

describe('boundsError', () => {
  it('says how much is missing, of what, what would be enough, and who wants it', () => {
    const { message } = boundsError('ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', MemoryGrant.withSlopFactor('64MiB', 0.25), boundedComponent(57 * MiB, 63 * MiB).toTree(), '/sys/fs/cgroup/memory.max');
    expect(message.split('\n')).toEqual([
      'The components need at least 57 MiB, 9 MiB more than the 48 MiB that are available: a limit of 64 MiB (/sys/fs/cgroup/memory.max), less 25 % for what is not declared. ' +
        'Raise the limit to 161 MiB, or have the components declare less:',
      '- (root): 57 MiB minimum, 120 MiB firm',
      '  - component: 57 MiB minimum, 120 MiB firm',
    ]);
  });

  it('of a firm limit, without slop', () => {
    const { message } = boundsError('ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', MemoryGrant.effective(30 * MiB), boundedComponent(10 * MiB, 21 * MiB).toTree());
    expect(message).toMatch(/^The components may grow to 31 MiB, 1 MiB more than the 30 MiB that are available: a limit of 30 MiB\. Raise the limit to 31 MiB, or /);
  });

  it.each([
    ['ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY' as const, "less, above all 'http.sessions' with 9 MiB:"],
    ['ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE' as const, "less, above all 'root' with 40 MiB:"],
  ])('%s names the one component that declares the most by itself', (code, words) => {
    const registry = new ComponentRegistry();
    registry.bounds.firm().withFixedAmount('own', 40 * MiB);
    registry.getOrCreate('cache').bounds.minimum().withFixedAmount('own', 5 * MiB);
    registry.getOrCreate('http').bounds.minimum().withFixedAmount('own', 5 * MiB);
    registry.getOrCreate('http.sessions').bounds.minimum().withFixedAmount('own', 9 * MiB);
    expect(boundsError(code, MemoryGrant.effective(1), registry.toTree()).message.split('\n')[0]).toContain(words);
  });

  it('lists 20 components, and counts the others', () => {
    const registry = new ComponentRegistry();
    for (let index = 0; index < 1000; index += 1) registry.getOrCreate(`worker${index}`).bounds.minimum().withFixedAmount('own', 1);
    const lines = boundsError('ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', MemoryGrant.effective(1), registry.toTree()).message.split('\n');
    expect(lines).toHaveLength(22);
    expect(lines.at(-1)).toBe('and 981 more');
  });

  it('names a limit with which everything fits', () => {
    const bytes = fc.integer({ min: 0, max: 2 ** 45 });
    fc.assert(
      fc.property(bytes, bytes, fc.double({ min: 0, max: 0.99, noNaN: true }), (minimumBytes, onTop, slopFactor) => {
        const registry = boundedComponent(minimumBytes, onTop);
        const { message } = boundsError('ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', MemoryGrant.withSlopFactor(0, slopFactor), registry.toTree());
        const enough = /to (\d+ MiB)/.exec(message)?.[1] ?? '';
        new BoundsVerifier(MemoryGrant.withSlopFactor(enough, slopFactor), registry).verify();
      }),
    );
  });
});
