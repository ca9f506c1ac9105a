import { findMemoryLimit, type VerifyMemoryOptions, verifyMemory } from '../../lib/accounting';
import { errorOf } from '../support/error-of';
import { boundedComponent } from './bounded-component';

describe('verifyMemory', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  beforeEach(() => { warn.mockClear(); });
  afterAll(() => { warn.mockRestore(); });
  const tooLittle = { limitBytes: 20 };

  it('Saluki 29: disabled looks at nothing', () => {
    expect(verifyMemory(boundedComponent(10, 20), { mode: 'disabled', ...tooLittle })).toMatchObject({
      mode: 'disabled', limit: { bytes: 20, source: 'option' }, grant: { effectiveBytes: 15 }, verified: undefined, error: undefined,
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it('Saluki 29: strict refuses', () => {
    expect(errorOf(() => verifyMemory(boundedComponent(10, 20), { mode: 'strict', ...tooLittle }))).toMatchObject({
      code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', availableBytes: 15, firmBytes: 30, message: expect.stringContaining('a limit of 20 B (limitBytes), less 25 %') as string,
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it('Saluki 29: permissive warns and goes on', () => {
    const { verified, error } = verifyMemory(boundedComponent(10, 20), { mode: 'permissive', limitBytes: 10 });
    expect(verified).toBeUndefined();
    expect(error).toMatchObject({ code: 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', availableBytes: 7, minimumBytes: 10 });
    expect(warn.mock.calls).toEqual([[`${String(error?.message)}\nIt goes on all the same (mode 'permissive').`, { type: 'SpillwayWarning', code: 'SPILLWAY_BOUNDS_EXCEEDED' }]]);
  });

  // Saluki skips it where it knows no limit. The memory of the machine is always known here.
  it('Saluki 29: without a limit of its own it is the one of the cgroup or the host', () => {
    expect(verifyMemory(boundedComponent(10, 20), { mode: 'strict' })).toMatchObject({ limit: findMemoryLimit(), verified: { firmBytes: 30 } });
    const { message } = errorOf(() => verifyMemory(boundedComponent(2 ** 52, 0), { mode: 'strict' })) as Error;
    expect(message).toMatch(/a limit of [\d.]+ .iB \((the host's memory|\/.+\/memory\.(max|high))\), less 25 %/);
  });

  it.each(['permissive', 'strict'] as const)('%s says nothing when all fits, to the last byte', (mode) => {
    expect(verifyMemory(boundedComponent(10, 20), { mode, limitBytes: 40 })).toMatchObject({ verified: { availableBytes: 30, firmBytes: 30 }, error: undefined });
    expect(warn).not.toHaveBeenCalled();
  });

  it('takes 0 for a limit, not for none', () => {
    expect(errorOf(() => verifyMemory(boundedComponent(10, 20), { mode: 'strict', limitBytes: 0 }))).toMatchObject({ code: 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', availableBytes: 0 });
  });

  it.each([
    ['Saluki 28: slop 1.5', { mode: 'disabled', slopFactor: 1.5 }],
    ['a limit that is none', { mode: 'disabled', limitBytes: 'max' }],
    ['no mode', {}],
    ['an unknown mode', { mode: 'lenient' }],
    ['an unknown option', { mode: 'strict', limit: 5 }],
    ['no options', undefined],
  ])('refuses %s, in any mode', (_what, options) => {
    expect(errorOf(() => verifyMemory(boundedComponent(10, 20), options as VerifyMemoryOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });

  it('tolerates shortages in permissive mode, not mistakes', () => {
    expect(errorOf(() => verifyMemory({} as never, { mode: 'permissive' }))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  });
});
