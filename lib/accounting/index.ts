export type { BoundsBuilder, MemoryBounds } from './bounds-builder';
export type { BoundFigures, ComponentBounds, NamedExpr } from './component-bounds';
export { type Component, ComponentRegistry, type ComponentRegistryOptions } from './component-registry';
export type { UsageBuilder } from './usage-builder';
export { type CompoundExpr, UsageExpr, type ValueExpr } from './usage-expr';
