// Runs one jest project and closes with a line that scripts/test.mjs can count.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [project = 'unit', ...rest] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'spillway-jest-'));
const outputFile = join(folder, 'result.json');
const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', project, '--json', `--outputFile=${outputFile}`, ...rest],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);
try {
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(outputFile, 'utf8'));
  // A suite that cannot even be loaded has no tests to fail.
  console.log(`${project}: ${numPassedTests} passed, ${Math.max(numFailedTests, numFailedTestSuites)} failed`);
} catch {
  console.log(`${project}: 0 passed, 1 failed`);
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = status ?? 1;
