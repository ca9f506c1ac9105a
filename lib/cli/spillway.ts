#!/usr/bin/env node
import { hostFacts } from '../cgroup/preflight/host-facts';
import { inputs } from './inputs';
import { main } from './main';

const { env, stdout, stderr } = process;

// Whoever reads no more (`| head`) has seen enough.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// https://no-color.org
const colours = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
const look = { colours, ...(stdout.isTTY && stdout.columns > 0 && { columns: stdout.columns }) };
const outcome = main(process.argv.slice(2), hostFacts, look, inputs);
stdout.write(outcome.stdout);
stderr.write(outcome.stderr);
process.exitCode = outcome.status;
