import fc from 'fast-check';
import { type ComponentBounds, ComponentRegistry } from '../../lib/accounting';
import { isWithin } from '../../lib/accounting/component-name';

function declare(registry: ComponentRegistry, name: string, minimumBytes: number, firmBytes: number): void {
  const { bounds } = name === '' ? registry : registry.getOrCreate(name);
  bounds.minimum().withFixedAmount('own', minimumBytes);
  bounds.firm().withFixedAmount('own', firmBytes);
}

describe('toTree', () => {
  it('rolls figures up: firm on top of minimum, children included', () => {
    const registry = new ComponentRegistry();
    declare(registry, '', 1, 2);
    declare(registry, 'a', 10, 20);
    declare(registry, 'a.b.c', 100, 200);
    expect(registry.toTree()).toEqual({
      name: '', minimumBytes: 111, firmBytes: 333, self: { minimumBytes: 1, firmBytes: 3 }, children: [
        { name: 'a', minimumBytes: 110, firmBytes: 330, self: { minimumBytes: 10, firmBytes: 30 }, children: [
          { name: 'a.b', minimumBytes: 100, firmBytes: 300, self: { minimumBytes: 0, firmBytes: 0 }, children: [
            { name: 'a.b.c', minimumBytes: 100, firmBytes: 300, self: { minimumBytes: 100, firmBytes: 300 }, children: [] },
          ] },
        ] },
      ],
    });
    expect(registry.getOrCreate('a.b').toTree()).toEqual(registry.toTree().children[0]?.children[0]);
  });

  it('shows a component that declares 0 bytes', () => {
    const registry = new ComponentRegistry();
    declare(registry, 'a', 0, 0);
    expect(registry.toTree().children).toMatchObject([{ name: 'a', firmBytes: 0 }]);
  });

  it('is a copy', () => {
    const registry = new ComponentRegistry();
    declare(registry, 'a', 1, 2);
    const before = registry.toTree();
    before.children.length = 0;
    expect(registry.toTree().children).toHaveLength(1);
  });

  it('keeps names of JavaScript apart', () => {
    const registry = new ComponentRegistry();
    for (const name of ['__proto__', 'constructor', 'toString.valueOf', 'root']) declare(registry, name, 1, 1);
    expect(registry.toTree().children.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'root', 'toString']);
    expect(registry.toTree().firmBytes).toBe(8);
  });
});

describe('toExprs (a gap in the tests of Saluki)', () => {
  it('is by name, parents first, minimum before firm, each as declared', () => {
    const registry = new ComponentRegistry();
    declare(registry, 'b', 1, 2);
    declare(registry, 'a_', 3, 4);
    declare(registry, 'a.z', 5, 6);
    registry.getOrCreate('a').bounds.firm().withFixedAmount('z', 7).withFixedAmount('a', 8);
    declare(registry, '', 9, 10);
    const shown = registry.toExprs().map(({ name, expr }) => `${name} ${expr.name} ${String('value' in expr && expr.value)}`);
    expect(shown).toEqual([
      'root.min own 9', 'root.firm own 10',
      'root.a.firm z 7', 'root.a.firm a 8',
      'root.a.z.min own 5', 'root.a.z.firm own 6',
      'root.a_.min own 3', 'root.a_.firm own 4',
      'root.b.min own 1', 'root.b.firm own 2',
    ]);
    expect(JSON.stringify(registry.toExprs()[0])).toBe('{"name":"root.min","expr":{"type":"Constant","name":"own","value":9}}');
    expect(registry.getOrCreate('a').toExprs().map(({ name }) => name)).toEqual(['root.a.firm', 'root.a.firm', 'root.a.z.min', 'root.a.z.firm']);
  });

  it('does not depend on the order of declaring', () => {
    const segment = fc.constantFrom('a', 'a0', 'a_', 'A', 'ä', '東', '𝒳');
    const names = fc.uniqueArray(fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('.')), { maxLength: 12 });
    fc.assert(
      fc.property(names.chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length }))), ([one, other]) => {
        const [a, b] = [one, other].map((order) => {
          const registry = new ComponentRegistry();
          for (const name of order) declare(registry, name, 1, 1);
          return registry;
        });
        expect(a?.toExprs()).toEqual(b?.toExprs());
        expect(a?.toTree()).toEqual(b?.toTree());
        // Each directly before all below it.
        const listed = a?.toExprs().map(({ name }) => name.replace(/\.(min|firm)$/, '')) ?? [];
        for (const name of listed) {
          const block = listed.slice(listed.indexOf(name), listed.indexOf(name) + listed.filter((each) => isWithin(each, name)).length);
          expect(block.every((each) => isWithin(each, name))).toBe(true);
        }
      }),
    );
  });
});

describe('sums', () => {
  const name = fc.constantFrom('', 'a', 'b', 'a.x', 'a.y', 'b.x.y', 'ab');
  const bytes = fc.oneof(fc.nat(100), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.constant(Number.MAX_SAFE_INTEGER));
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('minimum' as const, 'firm' as const), name, bytes }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reset' as const, 'fail' as const), name, bytes }) },
  );

  /** Checks a node and all below it against what was declared, exactly. */
  function check(node: ComponentBounds, declared: readonly { name: string; do: string; bytes: number }[]): void {
    const sum = (pick: (each: { name: string; do: string }) => boolean): bigint =>
      declared.filter(pick).reduce((all, each) => all + BigInt(each.bytes), 0n);
    expect(BigInt(node.minimumBytes)).toBe(sum((each) => isWithin(each.name, node.name) && each.do === 'minimum'));
    expect(BigInt(node.firmBytes)).toBe(sum((each) => isWithin(each.name, node.name)));
    expect(BigInt(node.self.minimumBytes)).toBe(sum((each) => each.name === node.name && each.do === 'minimum'));
    expect(BigInt(node.self.firmBytes)).toBe(sum((each) => each.name === node.name));
    for (const figure of [node.minimumBytes, node.firmBytes]) expect(Number.isSafeInteger(figure) && figure >= 0).toBe(true);
    for (const child of node.children) check(child, declared);
  }

  it('are never negative or unsafe, and exact after whatever was done', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const registry = new ComponentRegistry({ duplicates: 'add' });
        let declared: { name: string; do: string; bytes: number }[] = [];
        for (const each of steps) {
          const { bounds } = each.name === '' ? registry : registry.getOrCreate(each.name);
          if (each.do === 'reset') {
            bounds.reset();
            declared = declared.filter((other) => !isWithin(other.name, each.name));
          } else if (each.do === 'fail') {
            const failing = { specifyBounds: (builder: typeof bounds): never => { builder.reset().minimum().withFixedAmount('x', each.bytes); throw new Error('fails'); } };
            expect(() => bounds.withSubcomponent('x', failing)).toThrow();
          } else {
            const fits = declared.reduce((sum, other) => sum + BigInt(other.bytes), BigInt(each.bytes)) <= BigInt(Number.MAX_SAFE_INTEGER);
            const add = (): unknown => bounds[each.do as 'minimum' | 'firm']().withFixedAmount('own', each.bytes);
            if (fits) declared.push((add(), each));
            else expect(add).toThrow('2^53 - 1');
          }
          check(registry.toTree(), declared);
        }
      }),
    );
  });
});
