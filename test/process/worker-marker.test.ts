import { formatMarker, markerName, readMarker } from '../../lib/process/worker-marker';
import { useStrays } from '../support/containment';
import { untilMarked } from '../support/until-marked';
import { FixtureProc } from './support/fixture-proc';

const strays = useStrays();
let proc: FixtureProc;
beforeEach(() => {
  proc = new FixtureProc();
});
afterEach(() => {
  proc.remove();
});

const read = (environ: string | Buffer) => readMarker({ pid: 7 }, proc.write('7/environ', environ).root);

it.each([
  ['plain', 'w1'],
  ['with slashes', 'a/b//c'],
  ['with an equals sign', 'a=b'],
  ['in any script', 'Zoë 世界'],
  ['of 256 characters', 'x'.repeat(256)],
])('an id %s comes back as it was', (_what, id) => {
  const marker = { pool: 'pool', runId: '00ff00ff', id };
  expect(read(`PATH=/bin\0${markerName}=${formatMarker(marker)}\0HOME=/\0`)).toEqual(marker);
});

it('reads the environment that a real program was started with', () => {
  const { pid = 0 } = untilMarked(strays.start('sleep', ['600'], { stdio: 'ignore', env: { ...process.env, [markerName]: 'pool/run/id' } }));
  expect(readMarker({ pid })).toEqual({ pool: 'pool', runId: 'run', id: 'id' });
});

it.each<[string, string | Buffer]>([
  ['nothing', ''],
  ['no such variable', 'PATH=/bin\0'],
  ['a longer name', `X${markerName}=p/r/i\0${markerName}S=p/r/i\0`],
  ['its text in another variable', `A=${markerName}=p/r/i\0`],
  ['no value', `${markerName}=\0`],
  ['one part', `${markerName}=p\0`],
  ['two parts', `${markerName}=p/r\0`],
  ['an empty pool', `${markerName}=/r/i\0`],
  ['an empty run', `${markerName}=p//i\0`],
  ['a title that was written over it', 'node: worker 7'],
  ['binary', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
])('%s is no marker', (_what, environ) => {
  expect(read(environ)).toBeUndefined();
});

it('the first counts, as in getenv(3)', () => {
  expect(read(`${markerName}=p/r/first\0${markerName}=p/r/second\0`)?.id).toBe('first');
});

it('a process that is gone has none', () => {
  expect(readMarker({ pid: 8 }, proc.root)).toBeUndefined();
});

it('what cannot be known is thrown', () => {
  proc.makeDirectory('9/environ');
  expect(() => readMarker({ pid: 9 }, proc.root)).toThrow('EISDIR');
});
