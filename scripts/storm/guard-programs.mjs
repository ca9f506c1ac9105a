import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cachedDirectory } from '../lab/cache.mjs';
import { downloadPackage } from '../lab/private-apt.mjs';
import { run } from '../lab/run.mjs';

/**
 * earlyoom and systemd-oomd as Debian 12 ships them: unpacked beside the lab's kernels, never installed, since an
 * installed one would begin to guard this machine.
 */
export function guardPrograms() {
  const directory = cachedDirectory('guards-bookworm', (target) => {
    for (const name of ['earlyoom', 'systemd-oomd', 'libsystemd-shared']) {
      const work = join(target, `download-${name}`);
      mkdirSync(work);
      run('dpkg', ['-x', downloadPackage(work, ['bookworm'], new RegExp(`^${name}$`), name), target]);
      run('rm', ['-r', work]);
    }
  });
  return {
    earlyoom: join(directory, 'usr/bin/earlyoom'),
    oomd: join(directory, 'lib/systemd/systemd-oomd'),
    oomdLibraries: join(directory, 'usr/lib/x86_64-linux-gnu/systemd'),
  };
}
