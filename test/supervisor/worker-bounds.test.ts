import type { MemoryMode } from '../../lib/accounting';
import { WorkerBounds } from '../../lib/supervisor/worker-bounds';
import type { WorkerFacts } from '../../lib/supervisor/worker-options';
import { candidate } from '../policy/candidates';
import { factsOf, useSupervisors } from '../support/containment';
import { errorOf } from '../support/error-of';

let limitBytes: number;
let warnings: jest.SpyInstance;
beforeEach(() => {
  limitBytes = 100;
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const bounds = (mode: MemoryMode = 'strict', slopFactor = 0) => new WorkerBounds({ mode, slopFactor, limit: () => ({ bytes: limitBytes, source: 'the mark of the pool jobs' }) });
const facts = (id: string, memory: WorkerFacts['memory'], group = 'default') => factsOf({ id, group, memory });

it('counts what fits to the last byte, and refuses a byte more, by name', () => {
  const added = bounds();
  added.add(facts('a', { lowBytes: 10, highBytes: 60 }));
  added.add(facts('b', { highBytes: 40 }));
  const error = errorOf(() => {
    added.add(facts('c.d', { highBytes: 1 }, 'tenant'));
  });
  expect(error).toMatchObject({ code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', availableBytes: 100, minimumBytes: 10, firmBytes: 101 });
  expect(String(error)).toContain('the mark of the pool jobs');
  for (const name of ['workers', 'tenant', 'c_d']) expect(String(error)).toContain(name);
  expect(added.status([])).toMatchObject({ minimumBytes: 10, firmBytes: 100 });
});

it('says first when not even the minimum fits', () => {
  const added = bounds();
  added.add(facts('a', { lowBytes: 60 }));
  expect(errorOf(() => {
    added.add(facts('b', { lowBytes: 41, highBytes: 500 }));
  })).toMatchObject({ code: 'ERR_SPILLWAY_INSUFFICIENT_MINIMUM_MEMORY', minimumBytes: 101 });
});

it('counts no worker that has gone', () => {
  const added = bounds();
  added.add(facts('a', { highBytes: 100 }));
  added.delete('a');
  added.add(facts('b', { highBytes: 100 }));
  expect(added.status([])).toMatchObject({ firmBytes: 100 });
});

it('takes in whoever declares nothing, also when the pool is full', () => {
  const added = bounds();
  added.add(facts('a', { highBytes: 100 }));
  limitBytes = 50;
  added.add(facts('b', {}));
  expect(added.status([])).toMatchObject({ firmBytes: 100, availableBytes: 50 });
});

it('goes by the limit as it is now', () => {
  const added = bounds();
  added.add(facts('a', { highBytes: 100 }));
  limitBytes = 200;
  added.add(facts('b', { highBytes: 100 }));
  expect(added.status([])).toMatchObject({ limitBytes: 200, firmBytes: 200 });
});

it('holds the slop factor back', () => {
  const added = bounds('strict', 0.25);
  expect(errorOf(() => {
    added.add(facts('a', { highBytes: 76 }));
  })).toMatchObject({ availableBytes: 75 });
  added.add(facts('a', { highBytes: 75 }));
  expect(added.status([])).toMatchObject({ limitBytes: 100, availableBytes: 75 });
});

it('counts one that runs already, whether it fits or not', () => {
  const added = bounds();
  added.keep(facts('old', { highBytes: 500 }));
  expect(added.status([])).toMatchObject({ firmBytes: 500 });
  expect(errorOf(() => {
    added.add(facts('new', { highBytes: 1 }));
  })).toMatchObject({ firmBytes: 501 });
});

it('permissive: warns once for as long as it does not fit', () => {
  const added = bounds('permissive');
  added.add(facts('a', { highBytes: 101 }));
  added.add(facts('b', { highBytes: 1 }));
  expect(warnings).toHaveBeenCalledTimes(1);
  expect(warnings).toHaveBeenCalledWith(expect.stringMatching(/may grow to .*\n(.*\n)*They are started all the same/), { type: 'SpillwayWarning', code: 'SPILLWAY_BOUNDS_EXCEEDED' });
  expect(added.status([])).toMatchObject({ firmBytes: 102 });
  added.delete('a');
  added.add(facts('c', { highBytes: 1 }));
  added.add(facts('d', { highBytes: 100 }));
  expect(warnings).toHaveBeenCalledTimes(2);
});

it('disabled: adds nothing up, and has no status', () => {
  const added = bounds('disabled');
  added.add(facts('a', { lowBytes: Infinity }));
  expect(added.status([])).toBeUndefined();
});

it.each(['strict', 'permissive'] as const)('%s: refuses a minimum that is no amount', (mode) => {
  const added = bounds(mode);
  expect(errorOf(() => {
    added.add(facts('a', { lowBytes: Infinity }));
  })).toMatchObject({ code: 'ERR_SPILLWAY_INVALID_OPTION' });
  added.add(facts('b', { lowBytes: 100 }));
});

it.each([['!!!', '-'], ['a-b', 'x'], ['ß.é', 'default'], ['x'.repeat(256), 'g']])('names a worker %p in the group %p', (id, group) => {
  expect(errorOf(() => {
    bounds().add(facts(id, { highBytes: 101 }, group));
  })).toMatchObject({ code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', firmBytes: 101 });
});

it('two workers whose names are one count twice', () => {
  const added = bounds();
  added.add(facts('a-b', { highBytes: 50 }));
  expect(errorOf(() => {
    added.add(facts('a_b', { highBytes: 51 }));
  })).toMatchObject({ firmBytes: 101 });
});

it('lists those over their bound', () => {
  const workers = [candidate('a', { boundBytes: 10, usage: { pinnedBytes: 11 } }), candidate('b', { boundBytes: 10, usage: { pinnedBytes: 10 } }), candidate('c')];
  expect(bounds().status(workers)).toMatchObject({ over: [{ id: 'a', boundBytes: 10, overBytes: 1 }] });
});

describe('of a supervisor', () => {
  const supervising = useSupervisors();
  const create = (mode: MemoryMode) => supervising.create({ limits: { highBytes: 2 ** 26 }, bounds: { mode } });

  it('strict: a worker that no longer fits is refused before it has a process', async () => {
    const supervisor = await create('strict');
    const first = await supervisor.spawn('sleep', ['600'], {}, { id: 'first', memory: { highBytes: 2 ** 25 } });
    const second = supervisor.spawn('spillway-no-such-program', [], {}, { id: 'second', memory: { highBytes: 2 ** 25 + 1 } });
    await expect(second).rejects.toMatchObject({ code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE', firmBytes: 2 ** 26 + 1 });
    expect(supervisor.status()).toMatchObject({ bounds: { mode: 'strict', firmBytes: 2 ** 25 }, workers: [{ id: 'first', boundBytes: 2 ** 25 }] });
    first.kill();
    await first.exited;
    // Its place is free again; and one that cannot be started takes none.
    await expect(supervisor.spawn('spillway-no-such-program', [], {}, { memory: { highBytes: 2 ** 26 } })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(() => supervisor.prepare({ memory: { highBytes: 2 ** 27 } })).toThrow(/may grow to/);
    expect(supervisor.status().bounds).toMatchObject({ minimumBytes: 0, firmBytes: 0, over: [] });
  });

  it('permissive: it is started, with a warning', async () => {
    const supervisor = await create('permissive');
    warnings.mockClear();
    await supervisor.spawn('sleep', ['600'], {}, { memory: { highBytes: 2 ** 27 } });
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(supervisor.status().bounds).toMatchObject({ firmBytes: 2 ** 27, availableBytes: 2 ** 26 });
  });
});
