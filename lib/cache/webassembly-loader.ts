import { checkKeys, invalidOption, parseNumber, quote } from '../options';
import { isBinary, type Binary } from './binary';
import type { CodeRequest, InstanceLoader, InstanceRequest } from './types';
import { compile, instantiate, Memory, type WasmImports, type WasmInstance, type WasmMemory, type WasmModule } from './webassembly-api';

/** What an instance uses beside its memories is not known: counted as one page of WebAssembly, as ScyllaDB does. */
const instanceBytes = 65_536;

export interface WebAssemblyLoaderOptions {
  /** The binary of a function. */
  read: (request: CodeRequest) => Binary | Promise<Binary>;
  /** What an instance imports. Default: nothing. */
  imports?: (request: InstanceRequest) => WasmImports | Promise<WasmImports>;
  /** Memories that an instance uses and does not export, such as imported ones. Default: none; they would not be measured. */
  memories?: (instance: WasmInstance) => Iterable<WasmMemory>;
  /**
   * Compiled code is counted as so many bytes for each byte of the binary. Default 4, from 0 to 1000. An estimate: V8 tells nobody
   * how much code a module has. Measured on Node 20 to 24, it was 1.1 to 1.5 after compiling, and 2.7 to 4.2 once every function
   * had run (in the first tier of the compiler). `measureCodeFactor()` measures it for your binaries, where Node can.
   */
  codeFactor?: number;
}

/**
 * Makes WebAssembly instances for an `InstanceCache`. An instance is measured by the memories that it exports: by their size,
 * which is what they may use, not what is resident. A compilation that nobody waits for any more cannot be stopped.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`
 */
export function webAssemblyLoader(options: WebAssemblyLoaderOptions): InstanceLoader<WasmModule, WasmInstance> {
  checkKeys('webAssemblyLoader()', options, ['read', 'imports', 'memories', 'codeFactor']);
  const { read, imports = (): WasmImports | Promise<WasmImports> => ({}), memories = () => [], codeFactor = 4 } = options;
  for (const [name, value] of Object.entries({ read, imports, memories })) {
    if (typeof (value as unknown) !== 'function') throw invalidOption(name, value, 'a function');
  }
  parseNumber('codeFactor', codeFactor, { min: 0, max: 1000, integer: false });
  return {
    source: async (request) => {
      const binary: unknown = await read(request);
      if (!isBinary(binary)) throw new TypeError(`read() returned ${quote(binary)}, expected an ArrayBuffer or a view of one`);
      return { bytes: Math.ceil(binary.byteLength * codeFactor), compile: () => compile(binary) };
    },
    instantiate: async (module, request) => instantiate(module, await imports(request)),
    measure: (instance) => {
      const exported = Object.values(instance.exports).filter((each) => each instanceof Memory);
      let bytes = instanceBytes;
      for (const { buffer } of new Set([...exported, ...memories(instance)])) bytes += buffer.byteLength;
      return bytes;
    },
  };
}
