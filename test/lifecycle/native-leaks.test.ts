// LeakSanitizer in the place of malloc, for all of the process: for Node's buffers and our addon alike.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { cleanRun, runProgram, type Run } from '../support/run-program';
import { trials } from '../support/trials';

/** Comes with GCC. Another compiler, or another libc, may have none. */
const sanitizer = (spawnSync('gcc', ['-print-file-name=liblsan.so'], { encoding: 'utf8' }).stdout as string | null)?.trim() ?? '';
const withSanitizer = isAbsolute(sanitizer) ? test : test.skip;

/** With no leak it prints nothing. */
async function runSanitized(name: string, count: number, libraries: readonly string[] = []): Promise<Run> {
  const under = ['env', `LD_PRELOAD=${[sanitizer, ...libraries].join(':')}`, 'LSAN_OPTIONS=exitcode=23:verbosity=0'];
  return runProgram(name, { args: [count], under, nodeOptions: ['--expose-gc'], timeLimitMs: 900_000 });
}

withSanitizer.each([
  ['buffers of a group', 'tracked-buffers.cjs', trials(20_000, 1_000_000), /"freedObjects":\d{5}/],
  ['limiters, and a process that is tracked', 'limiters.cjs', trials(50, 1000), /^\d+ rounds$/m],
  ['workers terminated with their limiters', 'limiter-workers.cjs', trials(2, 50), /^\d+ workers terminated$/m],
])('%s leave no memory behind', async (_what, program, count, said) => {
  const run = await runSanitized(program, count);
  expect(run).toMatchObject({ ...cleanRun, stdout: expect.stringMatching(said) as string });
}, 920_000);

withSanitizer('a leak would be seen', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-leak-'));
  try {
    writeFileSync(join(folder, 'leak.c'), '#include <stdlib.h>\n__attribute__((constructor)) static void leak(void) { char *volatile memory = malloc(4321); memory = 0; }\n');
    execFileSync('gcc', ['-shared', '-fPIC', '-O0', '-o', join(folder, 'leak.so'), join(folder, 'leak.c')]);
    const run = await runSanitized('limiters.cjs', 1, [join(folder, 'leak.so')]);
    expect(run).toMatchObject({ status: 23, stderr: expect.stringContaining('SUMMARY: LeakSanitizer: 4321 byte(s) leaked in 1 allocation(s)') as string });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
