import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianSources } from './debian-sources.mjs';
import { run } from './run.mjs';

const KEYRINGS = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'];

/**
 * Downloads the newest package whose name matches, with a package list, cache
 * and state of its own: the machine's apt is only asked where its archives,
 * keyrings and proxies are, never changed.
 * @param {string} directory an empty directory to work in
 * @param {readonly string[]} suites tried in this order
 * @param {RegExp} name
 * @param {string} start what all such names begin with
 * @returns {string} the path of the .deb file
 */
export function downloadPackage(directory, suites, name, start) {
  /** @type {string[]} */
  const failures = [];
  for (const { uri, keyring } of sources()) {
    for (const suite of suites) {
      const apt = privateApt(join(directory, `${failures.length}`), `deb [arch=amd64 target=Packages signed-by=${keyring}] ${uri} ${suite} main\n`);
      try {
        apt('apt-get', ['-q', 'update', '--error-on=any']);
        const packages = apt('apt-cache', ['pkgnames', start]).toString().split('\n').filter((candidate) => name.test(candidate));
        const newest = packages.sort(byVersion).at(-1);
        if (newest === undefined) throw new Error(`no package there is named like ${name.source}`);
        console.error(`lab: downloading ${newest} from ${uri} ${suite}`);
        apt('apt-get', ['-q', 'download', newest]);
        const [file] = readdirSync(apt.directory).filter((entry) => entry.endsWith('.deb'));
        if (file === undefined) throw new Error('apt-get download left no file');
        return join(apt.directory, file);
      } catch (error) {
        failures.push(`${uri} ${suite}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  throw new Error(`Cannot download a package named like ${name.source}. Tried:\n${failures.join('\n')}`);
}

/**
 * Signed packages after unsigned ones of the same version: their modules do not
 * taint the kernel.
 * @param {string} a
 * @param {string} b
 */
function byVersion(a, b) {
  const version = (/** @type {string} */ name) => name.replace(/-unsigned$/, '');
  return version(a).localeCompare(version(b), 'en', { numeric: true }) || b.length - a.length;
}

/** @returns {{ uri: string, keyring: string }[]} */
function sources() {
  const usual = KEYRINGS.find((path) => existsSync(path));
  const mirror = process.env['SPILLWAY_LAB_MIRROR'];
  const found = mirror ? [{ uri: mirror, keyring: undefined }] : debianSources();
  if (found.length === 0) {
    throw new Error(
      'The kernel lab downloads Debian kernels, and this machine\'s apt sources name no Debian archive ' +
      '(looked in /etc/apt/sources.list and /etc/apt/sources.list.d). ' +
      'Set SPILLWAY_LAB_MIRROR to the address of a Debian mirror (what stands after "deb" in a sources.list), and try again.',
    );
  }
  return found.map(({ uri, keyring = usual }) => {
    if (keyring === undefined) throw new Error('The keys of Debian\'s archive are missing. Install them with:\n  sudo apt-get install debian-archive-keyring');
    return { uri, keyring };
  });
}

/**
 * @param {string} directory
 * @param {string} sourcesList
 */
function privateApt(directory, sourcesList) {
  for (const part of ['state/lists/partial', 'cache/archives/partial']) mkdirSync(join(directory, part), { recursive: true });
  writeFileSync(join(directory, 'status'), '');
  writeFileSync(join(directory, 'sources.list'), sourcesList);
  const settings = {
    'Dir::State': join(directory, 'state'),
    'Dir::State::status': join(directory, 'status'),
    'Dir::Cache': join(directory, 'cache'),
    // Docker images empty these two, which would not stay private then.
    'Dir::Cache::pkgcache': 'pkgcache.bin',
    'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
    'Dir::Etc::sourcelist': join(directory, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // The unprivileged user _apt cannot write below a private home directory.
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  return Object.assign(
    (/** @type {string} */ command, /** @type {string[]} */ args) => run(command, [...options, ...args], { cwd: directory }),
    { directory },
  );
}
