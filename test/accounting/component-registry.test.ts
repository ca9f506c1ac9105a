import { ComponentRegistry, type ComponentRegistryOptions } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

describe('ComponentRegistry', () => {
  it('Saluki 10: root is the same from the registry, a child, a grandchild and a dotted name', () => {
    const registry = new ComponentRegistry();
    const child = registry.getOrCreate('child');
    for (const component of [registry, child, child.getOrCreate('grandchild'), registry.getOrCreate('a.b.c'), child.root.getOrCreate('x')]) {
      expect(component.root).toBe(registry);
    }
    expect(registry.name).toBe('');
  });

  it('resolves names relative to the scope, and each name to one component', () => {
    const registry = new ComponentRegistry();
    expect(registry.getOrCreate('a').getOrCreate('b.c').name).toBe('a.b.c');
    registry.getOrCreate('a').getOrCreate('b-1').bounds.minimum().withFixedAmount('own', 5);
    expect(registry.getOrCreate('a.b_1').toTree()).toMatchObject({ name: 'a.b_1', minimumBytes: 5 });
  });

  it('a component that is only asked for leaves nothing behind', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('a.b').bounds.minimum();
    expect(registry.toTree().children).toEqual([]);
    expect(registry.getOrCreate('a.b').toTree()).toEqual({ name: 'a.b', minimumBytes: 0, firmBytes: 0, self: { minimumBytes: 0, firmBytes: 0 }, children: [] });
  });

  it('registries know nothing of each other', () => {
    const [one, other] = [new ComponentRegistry(), new ComponentRegistry()];
    one.getOrCreate('a').bounds.minimum().withFixedAmount('own', 5);
    expect(other.toTree().minimumBytes).toBe(0);
  });

  it.each([[{ duplicates: 'keep' }], [{ duplicate: 'add' }], [null], [5]])('refuses the options %j', (options) => {
    expect(errorOf(() => new ComponentRegistry(options as ComponentRegistryOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
