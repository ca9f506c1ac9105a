import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The given Debian packages that are not installed.
 * @param {readonly string[]} names
 * @returns {string[]}
 */
export function missingPackages(names) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names], { encoding: 'utf8' });
  if (query.error) {
    throw new Error(`This needs the packages ${names.join(', ')}, and this is no Debian system (there is no dpkg-query). Install them by hand.`);
  }
  // dpkg-query fails as soon as one name is unknown, and still lists the others.
  const installed = new Set(query.stdout.split('\n').filter((line) => line.endsWith(' installed')).map((line) => line.split(' ')[0]));
  return names.filter((name) => !installed.has(name));
}

/**
 * Makes sure that Debian packages are installed: root installs them, anyone
 * else is told the command. Everything is printed to stderr, because stdout
 * belongs to whatever the caller was asked to do.
 * @param {readonly string[]} names
 * @param {string} why what they are for, e.g. "the kernel lab"
 * @throws {Error} when they are missing and cannot be installed
 */
export function ensurePackages(names, why) {
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    throw new Error(`Missing Debian packages for ${why}. Install them with:\n  sudo apt-get update && sudo ${command}`);
  }
  console.error(`Installing for ${why}: ${missing.join(' ')}`);
  runApt(['update', '-q']);
  runApt(['install', '-q', '-y', '--no-install-recommends', ...missing]);
  const still = missingPackages(missing);
  if (still.length > 0) throw new Error(`apt-get reported success, but these packages are still missing: ${still.join(' ')}`);
}

/**
 * Two of our scripts may want packages at once, and apt-get does not wait for
 * the lock of its lists: they queue on a lock of their own.
 * @param {string[]} args
 */
function runApt(args) {
  const lock = join(tmpdir(), 'spillway-packages.lock');
  const { status, error } = spawnSync('flock', [lock, 'apt-get', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error || status !== 0) {
    throw new Error(`apt-get ${args[0]} failed (${error ? error.message : `exit status ${status}`}). Its messages are above.`);
  }
}
