// systemd-oomd without systemd: the daemon itself, as Debian ships it, and a stand-in for the one thing that it
// asks PID 1 for, which cgroups it shall guard (varlink, io.systemd.ManagedOOM.SubscribeManagedOOMCGroups).

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { spawnInside } from './child.mjs';

const SOCKET = '/run/systemd/io.system.ManagedOOM';

/** Twice as eager as systemd's own test (TEST-55-OOMD): the least duration that it takes, and the same limit. */
const CONFIGURATION = '[OOM]\nDefaultMemoryPressureDurationSec=1s\n';
const LIMIT = 0.2;

/**
 * @param {{ oomd: string, oomdLibraries: string }} programs
 * @param {string} group the cgroup that it runs in
 * @param {string} path the cgroup that it guards, below the root
 */
export async function startOomd({ oomd, oomdLibraries }, group, path) {
  for (const directory of ['/run/systemd/oom', '/run/dbus', '/etc/systemd']) mkdirSync(directory, { recursive: true });
  writeFileSync('/etc/systemd/oomd.conf', CONFIGURATION);
  rmSync(SOCKET, { force: true });
  const cgroups = [{ mode: 'kill', path, property: 'ManagedOOMMemoryPressure', limit: Math.round(LIMIT * (2 ** 32 - 1)) }];
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.on('data', () => connection.write(`${JSON.stringify({ parameters: { cgroups }, continues: true })}\0`));
  });
  server.listen(SOCKET);
  await once(server, 'listening');
  const heard = once(server, 'connection');
  const [words, level] = process.env['SPILLWAY_DEBUG'] ? /** @type {const} */ (['inherit', 'debug']) : /** @type {const} */ (['ignore', 'info']);
  const child = spawnInside(group, [oomd], { stdio: ['ignore', words, words], env: { LD_LIBRARY_PATH: oomdLibraries, SYSTEMD_LOG_LEVEL: level } });
  const ended = once(child, 'exit');
  await Promise.race([heard, ended.then(([code]) => { throw new Error(`systemd-oomd has ended with ${code}`); })]);
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      server.close();
    },
  };
}
