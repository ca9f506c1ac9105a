import { SpillwayError } from '../../lib/errors';
import { PlainContainment } from '../../lib/supervisor/containment/plain-containment';
import type { Containment, Enclosure, LimitScope, Program } from '../../lib/supervisor/containment/types';
import { Crew } from '../../lib/supervisor/crew';
import { MainProcess } from '../../lib/supervisor/main-process';
import type { ReliefDesk } from '../../lib/supervisor/relief/relief-desk';
import type { WorkerExit } from '../../lib/supervisor/types';
import { WorkerBounds } from '../../lib/supervisor/worker-bounds';
import type { WorkerOptions } from '../../lib/supervisor/worker-options';
import { factsOf, useStrays } from '../support/containment';
import { openFiles } from '../support/process-resources';

const strays = useStrays();
const degraded: SpillwayError[] = [];
let exits: WorkerExit[];
let containment: Containment;
let desk: { rounds: Promise<void> | undefined; watch: jest.Mock; unwatch: jest.Mock; workersChanged: jest.Mock };
let crew: Crew;
let bounds: WorkerBounds;
beforeEach(() => {
  exits = [];
  containment = new PlainContainment();
  desk = { rounds: undefined, watch: jest.fn(), unwatch: jest.fn(), workersChanged: jest.fn() };
  bounds = new WorkerBounds({ mode: 'strict', slopFactor: 0, limit: () => ({ bytes: 100, source: 'a test' }) });
  crew = new Crew({
    containment, desk: desk as unknown as ReliefDesk, oomScoreAdj: 500, accepting: () => true, slowDown: () => Promise.resolve(), bounds,
    emit: (name, ...[argument]) => {
      if (name === 'exit') exits.push(argument as WorkerExit);
      else degraded.push(argument as SpillwayError);
    },
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  const left = await crew.dismiss();
  for (const worker of left) worker.kill({ for: 'close' });
  await Promise.all(left.map(({ exited }) => exited));
  expect(degraded.splice(0)).toEqual([]);
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
});

const sleep: Program = { file: 'sleep', args: ['600'], options: { stdio: 'ignore' } };
const missing: Program = { ...sleep, file: 'spillway-no-such-program' };
const start = (options: WorkerOptions = {}, program = sleep) => crew.start(program, options);
const ids = (): string[] => crew.workers().map(({ facts }) => facts.id);
/** Spoils the next place that is made. */
function nextEnclosure(spoil: (enclosure: Enclosure) => void): void {
  const enclosure = containment.enclose(factsOf());
  spoil(enclosure);
  jest.spyOn(containment, 'enclose').mockReturnValueOnce(enclosure);
}
const code = (text: string): unknown => expect.objectContaining({ code: text }) as unknown;

describe('ids', () => {
  it('are found where none is given, past those that are taken', async () => {
    const taken = ['w2', 'w3', 'w4'];
    for (const id of taken) await start({ id });
    const found = [(await start()).id, (await start()).id];
    expect([new Set(found).size, found.some((id) => taken.includes(id)), ids()]).toEqual([2, false, [...taken, ...found]]);
  });

  it('are taken while a worker starts, lives or is prepared for', async () => {
    const starting = start({ id: 'a' });
    await expect(start({ id: 'a' })).rejects.toEqual(code('ERR_SPILLWAY_ID_IN_USE'));
    await starting;
    await expect(start({ id: 'a' })).rejects.toEqual(code('ERR_SPILLWAY_ID_IN_USE'));
    crew.prepare({ id: 'b' });
    expect(() => crew.prepare({ id: 'b' })).toThrow(code('ERR_SPILLWAY_ID_IN_USE') as Error);
  });

  it('are free again after every failure', async () => {
    await expect(start({ id: 'a' }, missing)).rejects.toMatchObject({ code: 'ENOENT' });
    const enclose = jest.spyOn(containment, 'enclose').mockImplementation(() => { throw new Error('no place'); });
    await expect(start({ id: 'a' })).rejects.toThrow('no place');
    expect(() => crew.prepare({ id: 'a' })).toThrow('no place');
    enclose.mockRestore();
    await expect(crew.prepare({ id: 'a' }).attach(0)).rejects.toEqual(code('ERR_SPILLWAY_INVALID_OPTION'));
    expect((await start({ id: 'a' })).id).toBe('a');
  });

  it('are free as soon as the end is told', async () => {
    const worker = await start({ id: 'a' });
    worker.kill();
    expect(await worker.exited).toMatchObject({ id: 'a', cause: 'signal' });
    await start({ id: 'a' });
    expect(exits.map(({ id }) => id)).toEqual(['a']);
  });
});

describe('start', () => {
  it('waits until no relief round is under way', async () => {
    const enclose = jest.spyOn(containment, 'enclose');
    let over!: () => void;
    desk.rounds = new Promise((resolve) => (over = resolve));
    const starting = start();
    await new Promise(setImmediate);
    expect([enclose.mock.calls.length, ids()]).toEqual([0, []]);
    desk.rounds = undefined;
    over();
    expect((await starting).id).toBe('w1');
  });

  it('closed meanwhile, starts nobody', async () => {
    const enclose = jest.spyOn(containment, 'enclose');
    let over!: () => void;
    desk.rounds = new Promise((resolve) => (over = resolve));
    const starting = start();
    expect(await crew.dismiss()).toEqual([]);
    desk.rounds = undefined;
    over();
    await expect(starting).rejects.toEqual(code('ERR_SPILLWAY_STOPPED'));
    expect(enclose).not.toHaveBeenCalled();
  });

  it('tells what failed first, and besides what it could not undo', async () => {
    nextEnclosure((enclosure) => jest.spyOn(enclosure, 'remove').mockImplementation(() => { throw new Error('busy'); }));
    await expect(start({ id: 'a' }, missing)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(degraded.splice(0)).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_SYSTEM', message: expect.stringContaining('Worker a could not be started') as string })]);
  });
});

describe('a mark of its own', () => {
  const scope = { level: 'worker', id: 'a' } as LimitScope;

  it('is watched until the main process has ended', async () => {
    jest.spyOn(containment, 'scopeOf').mockReturnValue(scope);
    const worker = await start({ id: 'a' });
    expect([desk.watch.mock.calls, desk.unwatch.mock.calls]).toEqual([[[scope]], []]);
    worker.kill();
    await worker.exited;
    expect(desk.unwatch.mock.calls).toEqual([[scope]]);
  });

  it('that cannot be watched is told, and the worker lives', async () => {
    jest.spyOn(containment, 'scopeOf').mockReturnValue(scope);
    desk.watch.mockImplementation(() => { throw new Error('EMFILE'); });
    const worker = await start({ id: 'a' });
    expect(degraded.splice(0)).toEqual([expect.objectContaining({ message: expect.stringMatching(/Worker a .*EMFILE/) as string })]);
    expect(ids()).toEqual([worker.id]);
  });
});

describe('prepare', () => {
  it('takes a process once', async () => {
    const child = strays.start('sleep', ['600']);
    const worker = await crew.prepare({ id: 'a' }).attach(child);
    await expect(crew.prepare({ id: 'b' }).attach(child)).rejects.toEqual(code('ERR_SPILLWAY_ID_IN_USE'));
    expect([worker.id, ids()]).toEqual(['a', ['a']]);
  });

  it('tells of descendants that could not be taken', async () => {
    nextEnclosure((enclosure) => jest.spyOn(enclosure, 'take').mockReturnValue([7, 8]));
    await crew.prepare({ id: 'a' }).attach(strays.start('sleep', ['600']));
    expect(degraded.splice(0)).toEqual([expect.objectContaining({ code: 'ERR_SPILLWAY_STRAGGLERS', message: expect.stringContaining('worker a could not be moved into its cgroup (7, 8)') as string })]);
  });

  it('a place that is given up is undone, and its id is free', async () => {
    const settle = jest.fn(() => Promise.resolve({ leftovers: 0, kernelKilledFor: undefined }));
    nextEnclosure((enclosure) => void (enclosure.settle = settle));
    crew.prepare({ id: 'a' })[Symbol.dispose]();
    await new Promise(setImmediate);
    expect(settle).toHaveBeenCalledTimes(1);
    await start({ id: 'a' });
  });

  it('places that nobody has used are undone at the end; later ones are refused', async () => {
    const place = crew.prepare({});
    await crew.dismiss();
    await expect(place.attach(strays.start('sleep', ['600']))).rejects.toEqual(code('ERR_SPILLWAY_STOPPED'));
    expect(() => crew.prepare({})).toThrow(code('ERR_SPILLWAY_STOPPED') as Error);
  });
});

it('keeps what a dead supervisor has left; of two with one id, one gets another', async () => {
  const kept = ['a', 'a'].map((id) => {
    const main = MainProcess.ofChild(strays.start('sleep', ['600']), undefined);
    const enclosure = containment.enclose(factsOf());
    enclosure.take(main);
    return crew.keep({ facts: factsOf({ id }), main, enclosure });
  });
  expect([kept.map(({ id }) => id), ids()]).toEqual([['a', 'w1'], ['a', 'w1']]);
  await expect(start({ id: 'a' })).rejects.toEqual(code('ERR_SPILLWAY_ID_IN_USE'));
});

it('dismissed, it has all that were on their way', async () => {
  const starting = [start(), start(), start({}, missing)];
  starting[2]?.catch(() => undefined);
  expect((await crew.dismiss()).map(({ facts }) => facts.id)).toEqual(['w1', 'w2']);
  await expect(start()).rejects.toEqual(code('ERR_SPILLWAY_STOPPED'));
  await Promise.all(starting.slice(0, 2));
});

it('counts those that were killed to relieve a limit, and no others', async () => {
  await start({ id: 'a' });
  await start({ id: 'b' });
  const [a, b] = crew.workers();
  a?.kill({ for: 'relief', level: 'pool', reportId: 'report-1' });
  b?.kill({ for: 'request' });
  await Promise.all([a?.exited, b?.exited]);
  expect([crew.kills, exits.map(({ id, cause }) => [id, cause]).sort()]).toEqual([1, [['a', 'spillway'], ['b', 'signal']]]);
});
