import { dirname } from 'node:path';

const PASSED_THROUGH = /^(CI|TERM|COLUMNS|LINES|FORCE_COLOR|NO_COLOR|NODE_OPTIONS|HOME|SPILLWAY_.*)$/;
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * @param {string} text
 * @returns {string} one word of a shell script
 */
export function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The environment of the command: Node is found where it is here, and little
 * else comes along, so that results do not hang on a developer's shell.
 * @param {readonly string[]} extra NAME=VALUE, or NAME to pass ours on
 * @param {string} release the guest's kernel
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Map<string, string>}
 */
export function guestEnvironment(extra, release, environment = process.env) {
  /** @type {Map<string, string>} */
  const result = new Map([['USER', 'root'], ['LOGNAME', 'root'], ['SHELL', '/bin/sh'], ['LANG', 'C.UTF-8'], ['PWD', process.cwd()]]);
  for (const [name, value] of Object.entries(environment)) {
    if (PASSED_THROUGH.test(name) && value !== undefined) result.set(name, value);
  }
  if (!result.get('HOME')) result.set('HOME', '/root');
  result.set('PATH', [dirname(process.execPath), environment['PATH'], SYSTEM_PATH].filter(Boolean).join(':'));
  result.set('SPILLWAY_LAB', release);
  for (const assignment of extra) {
    const equals = assignment.indexOf('=');
    if (equals > 0) result.set(assignment.slice(0, equals), assignment.slice(equals + 1));
    else if (environment[assignment] !== undefined) result.set(assignment, environment[assignment]);
  }
  return result;
}

/**
 * The shell script that becomes the command. `env` starts it, because a shell
 * drops variables with unusual names; not busybox's, which would run its own
 * `sh` and `ps` in place of the machine's.
 * @param {readonly string[]} command
 * @param {Map<string, string>} environment
 */
export function jobScript(command, environment) {
  const assignments = [...environment].map(([name, value]) => quote(`${name}=${value}`));
  return [
    `/run/lab/busybox mkdir -p ${quote(environment.get('HOME') ?? '/root')}`,
    `cd ${quote(process.cwd())} || exit 125`,
    `exec /usr/bin/env -i ${[...assignments, ...command.map(quote)].join(' ')}`,
    '',
  ].join('\n');
}
