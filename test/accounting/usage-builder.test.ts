import { ComponentRegistry, UsageExpr } from '../../lib/accounting';
import { errorOf } from '../support/error-of';

const refused = { code: 'ERR_SPILLWAY_INVALID_OPTION' };
const sized = (name: string, value: number): object => ({ type: 'StructSize', name, value });
const constant = (name: string, value: number): object => ({ type: 'Constant', name, value });

describe('UsageBuilder', () => {
  it('makes the expressions that Saluki makes, each under the name that was given', () => {
    const registry = new ComponentRegistry();
    registry.bounds.minimum()
      .withFixedAmount('fixed', '1KiB')
      .withSized('object', 200)
      .withArray('ring', 8, 100)
      .withMap('index', 36, '1KiB', 10)
      .withExpr(UsageExpr.config('from_config', 7));
    expect(registry.toExprs()).toEqual([
      { name: 'root.min', expr: constant('fixed', 1024) },
      { name: 'root.min', expr: sized('object', 200) },
      { name: 'root.min', expr: { type: 'Product', name: 'ring', values: [sized('item', 8), constant('len', 100)] } },
      { name: 'root.min', expr: { type: 'Product', name: 'index', values: [{ type: 'Sum', name: 'entry', values: [sized('key', 36), sized('value', 1024)] }, constant('len', 10)] } },
      { name: 'root.min', expr: { type: 'Config', name: 'from_config', value: 7 } },
    ]);
    expect(registry.toTree().minimumBytes).toBe(1024 + 200 + 8 * 100 + (36 + 1024) * 10 + 7);
  });

  it('Saluki 31: the bounds of a component are the size that it states', () => {
    const registry = new ComponentRegistry();
    registry.bounds.withSubcomponent('heartbeat', { specifyBounds: (builder) => { builder.minimum().withSized('component struct', 96); } });
    expect(registry.toTree().children).toMatchObject([{ name: 'heartbeat', minimumBytes: 96, firmBytes: 96 }]);
  });

  it.each<[string, (registry: ComponentRegistry) => unknown, string]>([
    ['bytes', ({ bounds }) => bounds.minimum().withFixedAmount('cache', -1), "'cache'"],
    ['a length', ({ bounds }) => bounds.minimum().withArray('cache', 8, 1.5), "'length'"],
    ['no length', ({ bounds }) => bounds.minimum().withArray('cache', 8, undefined as unknown as number), "'length'"],
    ['bytes of an item', ({ bounds }) => bounds.minimum().withArray('cache', 'large', 5), "'itemBytes'"],
    ['bytes of a key', ({ bounds }) => bounds.minimum().withMap('cache', NaN, 1, 5), "'keyBytes'"],
    ['bytes of a value', ({ bounds }) => bounds.minimum().withMap('cache', 1, Infinity, 5), "'valueBytes'"],
    ['a product', ({ bounds }) => bounds.minimum().withArray('cache', 2 ** 50, 8), '"cache"'],
    ['an expression', ({ bounds }) => bounds.minimum().withExpr('64MiB' as unknown as UsageExpr), "'expr'"],
  ])('refuses bad %s by its name, and declares nothing', (_what, declare, named) => {
    const registry = new ComponentRegistry();
    expect(errorOf(() => declare(registry))).toMatchObject({ ...refused, message: expect.stringContaining(named) as string });
    expect(registry.toExprs()).toEqual([]);
  });

  it('refuses what brings all components together above 2^53 - 1, and names it', () => {
    const registry = new ComponentRegistry();
    registry.getOrCreate('a').bounds.minimum().withFixedAmount('most', Number.MAX_SAFE_INTEGER - 5);
    registry.getOrCreate('b').bounds.firm().withFixedAmount('five', 5);
    expect(errorOf(() => registry.getOrCreate('c').bounds.firm().withFixedAmount('one', 1))).toMatchObject({
      ...refused, message: `Expected all components together to declare at most 2^53 - 1 bytes; "one" of the component 'c', 1 bytes, comes on top of ${Number.MAX_SAFE_INTEGER}`,
    });
    expect(registry.toTree()).toMatchObject({ minimumBytes: Number.MAX_SAFE_INTEGER - 5, firmBytes: Number.MAX_SAFE_INTEGER });
  });
});

describe('an amount of a name that was used', () => {
  it('is refused', () => {
    const { bounds, ...registry } = new ComponentRegistry().getOrCreate('cache');
    bounds.minimum().withFixedAmount('index', 1);
    const declare = (): unknown => bounds.minimum().withSized('index', 2);
    expect(errorOf(declare)).toMatchObject({
      code: 'ERR_SPILLWAY_ALREADY_DECLARED', message: expect.stringMatching(/^The minimum amount "index" of the component 'cache' was declared before/) as string,
    });
    bounds.firm().withFixedAmount('index', 4);
    expect(registry.root.toTree()).toMatchObject({ minimumBytes: 1, firmBytes: 5 });
  });

  it("counts on top with duplicates: 'add', as in Saluki", () => {
    const registry = new ComponentRegistry({ duplicates: 'add' });
    registry.bounds.minimum().withFixedAmount('index', 1).withFixedAmount('index', 1);
    expect(registry.toTree().minimumBytes).toBe(2);
  });
});
