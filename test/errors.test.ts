import { createContext, runInContext } from 'node:vm';
import { errorCodes, SpillwayError } from '../lib/errors';

describe('SpillwayError', () => {
  const cause = new Error('underneath');
  const error = new SpillwayError('ERR_SPILLWAY_SYSTEM', 'Could not', { cause });

  it('is an Error with a code, a cause and a stack', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SpillwayError', code: 'ERR_SPILLWAY_SYSTEM', message: 'Could not', cause });
    expect(error.stack).toContain('errors.test');
    expect(String(error)).toBe('SpillwayError: Could not');
  });

  it('has no cause where none is given', () => {
    expect('cause' in new SpillwayError('ERR_SPILLWAY_SYSTEM', 'x')).toBe(false);
  });

  it('shows its code and not its brand when it is written out', () => {
    expect(Object.keys(error).sort()).toEqual(['code', 'name']);
    expect(JSON.parse(JSON.stringify(error))).toEqual({ name: 'SpillwayError', code: 'ERR_SPILLWAY_SYSTEM' });
  });

  it.each([[undefined], [null], [5], ['x'], [Symbol('x')], [{}], [[]], [new Error('x')], [{ name: 'SpillwayError', code: 'ERR_SPILLWAY_SYSTEM' }], [() => 1]])(
    '%p is no instance', (value: unknown) => {
      expect(value instanceof SpillwayError).toBe(false);
    });

  it('is recognised when another copy of the package made it, in another realm too', () => {
    const brand: unknown = runInContext("Object.defineProperty(new Error('far'), Symbol.for('spillway.error'), { value: true })", createContext());
    expect(brand instanceof Error).toBe(false);
    expect(brand instanceof SpillwayError).toBe(true);
  });
});

describe('errorCodes', () => {
  it('are one closed list, each once and of one form', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^ERR_SPILLWAY_[A-Z0-9]+(_[A-Z0-9]+)*$/);
  });
});
