import type { Inputs } from '../../lib/cli/inputs';
import { main, usage } from '../../lib/cli/main';
import { explain } from '../../lib/supervisor/reports/explain';
import { formatReport, parseReport } from '../../lib/supervisor/reports/format-report';
import { systemService } from '../cgroup/preflight/fixture-host';
import { reportOf } from '../supervisor/reports/reports-of';

const first = reportOf({ reportId: 'aaaa-1' });
const second = reportOf({ reportId: 'bbbb-2' });
const lines = [first, second].map(formatReport);

function run(args: string[], given: readonly (string | undefined)[] | Error): ReturnType<typeof main> {
  const inputs: Inputs = {
    lines: () => {
      if (given instanceof Error) throw given;
      return given;
    },
    load: () => undefined,
  };
  return main(['explain', ...args], systemService(), { colours: false }, inputs);
}

it('explains the last report, and says that there are others', () => {
  expect(run(['f'], lines)).toEqual({ status: 0, stdout: explain(second), stderr: 'spillway: this is the last of 2 reports; --last 2 shows all\n' });
});

it('--last N: the oldest of them first', () => {
  expect(run(['f', '--last', '2'], lines)).toEqual({ status: 0, stdout: `${explain(first)}\n${'─'.repeat(60)}\n\n${explain(second)}`, stderr: '' });
  expect(run(['f', '--last', '1'], lines)).toEqual({ status: 0, stdout: explain(second), stderr: '' });
  expect(run(['f', '--last', '99'], lines).stdout).toContain('aaaa-1');
});

it('of many it keeps no more than it is asked for', () => {
  const many = Array.from({ length: 25 }, (_, at) => formatReport(reportOf({ reportId: `r${at}` })));
  const { stdout } = run(['f', '--last', '3', '--json'], many);
  expect((JSON.parse(stdout) as { report: { reportId: string } }[]).map(({ report }) => report.reportId)).toEqual(['r22', 'r23', 'r24']);
});

it('--report ID, or how it begins', () => {
  expect(run(['f', '--report', 'aaaa-1'], lines)).toEqual({ status: 0, stdout: explain(first), stderr: '' });
  expect(run(['f', '--report', 'aa'], lines).stdout).toBe(explain(first));
  expect(run(['f', '--report', 'zz'], lines)).toEqual({ status: 1, stdout: '', stderr: 'spillway: none of 2 reports has an id that begins with "zz"\n' });
});

it('--json', () => {
  const { status, stdout } = run(['f', '--json'], lines);
  const [only] = JSON.parse(stdout) as { headline: string; advice: string[]; report: object }[];
  expect([status, only?.headline, only?.advice]).toEqual([0, 'Spillway killed the worker build-7 because the pool jobs ran short of memory; the shortage is over.', []]);
  expect(parseReport(JSON.stringify(only?.report))).toEqual(second);
});

it('skips what is damaged, and says so', () => {
  const torn = ['', lines[0], lines[1]?.slice(0, 99), undefined, '{"schemaVersion":1}', '\x1b[2J\u202e', '  '];
  expect(run(['f'], torn)).toEqual({
    status: 0, stdout: explain(first),
    stderr: [
      'spillway: f: line 3 is skipped: Not a relief report: this is no whole line of JSON (it may have been cut off)',
      'spillway: f: line 4 is skipped: it is longer than any report',
      'spillway: f: line 5 is skipped: Not a relief report: expected reportId to be text, got nothing',
      'spillway: f: line 6 is skipped: Not a relief report: this is no whole line of JSON (it may have been cut off)',
      '',
    ].join('\n'),
  });
});

it('a file of something else: a few notes, and status 1', () => {
  const { status, stdout, stderr } = run(['f\x1b'], Array.from({ length: 1000 }, () => 'log'));
  expect([status, stdout, stderr.split('\n').length]).toEqual([1, '', 8]);
  expect(stderr).toMatch(/spillway: f\?: 995 more lines are skipped\nspillway: no report was found\n$/);
});

it.each<[Error, string]>([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'f: there is no such file'],
  [Object.assign(new Error('x'), { code: 'EACCES' }), 'f: this user may not read it'],
  [Object.assign(new Error('x'), { code: 'EISDIR' }), 'f: it is a directory'],
  [Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }), 'f: EIO: i/o error'],
  [new RangeError('there is more than 256 MiB'), 'f: there is more than 256 MiB; hand over its end as standard input: tail -n 1000 FILE | npx spillway COMMAND -'],
])('what cannot be read: %s', (error, why) => {
  expect(run(['f'], error)).toEqual({ status: 1, stdout: '', stderr: `spillway: ${why}\nspillway: no report was found\n` });
});

it.each([
  [[], 'explain takes one FILE'],
  [['a', 'b'], 'explain takes one FILE'],
  [['f', '--last', '0'], '--last takes a number from 1 to 10000, not "0"'],
  [['f', '--last', 'x'], '--last takes a number from 1 to 10000, not "x"'],
  [['f', '--last', '10001'], 'not "10001"'],
  [['f', '--lats', '1'], "Unknown option '--lats'"],
])('%j is wrong usage', (args, why) => {
  const { status, stdout, stderr } = run(args, lines);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(why);
  expect(stderr).toContain(usage);
});

it('--help', () => {
  expect(run(['--help'], [])).toEqual({ status: 0, stdout: usage, stderr: '' });
});
