import type { BoundFigures } from '../accounting/component-bounds';
import { BoundsVerifier } from '../accounting/bounds-verifier';
import { ComponentRegistry } from '../accounting/component-registry';
import { isBoundsError } from '../accounting/bounds-error';
import { MemoryGrant } from '../accounting/memory-grant';
import type { MemoryLimit } from '../accounting/memory-limit';
import { invalidOption } from '../options';
import { overBoundBytes } from '../policy/over-bound';
import type { Candidate } from '../policy/types';
import type { BoundsSettings } from './bounds-options';
import { declaredMemory } from './declared-memory';
import type { BoundsStatus } from './types';
import type { WorkerFacts } from './worker-options';

export interface WorkerBoundsContext extends BoundsSettings {
  /** What the pool may use now: a limit may change at any time. */
  limit: () => MemoryLimit;
}

type Declaration = BoundFigures & Pick<WorkerFacts, 'id' | 'group'>;

/** What the workers of a pool have declared, all together. */
export class WorkerBounds {
  readonly #declared = new Map<string, Declaration>();
  /** Warned of already, and not fitting since. */
  #warned = false;

  constructor(private readonly context: WorkerBoundsContext) {}

  /**
   * Counts a worker in that is to be started.
   *
   * @throws ERR_SPILLWAY_INVALID_OPTION for an amount that cannot be added up
   * @throws {BoundsError} in strict mode, when it does not fit any more; then it is not counted
   */
  add(facts: WorkerFacts): void {
    this.keep(facts);
    if (this.context.mode === 'disabled' || !this.#declared.has(facts.id)) return;
    try {
      this.#verify();
      this.#warned = false;
    } catch (error) {
      if (this.context.mode === 'strict' || !isBoundsError(error)) {
        this.delete(facts.id);
        throw error;
      }
      if (!this.#warned) process.emitWarning(`${error.message}\nThey are started all the same (bounds: 'permissive').`, { type: 'SpillwayWarning', code: 'SPILLWAY_BOUNDS_EXCEEDED' });
      this.#warned = true;
    }
  }

  /** Counts one in that runs already, whether it fits or not. */
  keep({ id, group, memory }: WorkerFacts): void {
    const declared = declaredMemory(memory);
    if (declared !== undefined) this.#declared.set(id, { id, group, ...declared });
  }

  delete(id: string): void {
    this.#declared.delete(id);
  }

  /** `undefined` when nothing is added up. */
  status(candidates: readonly Candidate[]): BoundsStatus | undefined {
    const { mode, slopFactor } = this.context;
    if (mode === 'disabled') return undefined;
    const { bytes, source } = this.context.limit();
    return {
      mode,
      limitBytes: bytes,
      source,
      availableBytes: MemoryGrant.withSlopFactor(bytes, slopFactor).effectiveBytes,
      ...this.#sums(),
      over: candidates.flatMap((candidate) => {
        const overBytes = overBoundBytes(candidate);
        return overBytes > 0 ? [{ id: candidate.id, boundBytes: candidate.boundBytes ?? 0, overBytes }] : [];
      }),
    };
  }

  #verify(): void {
    for (const { minimumBytes } of this.#declared.values()) {
      if (minimumBytes === Infinity) throw invalidOption('memory.lowBytes', minimumBytes, 'an amount: what workers declare is added up (the option bounds of the supervisor)');
    }
    const { bytes, source } = this.context.limit();
    const grant = MemoryGrant.withSlopFactor(bytes, this.context.slopFactor);
    const { minimumBytes, firmBytes } = this.#sums();
    if (Math.max(minimumBytes, firmBytes) <= grant.effectiveBytes) return;
    // Only who is refused needs to see it all by name.
    new BoundsVerifier(grant, this.#components(), source).verify();
  }

  #sums(): BoundFigures {
    const sums = { minimumBytes: 0, firmBytes: 0 };
    for (const { minimumBytes, firmBytes } of this.#declared.values()) {
      sums.minimumBytes += minimumBytes;
      sums.firmBytes += firmBytes;
    }
    return sums;
  }

  /** Names of components are coarser than ids, so two workers may share one. */
  #components(): ComponentRegistry {
    const registry = new ComponentRegistry({ duplicates: 'add' });
    for (const { id, group, minimumBytes, firmBytes } of this.#declared.values()) {
      const { bounds } = registry.getOrCreate(`workers.${group}.${id.replaceAll('.', '_')}`);
      bounds.minimum().withFixedAmount('low', minimumBytes);
      bounds.firm().withFixedAmount('cap', firmBytes - minimumBytes);
    }
    return registry;
  }
}
