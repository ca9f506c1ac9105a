import { closeSync, constants, ftruncateSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './cache.mjs';
import { run } from './run.mjs';

const MIB = 1024 * 1024;

/**
 * Files for one boot, given to QEMU as open descriptors: they have no names any
 * more when it starts, so nothing is left behind, however the lab ends.
 */
export class BootFiles {
  #directory = temporaryDirectory();
  /** @type {number[]} */
  #descriptors = [];

  /** @param {Buffer} content */
  data(content) {
    const path = this.#path();
    writeFileSync(path, content);
    return this.#open(path, constants.O_RDONLY);
  }

  /** @param {number} mib */
  emptyDisk(mib) {
    const descriptor = this.#open(this.#path(), constants.O_RDWR | constants.O_CREAT);
    ftruncateSync(descriptor, mib * MIB);
    return descriptor;
  }

  /** @param {number} mib */
  ext4Disk(mib) {
    const path = this.#path();
    const descriptor = this.#open(path, constants.O_RDWR | constants.O_CREAT);
    ftruncateSync(descriptor, mib * MIB);
    run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', path]);
    return descriptor;
  }

  unlink() {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  close() {
    this.unlink();
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }

  #path() {
    return join(this.#directory, `file${this.#descriptors.length}`);
  }

  /**
   * @param {string} path
   * @param {number} flags
   */
  #open(path, flags) {
    const descriptor = openSync(path, flags, 0o600);
    this.#descriptors.push(descriptor);
    return descriptor;
  }
}
