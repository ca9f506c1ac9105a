import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { descendsFrom } from '../../lib/process/descends-from';
import { entryOf, FixtureProc } from './support/fixture-proc';
import { Running } from './support/running';

describe('descendsFrom', () => {
  const proc = new FixtureProc();
  afterAll(() => { proc.remove(); });
  proc.process(entryOf(1, { parentPid: 0 }), entryOf(10), entryOf(11, { parentPid: 10 }), entryOf(12, { parentPid: 11 }));
  // Of a parent outside of this pid namespace the kernel says 0.
  proc.process(entryOf(20, { parentPid: 0 }), entryOf(21, { parentPid: 20 }), entryOf(30, { parentPid: 29 }));

  it.each([
    ['itself', 11, 11, true],
    ['its parent', 11, 10, true],
    ["its parent's parent", 12, 10, true],
    ['its child', 10, 11, false],
    ['another one', 12, 20, false],
    ['init, of whom all descend', 12, 1, true],
    ['init itself', 1, 1, true],
    ['nobody else than init', 1, 10, false],
    ['one whose parent is outside of the namespace', 21, 20, true],
    ['nobody above that', 21, 1, false],
    ['one whose parent has ended meanwhile', 30, 29, true],
    ['nobody above that, either', 30, 10, false],
    ['nobody, when it is gone itself', 99, 10, false],
    ['nobody, without a pid', 0, 10, false],
    ['the kernel, which is no process', 12, 0, false],
  ])('%s', (_what, pid, ancestor, descends) => {
    expect(descendsFrom(pid, ancestor, proc.root)).toBe(descends);
  });

  it('tells of real processes: a child of ours, and what that starts', async () => {
    const family = Running.python(`
child = os.fork()
if child == 0: hold()
tell([child])
hold()`);
    const [grandchild = 0] = await family.numbers();
    expect([family.pid, grandchild].map((pid) => descendsFrom(pid, process.pid))).toEqual([true, true]);
    expect(descendsFrom(grandchild, family.pid)).toBe(true);
    expect(descendsFrom(process.pid, family.pid)).toBe(false);
    expect(descendsFrom(process.ppid, process.pid)).toBe(false);
    family.release();
  });

  it('does not call one ours whose parent died: it is somebody else’s now', async () => {
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = Number(text);
    if (parent.exitCode === null) await once(parent, 'exit');
    try {
      expect(descendsFrom(orphan, process.pid)).toBe(false);
    } finally {
      process.kill(orphan, 'SIGKILL');
    }
  });
});
