import { type Bytes, parseBytes, parseNumber } from '../options';
import type { BoundKind, DeclaredBounds } from './declared-bounds';
import { UsageExpr } from './usage-expr';

/**
 * Adds amounts to one component's minimum, or to its firm limit. Each has a name of its own there. Bytes are whole
 * numbers from 0 to 2^53 - 1 or strings such as `'64MiB'`; lengths are whole numbers from 0. All are amounts that the
 * caller vouches for: nothing is measured, and what V8 and allocators need on top is what a grant's slop factor is for.
 *
 * Each method throws `ERR_SPILLWAY_INVALID_OPTION`, also where all components of the registry together would come to
 * more than 2^53 - 1 bytes, and `ERR_SPILLWAY_ALREADY_DECLARED` for a name that was used before.
 */
export class UsageBuilder {
  constructor(
    private readonly declared: DeclaredBounds,
    private readonly component: string,
    private readonly kind: BoundKind,
  ) {}

  /** So many bytes. */
  withFixedAmount(name: string, bytes: Bytes): this {
    return this.withExpr(UsageExpr.constant(name, bytes));
  }

  /** One object of about so many bytes: an estimate, and marked as one by its type `StructSize`. */
  withSized(name: string, bytes: Bytes): this {
    return this.withExpr(UsageExpr.sized(name, bytes));
  }

  /** `length` items of `itemBytes` each: an array, a ring, a pool of buffers. */
  withArray(name: string, itemBytes: Bytes, length: number): this {
    return this.withExpr(UsageExpr.product(name, UsageExpr.sized('item', parseBytes('itemBytes', itemBytes)), count(length)));
  }

  /** `length` entries of `keyBytes` + `valueBytes` each. What the map itself needs per entry is not added. */
  withMap(name: string, keyBytes: Bytes, valueBytes: Bytes, length: number): this {
    const key = UsageExpr.sized('key', parseBytes('keyBytes', keyBytes));
    const value = UsageExpr.sized('value', parseBytes('valueBytes', valueBytes));
    return this.withExpr(UsageExpr.product(name, UsageExpr.sum('entry', key, value), count(length)));
  }

  /** Whatever an expression comes to. */
  withExpr(expr: UsageExpr): this {
    this.declared.add(this.component, this.kind, expr);
    return this;
  }
}

function count(length: number): UsageExpr {
  return UsageExpr.constant('len', parseNumber('length', length, { min: 0, max: Number.MAX_SAFE_INTEGER }));
}
