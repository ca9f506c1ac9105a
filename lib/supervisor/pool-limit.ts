import { findMemoryLimit, type MemoryLimit } from '../accounting/memory-limit';
import type { LimitScope } from './containment/types';
import type { SupervisorSettings } from './supervisor-options';

/** What the pool may use now: its mark; where nobody watches one, the limit that was asked for, or what there is. */
export function poolLimit({ name, highBytes = Infinity, maxBytes }: Pick<SupervisorSettings, 'name' | 'highBytes' | 'maxBytes'>, pool: Pick<LimitScope, 'gauge'> | undefined): MemoryLimit {
  const markBytes = pool?.gauge.measure(false)?.markBytes ?? Infinity;
  if (Number.isSafeInteger(markBytes)) return { bytes: markBytes, source: `the mark of the pool ${name}` };
  const limitBytes = Math.min(highBytes, maxBytes);
  return limitBytes === Infinity ? findMemoryLimit() : { bytes: limitBytes, source: `the limits of the pool ${name}` };
}
