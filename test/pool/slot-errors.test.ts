import fc from 'fast-check';
import { SpillwayError } from '../../lib/errors';
import { SlotAllocator, type SlotAllocatorOptions } from '../../lib/pool';
import { errorOf } from '../support/error-of';

const invalid = (message: string) => expect.objectContaining({ code: 'ERR_SPILLWAY_INVALID_OPTION', message: expect.stringContaining(message) as string }) as unknown;
const code = (name: string) => expect.objectContaining({ code: `ERR_SPILLWAY_${name}` }) as unknown;

/** Slot 0 is in use, 1 is starting, 2 is unused and warm, the others are cold. */
function make(): SlotAllocator<string> {
  const slots = new SlotAllocator<string>({ capacity: 5 });
  slots.alloc('a');
  slots.start('b');
  slots.alloc('c');
  slots.free(2, { residentBytes: 10 });
  return slots;
}

describe('the constructor', () => {
  it.each<[Record<string, unknown>, string]>([
    [{}, "'capacity'"], [{ capacity: 0 }, 'from 1 to 16777216, got 0'], [{ capacity: -1 }, 'got -1'], [{ capacity: 1.5 }, 'got 1.5'], [{ capacity: 2 ** 53 }, "'capacity'"],
    [{ capacity: NaN }, 'got NaN'], [{ capacity: '5' }, 'got "5"'], [{ capacity: 1, maxUnusedWarmSlots: -1 }, "'maxUnusedWarmSlots'"],
    [{ capacity: 1, maxUnusedWarmSlots: 2 ** 53 }, "'maxUnusedWarmSlots'"], [{ capacity: 1, maxUnusedWarmBytes: -1 }, "'maxUnusedWarmBytes'"],
    [{ capacity: 1, maxUnusedWarmBytes: 2 ** 53 }, "'maxUnusedWarmBytes'"], [{ capacity: 1, clock: {} }, "'clock'"], [{ capacity: 1, clock: null }, "'clock'"],
    [{ capacity: 1, maxWarm: 1 }, 'maxWarm'],
  ])('refuses %p', (options, message) => {
    expect(errorOf(() => new SlotAllocator(options as unknown as SlotAllocatorOptions))).toEqual(invalid(message));
  });
});

describe('a slot that does not fit the call', () => {
  type Call = [call: string, action: (slots: SlotAllocator<string>) => void, error: unknown];

  it.each<Call>([
    ['free: freed before', (slots) => { slots.free(2); }, code('SLOT_NOT_IN_USE')],
    ['free: never taken', (slots) => { slots.free(3); }, code('SLOT_NOT_IN_USE')],
    ['free: starting', (slots) => { slots.free(1); }, code('SLOT_STARTING')],
    ['free: beyond the last', (slots) => { slots.free(5); }, code('UNKNOWN_SLOT')],
    ['free: negative', (slots) => { slots.free(-1); }, code('UNKNOWN_SLOT')],
    ['free: a fraction', (slots) => { slots.free(0.5); }, code('UNKNOWN_SLOT')],
    ['free: unsafe', (slots) => { slots.free(2 ** 53); }, code('UNKNOWN_SLOT')],
    ['free: text', (slots) => { slots.free('0' as unknown as number); }, code('UNKNOWN_SLOT')],
    ['free: nothing', (slots) => { slots.free(undefined as unknown as number); }, code('UNKNOWN_SLOT')],
    ['free: a whole grant', (slots) => { slots.free({ slot: 0 } as unknown as number); }, code('UNKNOWN_SLOT')],
    ['discard: cold', (slots) => { slots.discard(3); }, code('SLOT_NOT_IN_USE')],
    ['discard: starting', (slots) => { slots.discard(1); }, code('SLOT_STARTING')],
    ['discard: unknown', (slots) => { slots.discard(NaN); }, code('UNKNOWN_SLOT')],
    ['started: in use', (slots) => { slots.started(0); }, code('SLOT_STARTED')],
    ['started: unused', (slots) => { slots.started(2); }, code('SLOT_NOT_IN_USE')],
    ['started: unknown', (slots) => { slots.started(Infinity); }, code('UNKNOWN_SLOT')],
    ['startFailed: in use', (slots) => { slots.startFailed(0); }, code('SLOT_STARTED')],
    ['startFailed: cold', (slots) => { slots.startFailed(4); }, code('SLOT_NOT_IN_USE')],
    ['free: negative bytes', (slots) => { slots.free(0, { residentBytes: -1 }); }, invalid("'residentBytes'")],
    ['free: unsafe bytes', (slots) => { slots.free(0, { residentBytes: 2 ** 53 }); }, invalid("'residentBytes'")],
    ['free: a fraction of a byte', (slots) => { slots.free(0, { residentBytes: 0.5 }); }, invalid("'residentBytes'")],
    ['free: bytes that are text', (slots) => { slots.free(0, { residentBytes: '1' as unknown as number }); }, invalid("'residentBytes'")],
    ['free: bytes whose sum is no longer exact', (slots) => { slots.free(0, { residentBytes: 2 ** 53 - 1 }); }, invalid('9007199254740991 more')],
    ['free: discard that is no boolean', (slots) => { slots.free(0, { discard: 1 as unknown as boolean }); }, invalid("'discard'")],
    ['free: a misspelt option', (slots) => { slots.free(0, { residentByte: 1 } as object); }, invalid("did you mean 'residentBytes'?")],
    ['free: options that are none', (slots) => { slots.free(0, null as unknown as object); }, invalid('to be an object, got null')],
    ['trim: nothing', (slots) => { slots.trim({}); }, invalid('exactly one')],
    ['trim: two', (slots) => { slots.trim({ count: 1, bytes: 1 }); }, invalid('exactly one')],
    ['trim: negative', (slots) => { slots.trim({ count: -1 }); }, invalid("'count'")],
    ['trim: unsafe', (slots) => { slots.trim({ bytes: 2 ** 53 }); }, invalid("'bytes'")],
    ['trim: no time', (slots) => { slots.trim({ idleMs: NaN }); }, invalid("'idleMs'")],
    ['trim: a number', (slots) => { slots.trim(5 as unknown as object); }, invalid('to be an object, got 5')],
  ])('%s', (_, action, error) => {
    const slots = make();
    const before = slots.stats;
    expect(errorOf(() => { action(slots); })).toEqual(error);
    expect(slots.stats).toEqual(before);
    // All five are still there.
    slots.started(1);
    slots.free(0);
    slots.free(1);
    expect(new Set([1, 2, 3, 4, 5].map(() => slots.alloc('z')?.slot)).size).toBe(5);
  });

  it('a clock that throws changes nothing', () => {
    let isBroken = false;
    const slots = new SlotAllocator({ capacity: 1, clock: { now: () => { if (isBroken) throw new Error('no time'); return 0; } } });
    slots.alloc('a');
    isBroken = true;
    expect(errorOf(() => { slots.free(0); })).toMatchObject({ message: 'no time' });
    expect(slots.stats).toMatchObject({ inUse: 1, unusedWarm: 0 });
    isBroken = false;
    slots.free(0);
    expect(slots.alloc('a')?.outcome).toBe('affine');
  });
});

it('whatever is passed, only SpillwayErrors come, and the states add up', () => {
  const anything = fc.anything({ withBigInt: true });
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('free', 'discard', 'started', 'startFailed', 'trim', 'alloc', 'start', 'purge'), fc.oneof(anything, fc.nat(5)), anything)), (calls) => {
    const slots = make();
    for (const [name, first, second] of calls) {
      try {
        (slots as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(first, second);
      } catch (error) {
        expect(error).toBeInstanceOf(SpillwayError);
      }
      const { inUse, starting, unusedWarm, touched } = slots.stats;
      expect(inUse + starting + unusedWarm).toBe(touched);
    }
  }));
});
