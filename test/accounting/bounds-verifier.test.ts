import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { BoundsVerifier, ComponentRegistry, MemoryGrant } from '../../lib/accounting';
import { errorOf } from '../support/error-of';
import { boundedComponent } from './bounded-component';

const verify = (limitBytes: number, registry = boundedComponent(10, 20)): unknown => new BoundsVerifier(MemoryGrant.withSlopFactor(limitBytes, 0.25), registry).verify();

describe('BoundsVerifier', () => {
  it.each([[1, 0], [10, 7]])('Saluki 4: slop 0.25, minimum 10 + firm 20: of a grant of %p not even the minimum fits', (limitBytes, availableBytes) => {
    const error = errorOf(() => verify(limitBytes));
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', availableBytes, minimumBytes: 10, firmBytes: 30 });
  });

  it.each([[14, 10], [30, 22]])('Saluki 5: into a grant of %p the minimum fits, the firm limit of 30 does not', (limitBytes, availableBytes) => {
    expect(errorOf(() => verify(limitBytes))).toMatchObject({ code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', availableBytes, minimumBytes: 10, firmBytes: 30 });
  });

  it('Saluki 6: a grant of 40 is 30, and passes', () => {
    expect(verify(40)).toMatchObject({
      availableBytes: 30, minimumBytes: 10, firmBytes: 30, grant: { initialBytes: 40 }, bounds: { name: '', children: [{ name: 'component', minimumBytes: 10, firmBytes: 30 }] },
    });
  });

  it('passes with nothing declared and nothing granted', () => {
    expect(verify(0, new ComponentRegistry())).toMatchObject({ availableBytes: 0, minimumBytes: 0, firmBytes: 0 });
  });

  it('looks at what is declared when it is asked', () => {
    const registry = boundedComponent(10, 20);
    const verifier = new BoundsVerifier(MemoryGrant.effective(30), registry);
    const { bounds } = verifier.verify();
    registry.bounds.minimum().withFixedAmount('late', 1);
    expect(errorOf(() => verifier.verify())).toMatchObject({ code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE' });
    expect(bounds.firmBytes).toBe(30);
  });

  it('checks a component alone with those below it', () => {
    const registry = boundedComponent(10, 20);
    registry.getOrCreate('other').bounds.minimum().withFixedAmount('large', 1000);
    expect(new BoundsVerifier(MemoryGrant.effective(30), registry.getOrCreate('component')).verify()).toMatchObject({ firmBytes: 30, bounds: { name: 'component' } });
  });

  it('refuses what is no grant, and what is no component', () => {
    expect(errorOf(() => new BoundsVerifier(100 as unknown as MemoryGrant, new ComponentRegistry()))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(errorOf(() => new BoundsVerifier(MemoryGrant.effective(1), {} as unknown as ComponentRegistry))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('says in each case just what the figures say', () => {
    const bytes = fc.nat(20);
    fc.assert(
      fc.property(bytes, bytes, fc.nat(60), (minimumBytes, onTop, available) => {
        const check = (): unknown => new BoundsVerifier(MemoryGrant.effective(available), boundedComponent(minimumBytes, onTop)).verify();
        if (minimumBytes + onTop <= available) expect(check()).toMatchObject({ firmBytes: minimumBytes + onTop });
        else expect(errorOf(check)).toMatchObject({ code: minimumBytes > available ? 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY' : 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE' });
      }),
    );
  });
});
