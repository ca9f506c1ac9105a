import { readProcess, type ProcessEntry } from '../../lib/process/process-entry';
import { ProcessTree } from '../../lib/process/process-tree';
import { readProcessTable } from '../../lib/process/process-table';
import { errorOf } from '../support/error-of';
import { entryOf, FixtureProc, tableOf } from './support/fixture-proc';
import { Running, until } from './support/running';

const pidsOf = (tree: ProcessTree): number[] => tree.members.map(({ pid }) => pid);

describe('ProcessTree', () => {
  const main = entryOf(10);
  const child = entryOf(11, { parentPid: 10 });
  const grandchild = entryOf(12, { parentPid: 11 });
  const stranger = entryOf(13);
  const orphan = { ...grandchild, parentPid: 1 };

  /** The members after each of some looks. */
  function after(...looks: ProcessEntry[][]): number[][] {
    const tree = new ProcessTree(main);
    return looks.map((entries) => {
      tree.update(tableOf(...entries));
      return pidsOf(tree);
    });
  }

  it('has no members before the first look', () => {
    expect(new ProcessTree(main).members).toEqual([]);
  });

  it('has the main process first, and entries of the last look', () => {
    const tree = new ProcessTree(main);
    tree.update(tableOf(stranger, grandchild, child, main));
    const renamed = { ...main, name: 'renamed' };
    tree.update(tableOf(grandchild, child, renamed, stranger));
    expect(tree.members).toEqual([renamed, child, grandchild]);
  });

  it('keeps a child that was adopted after its parent died, and what that starts', () => {
    const late = entryOf(14, { parentPid: 12 });
    expect(after([main, child, grandchild], [main, orphan, stranger], [orphan, late], [{ ...late, parentPid: 1 }]))
      .toEqual([[10, 11, 12], [10, 12], [12, 14], [14]]);
  });

  it('cannot know one that no look saw before it was adopted', () => {
    expect(after([main, child], [main, orphan])).toEqual([[10, 11], [10]]);
  });

  it('forgets what has ended, also when it seems to come back', () => {
    expect(after([main, child, grandchild], [main], [main, orphan])).toEqual([[10, 11, 12], [10], [10]]);
  });

  it("forgets a member whose pid is another process's now, with the children of that", () => {
    const other = entryOf(11, { startTime: 99 });
    expect(after([main, child], [main, other, entryOf(100, { parentPid: 11 })])).toEqual([[10, 11], [10]]);
  });

  it("takes another process by a member's pid for its own when it descends from one", () => {
    expect(after([main, child], [main, { ...child, startTime: 99 }])).toEqual([[10, 11], [10, 11]]);
    expect(after([main, child], [child, entryOf(10, { parentPid: 11, startTime: 99 })])).toEqual([[10, 11], [11, 10]]);
  });

  it('is empty for a main process that is another', () => {
    expect(after([{ ...main, startTime: 9 }, child])).toEqual([[]]);
  });

  it('finds its main process in the next look if a table was read before its start', () => {
    expect(after([stranger], [stranger, main, child])).toEqual([[], [10, 11]]);
    expect(after([main, child], [child], [main, child])).toEqual([[10, 11], [11], [10, 11]]);
  });

  it.each(['Z', 'X', 'x'])('has no members in state %s, but finds what was read before they died', (state) => {
    expect(after([main, { ...child, state }, grandchild], [{ ...main, state }, orphan])).toEqual([[10, 12], [12]]);
  });

  it('keeps a process whose first thread alone has ended', () => {
    expect(after([{ ...main, state: 'Z', threadCount: 3 }])).toEqual([[10]]);
  });

  it('holds no more than the last look, however many came and went', () => {
    const tree = new ProcessTree(main);
    for (let pid = 100; pid < 5000; pid += 1) tree.update(tableOf(main, entryOf(pid, { parentPid: 10 })));
    expect(tree.members).toHaveLength(2);
  });

  it('keeps a list that was handed out as it was', () => {
    const tree = new ProcessTree(main);
    tree.update(tableOf(main, child));
    const before = tree.members;
    tree.update(tableOf(main));
    expect(before).toEqual([main, child]);
  });

  it('reads the table itself, and keeps its members when that fails', () => {
    const proc = new FixtureProc().process(main, child, stranger);
    try {
      const tree = new ProcessTree(main, proc.root);
      tree.update();
      proc.delete('11/stat').makeDirectory('11/stat');
      expect(errorOf(() => { tree.update(); })).toMatchObject({ code: 'EISDIR' });
      expect(pidsOf(tree)).toEqual([10, 11]);
    } finally {
      proc.remove();
    }
  });
});

describe('ProcessTree of real processes', () => {
  let running: Running | undefined;
  afterEach(() => {
    running?.release();
  });

  function treeOf(pid: number): ProcessTree {
    const entry = readProcess(pid);
    if (entry === undefined) throw new Error('it has ended');
    return new ProcessTree(entry);
  }

  it('keeps a daemon that was seen before its parents died', async () => {
    running = Running.python(`
middle = os.fork()
if middle == 0:
  os.setsid()
  daemon = os.fork()
  if daemon == 0: hold()
  tell([os.getpid(), daemon])
  os.read(3, 1)
  os._exit(0)
os.waitpid(middle, 0)
tell('reaped')
hold()`);
    const [middle = NaN, daemon = NaN] = await running.numbers();
    const tree = treeOf(running.pid);
    tree.update();
    expect(pidsOf(tree)).toEqual([running.pid, middle, daemon]);

    process.kill(middle, 'SIGKILL');
    await running.told();
    await until('the daemon to be adopted', () => readProcess(daemon)?.parentPid !== middle);
    tree.update();
    expect(pidsOf(tree)).toEqual([running.pid, daemon]);

    const late = treeOf(running.pid);
    late.update();
    expect(pidsOf(late)).toEqual([running.pid]);

    await running.kill();
    tree.update();
    expect(pidsOf(tree)).toEqual([daemon]);

    running.release();
    await until('the daemon to end', () => {
      tree.update();
      return tree.members.length === 0;
    });
  });

  it('drops a child that was killed, reaped or not', async () => {
    running = Running.python(`
children = [os.fork() or hold() for _ in range(2)]
tell(children)
hold()`);
    const [first = NaN, second = NaN] = await running.numbers();
    const tree = treeOf(running.pid);
    tree.update(readProcessTable());
    expect(pidsOf(tree).sort()).toEqual([running.pid, first, second].sort());
    process.kill(first, 'SIGKILL');
    await until('it to be a zombie', () => readProcess(first)?.state === 'Z');
    tree.update(readProcessTable());
    expect(pidsOf(tree)).toEqual([running.pid, second]);
  });
});
