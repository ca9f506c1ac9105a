import { measureMemory } from 'node:vm';
import { checkKeys, invalidOption } from '../options';
import { isBinary, type Binary } from './binary';
import { compile, type WasmModule } from './webassembly-api';

export interface MeasureCodeFactorOptions {
  /** Such as the cache will hold, at least one. What the process has compiled already, V8 shares: it would count as nothing. */
  binaries: readonly Binary[];
  /** Runs what is compiled, so that code which is made only at a first call is counted as well. Default: it is compiled, and no more. */
  exercise?: (module: WasmModule) => unknown;
  /** What reads the memory of compiled code, in bytes, of the whole process; tests have their own. */
  read?: () => Promise<number | undefined>;
}

/**
 * How many bytes of memory compiled code takes for each byte of its binary: a `codeFactor` for `webAssemblyLoader()`. An estimate: it
 * is the growth of the whole process while these binaries are compiled, so nothing else should be compiled meanwhile, and V8 may
 * make more and faster code later. It takes a garbage collection or two. `undefined` where Node does not tell (before 22), and where
 * nothing has grown.
 *
 * Read from `vm.measureMemory()`, which is experimental: Node prints a warning once.
 *
 * @throws {SpillwayError} `ERR_SPILLWAY_INVALID_OPTION`, by rejecting; what compiling and `exercise()` throw
 */
export async function measureCodeFactor(options: MeasureCodeFactorOptions): Promise<number | undefined> {
  checkKeys('measureCodeFactor()', options, ['binaries', 'exercise', 'read']);
  const { binaries, exercise = () => undefined, read = codeBytes } = options;
  if (!Array.isArray(binaries) || binaries.length === 0 || !binaries.every(isBinary)) throw invalidOption('binaries', binaries, 'a list of at least one ArrayBuffer or view of one');
  for (const [name, value] of Object.entries({ exercise, read })) {
    if (typeof (value as unknown) !== 'function') throw invalidOption(name, value, 'a function');
  }
  const before = await read();
  if (before === undefined) return undefined;
  const modules: WasmModule[] = [];
  for (const binary of binaries) {
    const module = await compile(binary);
    await exercise(module);
    modules.push(module);
  }
  const after = await read();
  // Only now may the modules go.
  modules.length = 0;
  const grownBytes = (after ?? 0) - before;
  return grownBytes > 0 ? grownBytes / binaries.reduce((sum, { byteLength }) => sum + byteLength, 0) : undefined;
}

async function codeBytes(): Promise<number | undefined> {
  const measured = (await measureMemory({ mode: 'summary', execution: 'eager' })) as { WebAssembly?: { code?: number; metadata?: number } };
  const { code, metadata = 0 } = measured.WebAssembly ?? {};
  return code === undefined ? undefined : code + metadata;
}
