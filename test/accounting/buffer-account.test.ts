import { constants } from 'node:buffer';
import { BufferAccount } from '../../lib/accounting/buffer-account';
import { errorOf } from '../support/error-of';

// That what is collected is credited: test/lifecycle/tracked-buffers.test.ts.
describe('BufferAccount', () => {
  it('allocates buffers of their own, and counts them', () => {
    const account = new BufferAccount();
    const buffers = [5, 0, 100].map((bytes) => account.allocate(bytes));
    expect(buffers.map(({ length }) => length)).toEqual([5, 0, 100]);
    expect(buffers.every((buffer) => Buffer.isBuffer(buffer) && buffer.buffer.byteLength === buffer.length)).toBe(true);
    expect(account.counters).toEqual({ allocatedBytes: 105, allocatedObjects: 3, freedBytes: 0, freedObjects: 0 });
    expect(account.figure).toMatchObject({ bytes: 105, source: 'buffers', confidence: 'exact', measuring: true });
    expect(account.inProcess).toBe(true);
  });

  it.each([[-1], [1.5], [NaN], [constants.MAX_LENGTH + 1], ['5'], [undefined]])('refuses %p, and counts nothing', (bytes) => {
    const account = new BufferAccount();
    expect(errorOf(() => account.allocate(bytes as number))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    expect(account.counters).toMatchObject({ allocatedBytes: 0, allocatedObjects: 0 });
  });

  it('counts nothing when there is no memory', () => {
    const account = new BufferAccount();
    const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(() => { throw new RangeError('Array buffer allocation failed'); });
    try {
      expect(errorOf(() => account.allocate(10))).toBeInstanceOf(RangeError);
    } finally {
      allocate.mockRestore();
    }
    expect(account.counters).toMatchObject({ allocatedBytes: 0, allocatedObjects: 0 });
  });
});
