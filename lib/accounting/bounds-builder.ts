import { types } from 'node:util';
import { invalidOption } from '../options';
import { componentName } from './component-name';
import type { DeclaredBounds } from './declared-bounds';
import { UsageBuilder } from './usage-builder';

/** An object that knows how much memory it needs. */
export interface MemoryBounds {
  /** Declares it, at once: not a method that is async. Called once, by {@link BoundsBuilder.withSubcomponent}. */
  specifyBounds(builder: BoundsBuilder): void;
}

/** Declares the bounds of one component, and of those below it. */
export class BoundsBuilder {
  constructor(
    private readonly declared: DeclaredBounds,
    private readonly component: string,
  ) {}

  /** What the component cannot do without. */
  minimum(): UsageBuilder {
    return new UsageBuilder(this.declared, this.component, 'minimum');
  }

  /** What it may grow to, *on top of* its minimum. */
  firm(): UsageBuilder {
    return new UsageBuilder(this.declared, this.component, 'firm');
  }

  /**
   * The builder of a component below this one.
   *
   * @param name relative to this one, dotted for further levels; sanitised, see `ComponentRegistry.getOrCreate`
   * @throws ERR_SPILLWAY_INVALID_OPTION
   */
  subcomponent(name: string): BoundsBuilder {
    return new BoundsBuilder(this.declared, componentName(this.component, name));
  }

  /**
   * Has an object declare itself as a component below this one. When it throws, nothing that it declared stays, wherever.
   *
   * @throws ERR_SPILLWAY_ALREADY_DECLARED when there is a component of this name with bounds of its own
   * @throws ERR_SPILLWAY_INVALID_OPTION, and what `specifyBounds` throws
   */
  withSubcomponent(name: string, component: MemoryBounds): this {
    const given = component as { specifyBounds?(builder: BoundsBuilder): unknown } | null | undefined;
    if (typeof given?.specifyBounds !== 'function') throw invalidOption('component', component, 'an object with the method specifyBounds(builder)');
    const full = componentName(this.component, name);
    this.declared.checkNew(full);
    this.declared.allOrNothing(() => {
      const result = given.specifyBounds?.(new BoundsBuilder(this.declared, full));
      // What it declares later would be missing when the sum is checked.
      if (types.isPromise(result)) throw invalidOption('specifyBounds', result, `a method that is not async (component '${full}')`);
    });
    return this;
  }

  /** Forgets the bounds of this component and of all below it, so that they can be declared anew. */
  reset(): this {
    this.declared.reset(this.component);
    return this;
  }
}
