import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} DebianSource
 * @property {string} uri
 * @property {string | undefined} keyring path of the Signed-By file, where it names one
 */

// Debian's own suites. Third parties name theirs otherwise ("nodistro",
// "cloud-sdk-bookworm"); the security archive has other packages.
const SUITE = /^(bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)(-updates|-backports)?$/;

/**
 * The Debian archives that this machine's apt uses, in the order of its files.
 * @param {string} [directory]
 * @returns {DebianSource[]}
 */
export function debianSources(directory = '/etc/apt') {
  const parts = join(directory, 'sources.list.d');
  const files = [join(directory, 'sources.list'), ...(existsSync(parts) ? readdirSync(parts).sort().map((name) => join(parts, name)) : [])];
  /** @type {Map<string, DebianSource>} */
  const found = new Map();
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const sources = file.endsWith('.sources') ? parseDeb822(text) : file.endsWith('.list') ? parseOneLine(text) : [];
    for (const source of sources) {
      const uri = source.uri.replace(/\/+$/, '');
      if (source.suites.some((suite) => SUITE.test(suite)) && !found.has(uri)) found.set(uri, { uri, keyring: source.keyring });
    }
  }
  return [...found.values()];
}

/**
 * @typedef {{ uri: string, suites: string[], keyring: string | undefined }} Entry
 */

/**
 * @param {string} text
 * @returns {Entry[]}
 */
export function parseDeb822(text) {
  const withoutComments = text.split(/\r?\n/).filter((line) => !line.startsWith('#')).join('\n');
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    /** @type {Map<string, string>} */
    const fields = new Map();
    // A line that starts with white space goes on with the field above it.
    for (const line of stanza.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const words = (/** @type {string} */ name) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || /^(no|false|0|off)$/i.test(fields.get('enabled') ?? '')) return [];
    return words('uris').map((uri) => ({ uri, suites: words('suites'), keyring: keyringPath(fields.get('signed-by')) }));
  });
}

/**
 * @param {string} text
 * @returns {Entry[]}
 */
export function parseOneLine(text) {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line);
    if (!match) return [];
    const [, options = '', uri = '', suite = ''] = match;
    const signedBy = options.split(/\s+/).find((option) => /^signed-by=/i.test(option));
    return [{ uri, suites: [suite], keyring: keyringPath(signedBy?.slice('signed-by='.length)) }];
  });
}

/**
 * Signed-By may also hold a fingerprint or the key itself: then the archive's
 * usual keyring has to do.
 * @param {string | undefined} value
 */
function keyringPath(value) {
  return value?.startsWith('/') ? value.split(/[\s,]/)[0] : undefined;
}
