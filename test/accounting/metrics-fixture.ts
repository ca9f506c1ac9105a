import { EventEmitter } from 'node:events';
import { ComponentRegistry, type MeasuredSupervisor, type MetricsSources } from '../../lib/accounting';
import type { SupervisorStatus } from '../../lib/supervisor/types';

/** A supervisor whose events a test makes. */
export class FakeSupervisor extends EventEmitter implements MeasuredSupervisor {
  counts: SupervisorStatus['counts'] = { shortBreaches: 3, churnBreaches: 4, stallBreaches: 0, reliefRounds: 2, kills: 1, kernelOomKills: 5 };

  constructor(readonly name = 'pool') {
    super();
  }

  status(): Pick<SupervisorStatus, 'name' | 'counts'> {
    return { name: this.name, counts: this.counts };
  }
}

/** One of everything. */
export function someSources(): MetricsSources & { registry: ComponentRegistry; supervisor: FakeSupervisor } {
  const registry = new ComponentRegistry();
  const group = registry.getOrCreate('cache').resourceGroup();
  group.allocate(100);
  group.allocate(20);
  const supervisor = new FakeSupervisor();
  const sources = { registry, supervisors: [supervisor], warm: { pages: { stats: { hits: 7 } }, slots: { stats: { affine: 8 } } } };
  return Object.defineProperty({ ...sources, supervisor }, 'supervisor', { enumerable: false });
}
