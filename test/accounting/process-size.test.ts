import { readProcessSize } from '../../lib/accounting/process-size';
import { FixtureProc } from '../process/support/fixture-proc';

const rollup = '55b4b21bb000-7ffc2c83f000 ---p 00000000 00:00 0                          [rollup]\nRss:                1732 kB\nPss:                 427 kB\nPss_Anon:            116 kB\n';
const status = 'Name:\tcat\nVmHWM:\t    1800 kB\nVmRSS:\t    1664 kB\nRssAnon:\t     116 kB\n';
const pss = { bytes: 427 * 1024, source: 'pss', confidence: 'fair-share' };
const rss = { bytes: 1664 * 1024, source: 'rss', confidence: 'upper-bound' };

let proc: FixtureProc;
beforeEach(() => { proc = new FixtureProc(); });
afterEach(() => { proc.remove(); });

describe('readProcessSize', () => {
  it.each<[string, Record<string, string>, unknown]>([
    ['both files', { smaps_rollup: rollup, status }, pss],
    ['a kernel without smaps_rollup', { status }, rss],
    ['a process of somebody else: an empty file', { smaps_rollup: '', status }, rss],
    ['a zombie', { smaps_rollup: '', status: 'Name:\tx\nState:\tZ (zombie)\n' }, undefined],
    ['nothing', {}, undefined],
    ['no proportional size', { smaps_rollup: rollup.replace('Pss:', 'Pzs:'), status }, rss],
    ['another unit', { smaps_rollup: rollup.replace('427 kB', '427 MB'), status }, rss],
    ['a name that looks like a figure', { status: 'Name:\tx\\nVmRSS:\t 9 kB\n' }, undefined],
    ['more than can be told', { smaps_rollup: rollup.replace('427', '9'.repeat(16)) }, { ...pss, bytes: Number.MAX_SAFE_INTEGER }],
  ])('tells of %s', async (_what, files, expected) => {
    for (const [name, text] of Object.entries(files)) proc.write(`4/${name}`, text);
    expect(await readProcessSize(4, proc.root)).toEqual(expected);
  });

  it.each([
    ['takes the line that is asked for', '', ''],
    ['skips lines that do not match', 'VmRSSX:\t 9 kB\nXVmRSS:\t 9 kB\n VmRSS:\t 9 kB\n', 'VmRSS_:\t 9 kB\n'],
    ['skips a line of 9,000 bytes', `${'x'.repeat(9000)}\n`, 'y'.repeat(9000)],
  ])('Saluki 24: %s', async (_what, before, after) => {
    proc.write('4/status', `${before}${status}${after}`);
    expect(await readProcessSize(4, proc.root)).toEqual(rss);
  });

  it('throws what says nothing of the process', async () => {
    proc.makeDirectory('4/smaps_rollup');
    await expect(readProcessSize(4, proc.root)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('of this process is more than nothing', async () => {
    expect((await readProcessSize(process.pid))?.bytes).toBeGreaterThan(0);
  });
});
