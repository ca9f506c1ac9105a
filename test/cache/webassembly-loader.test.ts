import { InstanceCache, webAssemblyLoader, type WasmInstance, type WebAssemblyLoaderOptions } from '../../lib/cache';
import { Memory } from '../../lib/cache/webassembly-api';
import { errorOf } from '../support/error-of';
import { rejection } from './world';

const page = 65_536;

/** (memory (export "memory") 1 16), (func (export "grow") (param i32) (result i32) ...memory.grow), (func (export "trap") unreachable) */
const growing = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x09, 0x02, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x03, 0x03, 0x02, 0x00, 0x01,
  0x05, 0x04, 0x01, 0x01, 0x01, 0x10, 0x07, 0x18, 0x03, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x00,
  0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x01, 0x0a, 0x0c, 0x02, 0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b, 0x03, 0x00, 0x00, 0x0b,
]);
const header = growing.slice(0, 8);
/** (import "a" "m" (memory 2)) */
const importing = Uint8Array.from([...header, 0x02, 0x08, 0x01, 0x01, 0x61, 0x01, 0x6d, 0x02, 0x00, 0x02]);

const call = (instance: WasmInstance, name: string, argument?: number): unknown => (instance.exports[name] as (argument?: number) => unknown)(argument);
const make = (options: Partial<WebAssemblyLoaderOptions> = {}) => new InstanceCache({ loader: webAssemblyLoader({ read: () => growing, ...options }), maxIdleBytes: '8MiB', maxInstanceBytes: 10 * page });

describe('webAssemblyLoader', () => {
  it('code counts four times its binary, an instance its memory and a page', async () => {
    const cache = make();
    (await cache.acquire('f')).release();
    expect(cache.stats).toMatchObject({ idle: 1, idleBytes: 2 * page, modules: 1, moduleBytes: 4 * growing.length });
    await cache.close();
  });

  it('test_mem_grow: memory that grew is measured when it comes back; beyond the limit it is not kept; it cannot grow beyond its own', async () => {
    const cache = make();
    const lease = await cache.acquire('f');
    expect([call(lease.instance, 'grow', 8), call(lease.instance, 'grow', 100)]).toEqual([1, -1]);
    lease.release();
    expect(cache.stats.idleBytes).toBe(10 * page);
    const again = await cache.acquire('f');
    expect([again.isHit, call(again.instance, 'grow', 1)]).toEqual([true, 9]);
    again.release();
    expect(cache.stats).toMatchObject({ idle: 0, idleBytes: 0, modules: 0, evictions: { oversize: 1 }, uncollectedBytes: 11 * page + 4 * growing.length });
    await cache.close();
  });

  it('a trap: discarded, and the next call gets a new instance', async () => {
    const cache = make();
    const lease = await cache.acquire('f');
    expect(errorOf(() => call(lease.instance, 'trap'))).toMatchObject({ name: 'RuntimeError' });
    lease.discard();
    const next = await cache.acquire('f');
    expect([next.isHit, call(next.instance, 'grow', 0)]).toEqual([false, 1]);
    next.release();
    await cache.close();
  });

  it('imports, and memories that are not exported', async () => {
    const memory = new Memory({ initial: 2 });
    const seen: string[] = [];
    const cache = make({
      read: ({ name }) => { seen.push(name); return importing.buffer; },
      imports: ({ group }) => { seen.push(group); return { a: { m: memory } }; },
      memories: () => [memory, memory],
      codeFactor: 1.55,
    });
    (await cache.acquire('f', { group: 'g' })).release();
    expect(seen).toEqual(['f', 'g']);
    expect(cache.stats).toMatchObject({ idleBytes: 3 * page, moduleBytes: Math.ceil(1.55 * importing.length) });
    await cache.close();
  });

  it.each<[string, Partial<WebAssemblyLoaderOptions>, string]>([
    ['no binary', { read: () => undefined as never }, 'read() returned undefined'],
    ['text', { read: () => 'wasm' as never }, 'read() returned "wasm"'],
    ['not WebAssembly', { read: () => new Uint8Array(20) }, 'CompileError'],
    ['cut short', { read: () => growing.slice(0, 40) }, 'CompileError'],
    ['an import is missing', { read: () => importing }, 'TypeError'],
    ['read() throws', { read: () => { throw new Error('no such file'); } }, 'no such file'],
  ])('%s: the loader failed, and says how', async (_, options, message) => {
    const cache = make(options);
    expect(await rejection(cache.acquire('f'))).toMatchObject({ code: 'ERR_SPILLWAY_LOADER_FAILED', message: expect.stringContaining(message) as string });
    expect(cache.stats).toMatchObject({ modules: 0, moduleBytes: 0, leased: 0 });
    await cache.close();
  });

  it.each([{}, { read: 5 }, { read: () => growing, codeFactor: -1 }, { read: () => growing, codeFactor: NaN }, { read: () => growing, import: {} }, { read: () => growing, imports: {} }])(
    '%p is refused', (options) => {
      expect(errorOf(() => webAssemblyLoader(options as never))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
    });
});
