/**
 * @typedef {object} CpioEntry
 * @property {string} name without a leading slash
 * @property {number} mode file type and permissions
 * @property {Buffer | string} [content]
 */

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

/**
 * @param {string} name
 * @returns {CpioEntry}
 */
export function directory(name) {
  return { name, mode: S_IFDIR | 0o755 };
}

/**
 * @param {string} name
 * @param {Buffer | string} content
 * @returns {CpioEntry}
 */
export function file(name, content) {
  return { name, mode: S_IFREG | 0o755, content };
}

/**
 * An archive in the format that the kernel unpacks as its first root file
 * system: Documentation/driver-api/early-userspace/buffer-format.rst.
 * @param {readonly CpioEntry[]} entries
 * @returns {Buffer}
 */
export function cpio(entries) {
  return Buffer.concat([...entries, { name: 'TRAILER!!!', mode: 0 }].flatMap((entry, index) => {
    const name = Buffer.from(`${entry.name}\0`);
    const content = Buffer.from(entry.content ?? '');
    //             ino        mode        uid gid nlink mtime size          devmajor minor rdevmajor minor namesize     check
    const fields = [index + 1, entry.mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    return [header, name, padding(header.length + name.length), content, padding(content.length)];
  }));
}

/** @param {number} length */
function padding(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
