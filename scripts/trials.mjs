// `npm run trials`: the counted trials at full length (a million changes, 200 terminated workers, 30 s
// of page cache churn, ...), and ten million executions of the fuzz targets. The same tests as in
// `npm test`, with more rounds.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['unit', 'lifecycle', 'native', 'kernel', 'fuzz'];
const env = { ...process.env, SPILLWAY_TRIALS: 'full' };
const { status } = spawnSync(process.execPath, ['scripts/test.mjs', ...wanted], { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
