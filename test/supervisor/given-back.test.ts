import { dyingBytes, freeableBytes } from '../../lib/supervisor/given-back';

describe('freeableBytes()', () => {
  it('is anonymous memory and swap; unknown without the first', () => {
    expect(freeableBytes({ anonBytes: 70, swapBytes: 5, currentBytes: 200 })).toBe(75);
    expect(freeableBytes({ anonBytes: 70 })).toBe(70);
    expect(freeableBytes({ swapBytes: 5, currentBytes: 200 })).toBeUndefined();
  });
});

describe('dyingBytes()', () => {
  it("counts what is charged and unmapped, and neither page cache nor what is the kernel's own", () => {
    expect(dyingBytes({ anonBytes: 10, currentBytes: 230, fileBytes: 20, kernelBytes: 3, swapBytes: 5 })).toBe(212);
    expect(dyingBytes({ anonBytes: 0, currentBytes: 40, fileBytes: 0, kernelBytes: 1 })).toBe(39);
  });

  it('counts shared memory, which may be that of its processes alone', () => {
    expect(dyingBytes({ anonBytes: 20, currentBytes: 500, fileBytes: 470, shmemBytes: 450, kernelBytes: 3 })).toBe(477);
  });

  it('is not less than what its death gives back, where the parts are read one after the other', () => {
    expect(dyingBytes({ anonBytes: 70, currentBytes: 60, fileBytes: 20, kernelBytes: 3, swapBytes: 5 })).toBe(75);
  });

  it('is what its death gives back where the kernel does not tell all the parts', () => {
    expect(dyingBytes({ anonBytes: 70, currentBytes: 230, fileBytes: 20 })).toBe(70);
    expect(dyingBytes({ anonBytes: 70, fileBytes: 20, kernelBytes: 3 })).toBe(70);
    expect(dyingBytes({})).toBe(0);
  });
});
