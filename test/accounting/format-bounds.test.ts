import { BoundsVerifier, type Component, ComponentRegistry, formatBounds, MemoryGrant } from '../../lib/accounting';

const MiB = 2 ** 20;

function registry(): ComponentRegistry {
  const all = new ComponentRegistry();
  const add = (component: Component, minimumBytes: number, firmBytes: number): void => {
    component.bounds.minimum().withFixedAmount('minimum', minimumBytes);
    component.bounds.firm().withFixedAmount('firm', firmBytes);
  };
  add(all, 40 * MiB, 0);
  add(all.getOrCreate('http.sessions'), 16 * MiB, 16 * MiB);
  add(all.getOrCreate('cache'), 4 * MiB, 1.5 * MiB);
  return all;
}

describe('formatBounds', () => {
  const text = (component: Component): string => formatBounds(new BoundsVerifier(MemoryGrant.withSlopFactor(128 * MiB, 0.25), component).verify());

  it('is a line of sums and a tree', () => {
    expect(text(registry()).split('\n')).toEqual([
      'Verified memory bounds: 60 MiB minimum, 77.5 MiB firm, 96 MiB available of 128 MiB',
      'Breakdown of verified bounds:',
      '- (root): 60 MiB minimum, 77.5 MiB firm',
      '  - cache: 4 MiB minimum, 5.5 MiB firm',
      '  - http: 16 MiB minimum, 32 MiB firm',
      '    - sessions: 16 MiB minimum, 32 MiB firm',
    ]);
  });

  it('of a component begins with its full name', () => {
    expect(text(registry().getOrCreate('http.sessions')).split('\n').at(-1)).toBe('- http.sessions: 16 MiB minimum, 32 MiB firm');
    expect(text(registry().getOrCreate('http')).split('\n').at(-1)).toBe('  - sessions: 16 MiB minimum, 32 MiB firm');
  });

  it('of nothing is one line', () => {
    expect(text(new ComponentRegistry()).split('\n').slice(2)).toEqual(['- (root): 0 B minimum, 0 B firm']);
  });
});
