import { types } from 'node:util';

/** What WebAssembly is compiled from. */
export type Binary = ArrayBuffer | ArrayBufferView;

export function isBinary(value: unknown): value is Binary {
  return types.isArrayBuffer(value) || ArrayBuffer.isView(value);
}
