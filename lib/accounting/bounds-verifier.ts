import { invalidOption } from '../options';
import { boundsError } from './bounds-error';
import type { ComponentBounds } from './component-bounds';
import { Component } from './component-registry';
import { MemoryGrant } from './memory-grant';

/** Bounds that fit: minimumBytes <= firmBytes <= availableBytes. */
export interface VerifiedBounds {
  grant: MemoryGrant;
  /** The effective bytes of the grant. */
  availableBytes: number;
  minimumBytes: number;
  firmBytes: number;
  /** By component, as they were when they were verified. */
  bounds: ComponentBounds;
}

/** Checks that what a registry's components declare fits into a grant. */
export class BoundsVerifier {
  /**
   * @param component the registry, or a component to check alone with those below it
   * @param source where the limit comes from, for the messages of errors
   * @throws ERR_SPILLWAY_INVALID_OPTION
   */
  constructor(
    private readonly grant: MemoryGrant,
    private readonly component: Component,
    private readonly source?: string,
  ) {
    if (!((grant as unknown) instanceof MemoryGrant)) throw invalidOption('grant', grant, 'a MemoryGrant');
    if (!((component as unknown) instanceof Component)) throw invalidOption('component', component, 'a ComponentRegistry or one of its components');
  }

  /**
   * Looks at what is declared now. What fits to the last byte passes.
   *
   * @throws {BoundsError} ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY when not even the minimum fits;
   *   ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE when that does, and the firm limit does not
   */
  verify(): VerifiedBounds {
    const bounds = this.component.toTree();
    const { minimumBytes, firmBytes } = bounds;
    const availableBytes = this.grant.effectiveBytes;
    if (availableBytes < minimumBytes) throw boundsError('ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', this.grant, bounds, this.source);
    if (availableBytes < firmBytes) throw boundsError('ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', this.grant, bounds, this.source);
    return { grant: this.grant, availableBytes, minimumBytes, firmBytes, bounds };
  }
}
