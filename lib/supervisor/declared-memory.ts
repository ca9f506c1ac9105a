import type { BoundFigures } from '../accounting/component-bounds';
import type { WorkerFacts } from './worker-options';

/**
 * What a worker declares by its `memory`: what is kept for it is its minimum, and its lowest cap is what it may grow
 * to (without one it has declared no more than the minimum). `undefined` for one that declares nothing.
 */
export function declaredMemory({ minBytes = 0, lowBytes = minBytes, highBytes = Infinity, maxBytes = Infinity }: WorkerFacts['memory']): BoundFigures | undefined {
  const cap = Math.min(highBytes, maxBytes);
  if (lowBytes === 0 && cap === Infinity) return undefined;
  return { minimumBytes: lowBytes, firmBytes: cap === Infinity ? lowBytes : cap };
}
