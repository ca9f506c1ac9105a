import { measureCodeFactor, type MeasureCodeFactorOptions } from '../../lib/cache';
import { rejection } from './world';

/** The shortest module that there is. */
const empty = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const reads = (...bytes: (number | undefined)[]) => () => Promise.resolve(bytes.shift());

it('tells by how much the process grew for each byte of the binaries', async () => {
  expect(await measureCodeFactor({ binaries: [empty, empty.buffer], read: reads(1000, 1048) })).toBe(3);
});

it('has each module run before it measures again', async () => {
  const done: string[] = [];
  let readings = 0;
  await measureCodeFactor({
    binaries: [empty, empty],
    exercise: async (module) => { await Promise.resolve(); done.push(Object.prototype.toString.call(module)); },
    read: () => { done.push('read'); return Promise.resolve(readings++); },
  });
  expect(done).toEqual(['read', '[object WebAssembly.Module]', '[object WebAssembly.Module]', 'read']);
});

it.each<[string, (number | undefined)[]]>([['Node does not tell', [undefined]], ['Node no longer tells', [5, undefined]], ['nothing has grown', [5, 5]], ['something else went meanwhile', [5, 4]]])(
  '%s: unknown, and not 0', async (_, bytes) => {
    expect(await measureCodeFactor({ binaries: [empty], read: reads(...bytes) })).toBeUndefined();
  });

it.each<[string, unknown]>([
  ['no binaries', {}], ['none in it', { binaries: [] }], ['text', { binaries: ['wasm'] }], ['no list', { binaries: empty }],
  ['no function', { binaries: [empty], exercise: 5 }], ['an unknown option', { binaries: [empty], run: 5 }],
])('%s: is refused', async (_, options) => {
  expect(await rejection(measureCodeFactor(options as MeasureCodeFactorOptions))).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
});

it('what does not compile, and what exercise() throws, rejects', async () => {
  const no = new Error('no');
  expect(await rejection(measureCodeFactor({ binaries: [new Uint8Array(20)], read: reads(1) }))).toMatchObject({ name: 'CompileError' });
  expect(await rejection(measureCodeFactor({ binaries: [empty], read: reads(1), exercise: () => { throw no; } }))).toBe(no);
});

it('on this Node: a number above 0 from Node 22 on, before it nothing', async () => {
  // Large enough to be seen, and compiled nowhere else in this process.
  const body = Array.from({ length: 2000 }, () => [0x41, 0x01, 0x1a]).flat();
  const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
  const code = [0x01, ...leb(body.length + 2), 0x00, ...body, 0x0b];
  const binary = Uint8Array.from([...empty, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, 0x0a, ...leb(code.length), ...code]);
  const factor = await measureCodeFactor({ binaries: [binary] });
  if (Number(process.versions.node.split('.')[0]) < 22) expect(factor).toBeUndefined();
  else expect(factor).toBeGreaterThan(0);
});
