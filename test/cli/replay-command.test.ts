import type { Inputs } from '../../lib/cli/inputs';
import { main, usage } from '../../lib/cli/main';
import type { KillPolicy } from '../../lib/policy';
import { formatReport } from '../../lib/supervisor/reports/format-report';
import { systemService } from '../cgroup/preflight/fixture-host';
import { reportOf } from '../supervisor/reports/reports-of';

const lines = Array.from({ length: 3 }, (_, at) => formatReport(reportOf({ reportId: `r${at}` })));
const db: KillPolicy = { name: 'db', rank: (all) => all.filter(({ id }) => id === 'db').map(({ id }) => ({ id, reason: 'given' })) };
const nobody: KillPolicy = { name: 'nobody', rank: () => [] };

function run(args: string[], loaded?: unknown, given: readonly string[] = lines): ReturnType<typeof main> {
  const inputs: Inputs = {
    lines: () => given,
    load: () => {
      if (loaded instanceof Error) throw loaded;
      return loaded;
    },
  };
  return main(['replay', ...args], systemService(), { colours: false }, inputs);
}

it('a policy by its name', () => {
  expect(run(['f', '--policy', 'byStartTime'])).toEqual({
    status: 0, stderr: '',
    stdout: `byStartTime would have chosen the same workers in 3 of 3 reports.

  then:   3 killed, 1.21 GiB freed; their work: 0 lost, 3 to be done again, 0 idle
  would:  3 killed, 1.21 GiB freed; their work: 0 lost, 3 to be done again, 0 idle

Sizes and needs are those of the reports. After its first other choice a report does not tell what
would have happened: how the workers that would have lived would have grown is not known.
`,
  });
});

it.each([['itself', db], ['as default', { default: db }], ['of an ES module', { __esModule: true, default: db }]])('a module that exports a policy: %s', (_what, loaded) => {
  expect(run(['f', '--policy', './db.js'], loaded, lines.slice(0, 1)).stdout).toBe(`db would have chosen the same workers in 0 of 1 report.

  then:   1 killed, 412 MiB freed; their work: 0 lost, 1 to be done again, 0 idle
  would:  1 killed, 120 MiB freed; their work: 1 lost, 0 to be done again, 0 idle

2026-11-21T03:12:09.412Z  report r0
  then:   build-7
  would:  db

Sizes and needs are those of the reports. After its first other choice a report does not tell what
would have happened: how the workers that would have lived would have grown is not known.
`);
});

it('says when the need is not covered, or the policy fails', () => {
  expect(run(['f', '--policy', './x'], nobody).stdout).toContain('\nIn 3 of them, those whom it lets die would not have covered the need.\n');
  const broken = { name: 'broken', rank: () => 7 };
  expect(run(['f', '--policy', './x'], broken).stdout).toContain('\nIn 3 of them it failed, and byStartTime was asked instead: the policy "broken" was not used: it returned no list\n');
});

it('shows the first differences', () => {
  const many = Array.from({ length: 25 }, (_, at) => formatReport(reportOf({ reportId: `r${at}` })));
  const { stdout } = run(['f', '--policy', './x'], nobody, many);
  expect(stdout.match(/would: {2}nobody/g)).toHaveLength(20);
  expect(stdout).toContain('\nand 5 more; --json has them all\n');
});

it('--json', () => {
  const { status, stdout } = run(['f', '--policy', './x', '--json'], db);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ policy: 'db', reports: [{ reportId: 'r0', would: ['db'], same: false }, {}, {}], summary: { reports: 3, same: 0 } });
});

it('nothing to read: status 1', () => {
  expect(run(['f', '--policy', 'byStartTime'], undefined, ['junk'])).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/line 1 is skipped.*\nspillway: no report was found\n/) as string });
});

it.each<[string[], unknown, string]>([
  [['--policy', 'byStartTime'], undefined, 'replay takes one FILE'],
  [['f'], undefined, 'replay takes --policy NAME'],
  [['f', '--policy', 'byStarTime'], undefined, 'there is no policy "byStarTime"; known are byStartTime'],
  [['f', '--policy', 'constructor'], undefined, 'there is no policy "constructor"'],
  [['f', '--policy', './x'], {}, '"./x" exports no policy: an object with a name and a rank function'],
  [['f', '--policy', './x'], null, '"./x" exports no policy'],
  [['f', '--policy', './x'], { name: 'x', default: { name: 'x' } }, '"./x" exports no policy'],
  [['f', '--policy', './x'], new Error("Cannot find module './x'"), `could not load the policy "./x": Error: Cannot find module './x'`],
])('%j is wrong usage', (args, loaded, why) => {
  const { status, stdout, stderr } = run(args, loaded);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(why);
  expect(stderr).toContain(usage);
});

it('--help', () => {
  expect(run(['--help'])).toEqual({ status: 0, stdout: usage, stderr: '' });
});
