import fc from 'fast-check';
import { descendantsOf } from '../../lib/process/descendants';
import { readProcessTable } from '../../lib/process/process-table';
import { entryOf, tableOf } from './support/fixture-proc';
import { Running } from './support/running';

/** Pids of processes, each with its parent and start time. */
function found(roots: Iterable<number>, ...processes: [pid: number, parentPid: number, startTime?: number][]): number[] {
  const entries = processes.map(([pid, parentPid, startTime = 1]) => entryOf(pid, { parentPid, startTime }));
  return descendantsOf(roots, tableOf(...entries)).map(({ pid }) => pid);
}

describe('descendantsOf', () => {
  it('puts parents before children, whatever their pids', () => {
    expect(found([9], [2, 7], [3, 2], [7, 9], [8, 1], [9, 1], [10, 9])).toEqual([7, 10, 2, 3]);
  });

  it('leaves the roots out, also those that descend from another', () => {
    expect(found([2, 3, 2], [2, 1], [3, 2], [4, 3])).toEqual([4]);
  });

  it.each([
    ['its own parent', [[2, 2]], []],
    ['parents of each other', [[2, 3], [3, 2]], [3]],
    ['a circle below the root', [[2, 1], [3, 2], [4, 3], [3, 4], [5, 4]], []],
    ['a circle of its own', [[2, 1], [3, 4], [4, 3]], []],
  ] as [string, [number, number][], number[]][])('ends with %s', (_what, processes, pids) => {
    expect(found([2], ...processes)).toEqual(pids);
  });

  it("takes no child that started before its parent: the pid was another's", () => {
    expect(found([2], [2, 1, 50], [3, 2, 49], [4, 3, 60], [5, 2, 50], [6, 5, 51])).toEqual([5, 6]);
  });

  it('knows no children of a root that is not there', () => {
    expect(found([2, 0, -1, NaN], [1, 0], [3, 2])).toEqual([]);
  });

  it('takes any iterable', () => {
    expect(found(new Set([1]).values(), [1, 0], [3, 1])).toEqual([3]);
  });

  it('goes through a chain of 30000 without a deep stack', () => {
    const chain = Array.from({ length: 30_000 }, (_, at): [number, number] => [at + 1, at]);
    expect(found([1], ...chain)).toHaveLength(29_999);
  });

  it('finds each that has a way of older parents to a root, once and after its parent', () => {
    const pid = fc.integer({ min: 1, max: 12 });
    const entries = fc.uniqueArray(fc.record({ pid, parentPid: fc.nat(12), startTime: fc.nat(5) }), { selector: (each) => each.pid });
    fc.assert(
      fc.property(entries, fc.array(pid), (some, roots) => {
        const table = tableOf(...some.map((each) => entryOf(each.pid, each)));
        const belongs = new Set(roots.filter((root) => table.has(root)));
        for (let size = -1; size !== belongs.size; ) {
          size = belongs.size;
          for (const each of some) {
            const parent = table.get(each.parentPid);
            if (parent !== undefined && belongs.has(parent.pid) && parent.startTime <= each.startTime) belongs.add(each.pid);
          }
        }
        for (const root of roots) belongs.delete(root);

        const pids = descendantsOf(roots, table).map((each) => each.pid);
        expect([...pids].sort()).toEqual([...belongs].sort());
        pids.forEach((each, at) => {
          expect([...roots, ...pids.slice(0, at)]).toContain(table.get(each)?.parentPid);
        });
      }),
    );
  });
});

describe('descendantsOf real processes', () => {
  let running: Running | undefined;
  afterEach(() => {
    running?.release();
  });

  it('is a chain of forks in its order', async () => {
    running = Running.python(`
chain = [os.getpid()]
while len(chain) < 6:
  if os.fork() > 0: hold()
  chain.append(os.getpid())
tell(chain)
hold()`);
    const [main = NaN, ...chain] = await running.numbers();
    expect(main).toBe(running.pid);
    expect(descendantsOf([main], readProcessTable()).map(({ pid }) => pid)).toEqual(chain);
  });

  it('is what a shell started', async () => {
    running = new Running('sh', ['-c', "sh -c 'read x <&3; :' & first=$!; sh -c 'read x <&3; :' & echo [$first,$!]; read x <&3; :"]);
    const children = await running.numbers();
    const pids = descendantsOf([running.pid], readProcessTable()).map(({ pid }) => pid);
    expect(pids.sort()).toEqual(children.sort());
    expect(descendantsOf([process.pid], readProcessTable()).map(({ pid }) => pid)).toEqual(expect.arrayContaining([running.pid, ...children]));
  });
});
