import { checkKeys, parseOneOf } from '../options';
import { BoundsBuilder } from './bounds-builder';
import { type ComponentBounds, type NamedExpr, toExprs, toTree } from './component-bounds';
import { componentName } from './component-name';
import { DeclaredBounds } from './declared-bounds';
import type { ResourceGroup } from './resource-group';
import { ResourceGroups } from './resource-groups';

/**
 * A place in a registry: whatever a program wants to see as one part of itself. It is only a name, so it costs
 * nothing, never grows stale, and two of the same name are the same component.
 */
export class Component {
  readonly #declared: DeclaredBounds;
  readonly #groups: ResourceGroups;
  /** The full name, such as `'cache.index'`; `''` for the root. */
  readonly name: string;
  /** The registry that it belongs to. */
  readonly root: Component;
  /** Declares its bounds. */
  readonly bounds: BoundsBuilder;

  constructor(declared: DeclaredBounds, groups: ResourceGroups, name: string, root?: Component) {
    this.#declared = declared;
    this.#groups = groups;
    this.root = root ?? this;
    this.name = name;
    this.bounds = new BoundsBuilder(declared, name);
  }

  /**
   * The component of a name, relative to this one; a dotted name leads down several levels. Letters and digits of any
   * script and `_` are kept, every other character becomes `_`, segments without a letter or digit are dropped.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION when nothing is left, or the full name has more than 1024 characters
   */
  getOrCreate(name: string): Component {
    return new Component(this.#declared, this.#groups, componentName(this.name, name), this.root);
  }

  /** Its bounds and those below it as they are now: a copy. Components without bounds, and with none below, are left out. */
  toTree(): ComponentBounds {
    return toTree(this.name, this.#declared.within(this.name));
  }

  /**
   * How each amount in it and below comes about, to be written as JSON. In the same order whatever the order in which
   * components were declared: by name, each before those below it, its minimum before firm.
   */
  toExprs(): NamedExpr[] {
    return toExprs(this.#declared.within(this.name));
  }

  /**
   * The account of what it really uses: registered at the first call, and the same one until it is unregistered.
   * One that comes and goes has to be unregistered, or it stays in every status.
   */
  resourceGroup(): ResourceGroup {
    return this.#groups.getOrRegister(this.name);
  }

  /** The registered groups of it and those below it, by name. */
  resourceGroups(): ResourceGroup[] {
    return this.#groups.within(this.name);
  }
}

export interface ComponentRegistryOptions {
  /**
   * What becomes of a component that is declared a second time, or of a second amount of one name in it. Default
   * `'refuse'`: ERR_SPILLWAY_ALREADY_DECLARED. `'add'`: it counts twice, as in Saluki.
   */
  duplicates?: 'refuse' | 'add';
}

/**
 * The components of one program and their bounds. The registry is itself the root component.
 *
 * Independent of any Supervisor, and of other registries.
 */
export class ComponentRegistry extends Component {
  /** @throws ERR_SPILLWAY_INVALID_OPTION */
  constructor(options: ComponentRegistryOptions = {}) {
    checkKeys('ComponentRegistry', options, ['duplicates']);
    super(new DeclaredBounds(parseOneOf('duplicates', options.duplicates ?? 'refuse', ['refuse', 'add'])), new ResourceGroups(), '');
  }
}
