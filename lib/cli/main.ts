import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HostFacts } from '../cgroup/preflight/host-facts';
import { SpillwayError } from '../errors';
import { diagnose, format, type Look } from './doctor';

export const usage = `Usage: spillway COMMAND

  doctor             say what Spillway can do on this host, what it lacks, and how to mend that
    --json           print { level, findings } as JSON
    --cgroup PATH    look at this base cgroup (default 'auto': the own one)
    --name NAME      look also at what depends on the pool's name

  --help             print this text
  --version          print the version

Exit status of doctor: 0 for the guarantee level kernel, 1 for a lower one, 2 for wrong usage.
`;

export interface Outcome {
  status: 0 | 1 | 2;
  stdout: string;
  stderr: string;
}

const said = (stdout: string, status: 0 | 1 = 0): Outcome => ({ status, stdout, stderr: '' });
const misused = (why: string): Outcome => ({ status: 2, stdout: '', stderr: `spillway: ${why}\n\n${usage}` });

/** The `spillway` command, without its process: what it writes, and how it ends. */
export function main(args: readonly string[], facts: HostFacts, look: Look): Outcome {
  const [command, ...rest] = args;
  switch (command) {
    case 'doctor':
      return doctor(rest, facts, look);
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

function doctor(args: string[], facts: HostFacts, look: Look): Outcome {
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean' }, cgroup: { type: 'string' }, name: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return said(usage);
    const { json = false, cgroup, name } = values;
    const diagnosis = diagnose(facts, { ...(cgroup !== undefined && { cgroup }), ...(name !== undefined && { name }) });
    return said(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : format(diagnosis, look), diagnosis.level === 'kernel' ? 0 : 1);
  } catch (error) {
    if (error instanceof SpillwayError || isUsageError(error)) return misused(error.message);
    throw error;
  }
}

function isUsageError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException | undefined)?.code).startsWith('ERR_PARSE_ARGS_');
}

/** As far from here in lib/ as in dist/. */
function version(): string {
  return (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }).version;
}
