import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HostFacts } from '../cgroup/preflight/host-facts';
import { SpillwayError } from '../errors';
import { wrap } from '../wrap';
import { builtInPolicies } from './built-in-policies';
import { diagnose, format, type Look } from './doctor';
import { explainCommand } from './explain-command';
import type { Inputs } from './inputs';
import { UsageError, type Outcome } from './outcome';
import { replayCommand } from './replay-command';

const policyNames = wrap(`one of ${[...builtInPolicies.keys()].join(', ')}; or a module that exports a policy, such as ./my-policy.js`, 75).join(`\n${' '.repeat(21)}`);

export const usage = `Usage: spillway COMMAND

  doctor             say what Spillway can do on this host, what it lacks, and how to mend that
    --json           print { level, findings } as JSON
    --cgroup PATH    look at this base cgroup (default 'auto': the own one)
    --name NAME      look also at what depends on the pool's name

  explain FILE       say what happened in the last relief report of FILE ('-': standard input)
    --report ID      the one whose id begins so
    --last N         the last N reports
    --json           print [{ headline, advice, report }] as JSON

  replay FILE        say whom another policy would have chosen in the relief reports of FILE
    --policy NAME    ${policyNames}
    --json           print { policy, reports, summary } as JSON

  --help             print this text
  --version          print the version

Exit status of doctor: 0 for the guarantee level kernel, 1 for a lower one. Of explain and replay:
0, or 1 when no such report could be read; lines that are damaged are skipped. Of all: 2 for wrong usage.
`;

const said = (stdout: string, status: 0 | 1 = 0): Outcome => ({ status, stdout, stderr: '' });
const misused = (why: string): Outcome => ({ status: 2, stdout: '', stderr: `spillway: ${why}\n\n${usage}` });

/** The `spillway` command, without its process: what it writes, and how it ends. */
export function main(args: readonly string[], facts: HostFacts, look: Look, inputs: Inputs): Outcome {
  const [command, ...rest] = args;
  switch (command) {
    case 'doctor':
      return helped(() => doctor(rest, facts, look));
    case 'explain':
      return helped(() => explainCommand(rest, inputs, look));
    case 'replay':
      return helped(() => replayCommand(rest, inputs));
    case '--help':
    case '-h':
    case 'help':
      return said(usage);
    case '--version':
    case '-v':
      return said(`${version()}\n`);
    case undefined:
      return misused('no command given');
    default:
      return misused(`unknown ${command.startsWith('-') ? 'option' : 'command'} ${JSON.stringify(command)}`);
  }
}

function doctor(args: string[], facts: HostFacts, look: Look): Outcome | 'help' {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, cgroup: { type: 'string' }, name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  const { json = false, cgroup, name } = values;
  const diagnosis = diagnose(facts, { ...(cgroup !== undefined && { cgroup }), ...(name !== undefined && { name }) });
  return said(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : format(diagnosis, look), diagnosis.level === 'kernel' ? 0 : 1);
}

/** Answers to `--help`, and to wrong usage. */
function helped(command: () => Outcome | 'help'): Outcome {
  try {
    const outcome = command();
    return outcome === 'help' ? said(usage) : outcome;
  } catch (error) {
    if (error instanceof SpillwayError || error instanceof UsageError || isParseError(error)) return misused(error.message);
    throw error;
  }
}

function isParseError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException | undefined)?.code).startsWith('ERR_PARSE_ARGS_');
}

/** As far from here in lib/ as in dist/. */
function version(): string {
  return (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }).version;
}
