import { SpillwayError } from '../errors';
import { quote } from '../options';
import { isWithin } from './component-name';
import { readExpr, type UsageExpr } from './usage-expr';

export type BoundKind = 'minimum' | 'firm';

/** One amount: how it comes about, and what it comes to. */
export interface Usage {
  expr: UsageExpr;
  bytes: number;
}

/** What one component has declared for itself, in the order of declaring. Never changed, only replaced. */
export type Declaration = Readonly<Record<BoundKind, readonly Usage[]>>;

const nothing: Declaration = { minimum: [], firm: [] };

/**
 * All that was declared in one registry, by the components' full names. A component that has declared nothing has no
 * entry, so names that come and go leave nothing behind.
 */
export class DeclaredBounds {
  #byName = new Map<string, Declaration>();
  /** Of all minimum and firm amounts: as each sum is a part of it, none can pass 2^53 - 1 when this does not. */
  #sumBytes = 0;

  constructor(readonly duplicates: 'refuse' | 'add') {}

  /** @throws ERR_SPILLWAY_INVALID_OPTION, ERR_SPILLWAY_ALREADY_DECLARED */
  add(component: string, kind: BoundKind, given: unknown): void {
    const { expr, value: bytes } = readExpr(given);
    const before = this.#byName.get(component) ?? nothing;
    if (this.duplicates === 'refuse' && before[kind].some((usage) => usage.expr.name === expr.name)) {
      throw alreadyDeclared(`The ${kind} amount ${quote(expr.name)} of the ${shown(component)}`);
    }
    if (!Number.isSafeInteger(this.#sumBytes + bytes)) {
      throw new SpillwayError('ERR_SPILLWAY_INVALID_OPTION', `Expected all components together to declare at most 2^53 - 1 bytes; ${quote(expr.name)} of the ${shown(component)}, ${bytes} bytes, comes on top of ${this.#sumBytes}`);
    }
    this.#sumBytes += bytes;
    this.#byName.set(component, { ...before, [kind]: [...before[kind], { expr, bytes }] });
  }

  /**
   * The declared components within `scope`, by name: each before those below it, and in the same order whatever the
   * order of declaring. ('.' sorts before every character that a segment can have.)
   */
  within(scope: string): [name: string, declaration: Declaration][] {
    return [...this.#byName].filter(([name]) => isWithin(name, scope)).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Forgets what `scope` and all below it have declared. */
  reset(scope: string): void {
    for (const [name, declaration] of this.within(scope)) {
      this.#byName.delete(name);
      this.#sumBytes -= sumOf(declaration);
    }
  }

  /** Does something that declares; when that throws, all is as it was before. */
  allOrNothing(declare: () => void): void {
    const before = { byName: new Map(this.#byName), sumBytes: this.#sumBytes };
    try {
      declare();
    } catch (error) {
      this.#byName = before.byName;
      this.#sumBytes = before.sumBytes;
      throw error;
    }
  }

  /** @throws ERR_SPILLWAY_ALREADY_DECLARED when it may not be declared once more as a whole */
  checkNew(component: string): void {
    if (this.duplicates === 'refuse' && this.#byName.has(component)) throw alreadyDeclared(`The ${shown(component)}`);
  }
}

export function bytesOf(usages: readonly Usage[]): number {
  return usages.reduce((sum, { bytes }) => sum + bytes, 0);
}

function sumOf({ minimum, firm }: Declaration): number {
  return bytesOf(minimum) + bytesOf(firm);
}

function shown(component: string): string {
  return component === '' ? 'root component' : `component '${component}'`;
}

function alreadyDeclared(what: string): SpillwayError {
  return new SpillwayError(
    'ERR_SPILLWAY_ALREADY_DECLARED',
    `${what} was declared before, and would count twice; declare it once, under a name of its own, call reset() first, or make the registry with { duplicates: 'add' }`,
  );
}
