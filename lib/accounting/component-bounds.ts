import { parentOf } from './component-name';
import { bytesOf, type Declaration } from './declared-bounds';
import type { UsageExpr } from './usage-expr';

export interface BoundFigures {
  minimumBytes: number;
  /** The minimum, and what was declared as firm on top of it: never less than the minimum. */
  firmBytes: number;
}

/** A component's bounds with all below it. The figures of each are safe integers from 0. */
export interface ComponentBounds extends BoundFigures {
  /** The full name, such as `'cache.index'`; `''` for the root. */
  name: string;
  /** Without those below it. */
  self: BoundFigures;
  /** Those one level below, sorted by name. */
  children: ComponentBounds[];
}

export interface NamedExpr {
  /** Such as `'root.cache.index.min'`; what was declared as firm ends in `.firm`. */
  name: string;
  expr: UsageExpr;
}

/** Makes a tree of declarations that are sorted as `DeclaredBounds.within` sorts them. */
export function toTree(scope: string, declarations: readonly [name: string, declaration: Declaration][]): ComponentBounds {
  const top = empty(scope);
  const nodes = new Map([[scope, top]]);
  const nodeOf = (name: string): ComponentBounds => {
    const known = nodes.get(name);
    if (known !== undefined) return known;
    const node = empty(name);
    nodes.set(name, node);
    nodeOf(parentOf(name)).children.push(node);
    return node;
  };
  for (const [name, { minimum, firm }] of declarations) {
    const minimumBytes = bytesOf(minimum);
    const firmBytes = minimumBytes + bytesOf(firm);
    nodeOf(name).self = { minimumBytes, firmBytes };
    for (let at = name; ; at = parentOf(at)) {
      const node = nodeOf(at);
      node.minimumBytes += minimumBytes;
      node.firmBytes += firmBytes;
      if (node === top) break;
    }
  }
  return top;
}

function empty(name: string): ComponentBounds {
  return { name, minimumBytes: 0, firmBytes: 0, self: { minimumBytes: 0, firmBytes: 0 }, children: [] };
}

/** Each component before those below it; of each first its minimum, then firm, in the order of declaring. */
export function toExprs(declarations: readonly [name: string, declaration: Declaration][]): NamedExpr[] {
  return declarations.flatMap(([name, { minimum, firm }]) => {
    const path = name === '' ? 'root' : `root.${name}`;
    return [...minimum.map(({ expr }) => ({ name: `${path}.min`, expr })), ...firm.map(({ expr }) => ({ name: `${path}.firm`, expr }))];
  });
}
