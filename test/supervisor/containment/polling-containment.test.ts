import { native } from '../../../lib/native';
import { markerName } from '../../../lib/process/worker-marker';
import { findMarked } from '../../../lib/supervisor/containment/marked-processes';
import { NameLock } from '../../../lib/supervisor/containment/name-lock';
import { PollingContainment } from '../../../lib/supervisor/containment/polling-containment';
import type { SupervisorOptions } from '../../../lib/supervisor/supervisor-options';
import { factsOf, MiB, runs, settingsOf, useStrays } from '../../support/containment';
import { openFiles } from '../../support/process-resources';
import { untilMarked } from '../../support/until-marked';

const strays = useStrays();
const name = `unit-polling-${process.pid}`;
const made: PollingContainment[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const containment of made.splice(0)) {
    for (const { main } of containment.adopted) main.release();
    containment.remove();
  }
  expect(openFiles().filter((file) => file.includes('pidfd') || file.includes(`${name}.lock`))).toEqual([]);
});

const create = async (options: Partial<SupervisorOptions> = {}): Promise<PollingContainment> => {
  const containment = await PollingContainment.create(settingsOf({ name, limits: { highBytes: '1TiB' }, ...options }), () => undefined);
  made.push(containment);
  return containment;
};
/** A process that a dead supervisor of this name has left. */
const leftover = (id: string, run = 'dead'): number =>
  untilMarked(strays.start('sleep', ['600'], { stdio: 'ignore', env: { ...process.env, [markerName]: `${name}/${run}/${id}` } })).pid ?? 0;
const nameIsFree = (): boolean => {
  try {
    NameLock.take(name, 'test')[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
};
const code = (text: string): unknown => expect.objectContaining({ code: text }) as unknown;

describe('the name', () => {
  it('has one owner until that is closed', async () => {
    const first = await create();
    await expect(create()).rejects.toEqual(code('ERR_SPILLWAY_NAME_IN_USE'));
    first.remove();
    first.remove();
    await create();
  });

  it('that is refused harms nothing of its owner', async () => {
    await create();
    const pid = leftover('a');
    await expect(create()).rejects.toEqual(code('ERR_SPILLWAY_NAME_IN_USE'));
    expect(runs(pid)).toBe(true);
  });

  it('is free again when the start fails', async () => {
    await expect(create({ limits: {}, killBufferBytes: '4095TiB' })).rejects.toEqual(code('ERR_SPILLWAY_INVALID_OPTION'));
    leftover('a');
    jest.spyOn(native(), 'signalPidfd').mockReturnValue({ errno: 1, syscall: 'pidfd_send_signal', file: '' });
    await expect(create()).rejects.toEqual(code('ERR_SPILLWAY_STUCK'));
    expect(nameIsFree()).toBe(true);
  });
});

describe('leftovers', () => {
  it('are killed before the start, those of others are not', async () => {
    const pids = [leftover('a'), leftover('a'), leftover('b', 'other-run')];
    const other = strays.start('sleep', ['600'], { stdio: 'ignore', env: { ...process.env, [markerName]: `${name}x/dead/a` } }).pid ?? 0;
    expect((await create()).adopted).toEqual([]);
    expect([pids.filter(runs), runs(other)]).toEqual([[], true]);
  });

  it('are adopted with their ids, one worker for all processes with one mark', async () => {
    const pids = [leftover('a'), leftover('a'), leftover('b')];
    const containment = await create({ leftovers: 'adopt' });
    expect(containment.adopted.map(({ facts }) => facts.id).sort()).toEqual(['a', 'b']);
    expect(containment.adopted.map(({ main }) => main.pid).every((pid) => pids.includes(pid))).toBe(true);
    const a = containment.adopted.find(({ facts }) => facts.id === 'a');
    a?.enclosure.kill();
    await a?.main.ended;
    expect((await a?.enclosure.settle(false))?.leftovers).toBe(1);
    expect(pids.map(runs)).toEqual([false, false, true]);
  });

  it.each(['a\nb', '\u001b[2J', 'x'.repeat(257), ''])('an id that is none of ours (%j) gets another', async (id) => {
    leftover(id);
    expect((await create({ leftovers: 'adopt' })).adopted.map(({ facts }) => facts)).toEqual([factsOf({ id: 'adopted' })]);
  });

  it('of whom the first has ended just now: the next is taken', async () => {
    leftover('a');
    leftover('a');
    const [first] = findMarked(name)[0]?.processes ?? [];
    const openPidfd = native().openPidfd.bind(native());
    jest.spyOn(native(), 'openPidfd').mockImplementation((pid) => (pid === first?.pid ? { errno: 3, syscall: 'pidfd_open', file: '' } : openPidfd(pid)));
    const { adopted } = await create({ leftovers: 'adopt' });
    expect(adopted.map(({ main }) => main.pid)).not.toContain(first?.pid);
    expect(adopted).toHaveLength(1);
  });

  it('of whom nobody is left are none', async () => {
    leftover('a');
    jest.spyOn(native(), 'openPidfd').mockReturnValue({ errno: 3, syscall: 'pidfd_open', file: '' });
    expect((await create({ leftovers: 'adopt' })).adopted).toEqual([]);
  });

  it.each<['openPidfd' | 'watchProcess']>([['openPidfd'], ['watchProcess']])('that cannot be held for want of a descriptor (%s): it says so, and keeps nothing', async (call) => {
    const pids = [leftover('a'), leftover('b')];
    const works = native()[call].bind(native()) as (...args: unknown[]) => number;
    let calls = 0;
    jest.spyOn(native(), call).mockImplementation((...args: unknown[]) => (++calls === 2 ? { errno: 24, syscall: call, file: '' } : works(...args)));
    await expect(create({ leftovers: 'adopt' })).rejects.toEqual(code('ERR_SPILLWAY_SYSTEM_LIMIT'));
    expect([pids.map(runs), nameIsFree(), openFiles().filter((file) => file.includes('pidfd'))]).toEqual([[true, true], true, []]);
  });
});

describe('limits', () => {
  it('the pool has the mark that is given, or one below what there is', async () => {
    const given = await create({ limits: { highBytes: 100 * MiB, maxBytes: 200 * MiB } });
    expect(given.pool).toMatchObject({ level: 'pool', monitor: { state: 'stopped' } });
    expect(given.pool.gauge.measure(false)).toMatchObject({ markBytes: 100 * MiB, short: false, limits: { maxBytes: 200 * MiB } });
    given.remove();
    expect((await create({ limits: { maxBytes: 800 * MiB } })).pool.gauge.measure(false)).toMatchObject({ markBytes: 600 * MiB });
  });

  it('a group has one scope, whose limits change', async () => {
    const containment = await create();
    const scope = await containment.setGroup('g', { highBytes: 5 });
    expect([scope.level, scope.id, scope.gauge.measure(false)?.markBytes]).toEqual(['group', 'g', 5]);
    expect(await containment.setGroup('g', {})).toBe(scope);
    expect(scope.gauge.measure(false)?.markBytes).toBe(Infinity);
    expect(await containment.setGroup('other', {})).not.toBe(scope);
  });

  it.each<[object, number | undefined]>([
    [{}, undefined],
    [{ lowBytes: 5 }, undefined],
    [{ highBytes: 'max', maxBytes: 'max' }, undefined],
    [{ highBytes: 5 }, 5],
    [{ maxBytes: 6 }, 6],
    [{ highBytes: 5, maxBytes: 6 }, 5],
  ])('a worker with %j has a mark of its own at %s', async (memory, markBytes) => {
    const containment = await create();
    const facts = factsOf({ memory });
    expect(containment.scopeOf(facts, containment.enclose(facts))?.gauge.measure(false)?.markBytes).toBe(markBytes);
  });

  it('a scope holds its own processes and no others', async () => {
    const containment = await create();
    const enclosures = ['g', 'h'].map((group) => containment.enclose(factsOf({ group, memory: { highBytes: 1 } })));
    const mains = await Promise.all(enclosures.map((each) => each.launch({ file: 'sleep', args: ['600'], options: { stdio: 'ignore' } })));
    const [own] = enclosures;
    if (own === undefined) throw new Error('unreachable');
    const used = (scope: { gauge: (typeof containment)['pool']['gauge'] } | undefined): number => scope?.gauge.measure(false)?.usage.currentBytes ?? NaN;
    expect(used(await containment.setGroup('g', {}))).toBeGreaterThan(0);
    expect(used(containment.scopeOf(factsOf({ memory: { highBytes: 1 } }), own))).toBeGreaterThan(0);
    expect(used(await containment.setGroup('nobody', {}))).toBe(0);
    expect(used(containment.pool)).toBeGreaterThan(used(await containment.setGroup('g', {})));
    containment.removeNow();
    for (const main of mains) {
      expect((await main.ended).signal).toBe('SIGKILL');
      main.release();
    }
    expect(nameIsFree()).toBe(true);
  });
});

it('counts the kills of the kernel from its start on', async () => {
  expect((await create()).kernelOomKills()).toBe(0);
});
