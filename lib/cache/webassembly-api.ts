/** Compiled WebAssembly: a `WebAssembly.Module`. */
export type WasmModule = object;

/** A `WebAssembly.Instance`. */
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** A `WebAssembly.Memory`. */
export interface WasmMemory {
  readonly buffer: { readonly byteLength: number };
}

/** By module name and name. */
export type WasmImports = Record<string, Record<string, unknown>>;

interface WasmApi {
  compile: (bytes: ArrayBuffer | ArrayBufferView) => Promise<WasmModule>;
  instantiate: (module: WasmModule, imports: WasmImports) => Promise<WasmInstance>;
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
}

/** What is used of it: TypeScript declares it only together with the browser's globals. */
export const { compile, instantiate, Memory } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
