import { ComponentRegistry, type BoundsBuilder, type MemoryBounds } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

/** Saluki's BoundedComponent, with a part below it where wanted. */
function bounded(minimumBytes: number, firmBytes: number, part?: MemoryBounds): MemoryBounds {
  return {
    specifyBounds(builder) {
      builder.minimum().withFixedAmount('minimum', minimumBytes);
      builder.firm().withFixedAmount('firm', firmBytes);
      if (part !== undefined) builder.withSubcomponent('part', part);
    },
  };
}

describe('withSubcomponent', () => {
  it('has objects declare themselves, at any depth', () => {
    const registry = new ComponentRegistry();
    registry.bounds.withSubcomponent('cache', bounded(10, 20, bounded(1, 2))).withSubcomponent('http.sessions', bounded(100, 200));
    expect(registry.toTree()).toMatchObject({ minimumBytes: 111, firmBytes: 333 });
    expect(registry.toExprs().map(({ name }) => name)).toEqual([
      'root.cache.min', 'root.cache.firm', 'root.cache.part.min', 'root.cache.part.firm', 'root.http.sessions.min', 'root.http.sessions.firm',
    ]);
  });

  it('keeps the object as this', () => {
    class Cache {
      #bytes = 5;
      specifyBounds(builder: BoundsBuilder): void {
        builder.minimum().withFixedAmount('own', this.#bytes);
      }
    }
    const registry = new ComponentRegistry();
    registry.bounds.withSubcomponent('cache', new Cache());
    expect(registry.toTree().minimumBytes).toBe(5);
  });

  it('declaring twice is refused, and changes nothing', () => {
    const registry = new ComponentRegistry();
    registry.bounds.withSubcomponent('web-cache', bounded(10, 20));
    const before = registry.toTree();
    // Another spelling of the same name is the same component.
    const declare = (): unknown => registry.bounds.withSubcomponent('web_cache', { specifyBounds: (builder) => { builder.minimum().withFixedAmount('other', 1); } });
    expect(errorOf(declare)).toMatchObject({ code: 'ERR_SPILLWAY_ALREADY_DECLARED', message: expect.stringContaining("The component 'web_cache' was declared before") as string });
    expect(registry.toTree()).toEqual(before);
  });

  it("declaring twice doubles with duplicates: 'add'", () => {
    const registry = new ComponentRegistry({ duplicates: 'add' });
    for (let count = 0; count < 2; count += 1) registry.bounds.withSubcomponent('cache', bounded(10, 20, bounded(1, 2)));
    expect(registry.toTree()).toMatchObject({ minimumBytes: 22, firmBytes: 66 });
  });

  it('may come after parts of the component were declared', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('cache.index').bounds.minimum().withFixedAmount('own', 1);
    registry.bounds.withSubcomponent('cache', bounded(10, 20));
    expect(registry.toTree().minimumBytes).toBe(11);
  });

  it.each<ConstructorParameters<typeof ComponentRegistry>>([[{}], [{ duplicates: 'add' }]])('of one that throws half way declares nothing (%j)', (options) => {
    const registry = new ComponentRegistry(options);
    registry.getOrCreate('cache.index').bounds.minimum().withFixedAmount('own', 1);
    registry.getOrCreate('cached').bounds.minimum().withFixedAmount('own', 2);
    const before = registry.toTree();
    const thrown = new Error('no configuration');
    const broken: MemoryBounds = {
      specifyBounds(builder) {
        builder.reset();
        builder.minimum().withFixedAmount('own', 5);
        builder.withSubcomponent('part', bounded(10, 20));
        throw thrown;
      },
    };
    expect(errorOf(() => registry.bounds.withSubcomponent('cache', broken))).toBe(thrown);
    expect(registry.toTree()).toEqual(before);
    // And the sum that guards against overflow is what it was, too.
    registry.bounds.minimum().withFixedAmount('rest', Number.MAX_SAFE_INTEGER - 3);
    expect(registry.toTree().firmBytes).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('of one that throws takes back what it declared elsewhere, too', () => {
    const registry = new ComponentRegistry();
    const { bounds } = registry.getOrCreate('cache.index');
    bounds.minimum().withFixedAmount('own', Number.MAX_SAFE_INTEGER);
    const broken: MemoryBounds = {
      specifyBounds(builder) {
        builder.reset();
        registry.getOrCreate('other').bounds.minimum().withFixedAmount('own', Number.MAX_SAFE_INTEGER);
        throw new Error('fails');
      },
    };
    expect(() => registry.bounds.withSubcomponent('cache', broken)).toThrow('fails');
    expect(registry.toExprs()).toMatchObject([{ name: 'root.cache.index.min' }]);
    expect(registry.toTree().minimumBytes).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('lets one that catches what a part throws go on without the part', () => {
    const registry = new ComponentRegistry();
    const careful: MemoryBounds = {
      specifyBounds(builder) {
        builder.minimum().withFixedAmount('own', 1);
        expect(() => builder.withSubcomponent('part', { specifyBounds: () => { throw new Error('fails'); } })).toThrow('fails');
        builder.firm().withFixedAmount('own', 2);
      },
    };
    registry.bounds.withSubcomponent('cache', careful);
    expect(registry.toTree()).toMatchObject({ minimumBytes: 1, firmBytes: 3 });
  });

  it('refuses an async specifyBounds: what comes later would be missing in the sum', () => {
    const registry = new ComponentRegistry();
    const late: MemoryBounds = {
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the mistake of an untyped caller
      async specifyBounds(builder) {
        builder.minimum().withFixedAmount('at once', 1);
        await Promise.resolve();
      },
    };
    expect(errorOf(() => registry.bounds.withSubcomponent('late', late))).toMatchObject({
      code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining("a method that is not async (component 'late')") as string,
    });
    expect(registry.toExprs()).toEqual([]);
  });

  it.each([undefined, null, {}, 5, { specifyBounds: 5 }])('refuses %p', (component) => {
    expect(errorOf(() => new ComponentRegistry().bounds.withSubcomponent('x', component as unknown as MemoryBounds))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});

describe('reset (a gap in the tests of Saluki)', () => {
  it('forgets the bounds of a component and of all below it, and of no other', () => {
    const registry = new ComponentRegistry();
    registry.bounds.withSubcomponent('cache', bounded(10, 20, bounded(1, 2))).withSubcomponent('caches', bounded(100, 200));
    registry.bounds.subcomponent('cache').reset();
    expect(registry.toTree()).toMatchObject({ minimumBytes: 100, firmBytes: 300, children: [{ name: 'caches' }] });
    registry.bounds.reset();
    expect(registry.toTree()).toMatchObject({ minimumBytes: 0, firmBytes: 0, children: [] });
    expect(registry.toExprs()).toEqual([]);
  });

  it('lets it be declared anew, also by handles from before', () => {
    const registry = new ComponentRegistry();
    const { bounds } = registry.getOrCreate('cache.index');
    bounds.minimum().withFixedAmount('own', Number.MAX_SAFE_INTEGER);
    registry.bounds.reset();
    bounds.minimum().withFixedAmount('own', Number.MAX_SAFE_INTEGER);
    expect(registry.getOrCreate('cache').toTree().minimumBytes).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('of nothing is nothing', () => {
    const registry = new ComponentRegistry();
    expect(registry.bounds.reset().reset().subcomponent('a').reset()).toBeDefined();
    expect(registry.toExprs()).toEqual([]);
  });
});
