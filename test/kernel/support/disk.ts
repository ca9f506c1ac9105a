import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Call it at the top of a file, after what runs programs there: a path on the guest's disk, whose folder is removed after the test. */
export function useDisk(): { file: (name: string) => string } {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  return {
    file(name) {
      // The pages of other file systems are not like those of ext4.
      const folder = mkdtempSync(join(existsSync('/scratch') ? '/scratch' : '/var/tmp', 'spillway-test-'));
      folders.push(folder);
      return join(folder, name);
    },
  };
}
