export type { AcquireOptions } from './acquire-options';
export type { InstanceCacheOptions, RemoveOptions } from './cache-options';
export { InstanceCache } from './instance-cache';
export type { Lease } from './lease';
export { measureCodeFactor, type MeasureCodeFactorOptions } from './measure-code-factor';
export type { CacheStats, CodeRequest, CodeSource, EvictionReason, InstanceCacheEvents, InstanceLoader, InstanceRequest } from './types';
export type { WasmImports, WasmInstance, WasmMemory, WasmModule } from './webassembly-api';
export { webAssemblyLoader, type WebAssemblyLoaderOptions } from './webassembly-loader';
