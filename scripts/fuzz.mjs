// `npm run fuzz -- [TARGET...] [--runs N]`: feeds the core's parsers with mutated kernel texts, under sanitizers.
//
// Begins with the committed corpus (native/test/corpus/TARGET) and with what earlier runs on this machine have found
// worth keeping. An input on which a target fails is kept, and its path printed.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { ensurePackages } from './lib/packages.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, 'build-native', 'fuzz');
const sources = join(root, 'native', 'test', 'fuzz');
const corpora = join(root, 'native', 'test', 'corpus');

/** Of all targets together, unless `--runs` says how many each is to make. */
const totalRuns = 10_000_000;

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @returns {{ ok: boolean, output: string }} all that it said
 */
function run(command, args) {
  const environment = { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: Infinity, env: environment });
  return { ok: status === 0, output: error === undefined ? `${stdout}${stderr}` : `${command}: ${error.message}` };
}

/**
 * Installs what is missing, and compiles all targets.
 * @throws {Error} with what the compiler said
 */
function compile() {
  ensurePackages(['clang', 'cmake', 'make'], 'fuzzing');
  // libFuzzer and the sanitizers' run-time libraries are packaged for each version of clang.
  const version = run('clang', ['-dumpversion']).output.split('.')[0] ?? '';
  ensurePackages([`libclang-rt-${version}-dev`], 'fuzzing');
  const configuration = ['-DCMAKE_CXX_COMPILER=clang++', '-DCMAKE_C_COMPILER=clang', '-DCMAKE_BUILD_TYPE=None', '-DCMAKE_CXX_FLAGS=-O1 -g1', '-DSPILLWAY_SANITIZE=address,undefined,fuzzer-no-link', '-DSPILLWAY_FUZZ=ON'];
  for (const args of [['-S', root, '-B', build, '-G', 'Unix Makefiles', ...configuration], ['--build', build, '-j', '2', '--target', 'fuzz_targets']]) {
    const { ok, output } = run('cmake', args);
    if (!ok) throw new Error(`${output}\ncmake failed; its messages are above.`);
  }
}

/**
 * Runs one target.
 * @param {string} target
 * @param {number} runs
 * @returns {{ ok: boolean, executed: number }}
 */
function fuzz(target, runs) {
  const found = join(build, 'corpus', target);
  mkdirSync(found, { recursive: true });
  const failures = join(build, `${target}-`);
  const program = join(build, 'native', 'test', 'fuzz', `${target}_fuzz`);
  const options = [`-runs=${runs}`, `-artifact_prefix=${failures}`, '-timeout=10', '-rss_limit_mb=1024', '-print_final_stats=1'];
  const { ok, output } = run(program, [...options, found, join(corpora, target)]);
  const figure = (/** @type {RegExp} */ pattern) => Number(pattern.exec(output)?.[1] ?? NaN);
  const executed = figure(/^stat::number_of_executed_units: (\d+)$/m);
  const perSecond = figure(/^stat::average_exec_per_sec: +(\d+)$/m);
  const edges = figure(/^#\d+\s+DONE +cov: (\d+)/m);
  if (ok) console.log(`fuzz (${target}): ${executed} executions, ${perSecond}/s, ${edges} edges covered`);
  else console.log(`${output.trimEnd().split('\n').slice(-30).join('\n')}\nfuzz (${target}): failed; the input is kept under ${failures}*`);
  return { ok, executed: executed || 0 };
}

const { values, positionals } = parseArgs({ options: { runs: { type: 'string' } }, allowPositionals: true });
const all = readdirSync(sources).flatMap((file) => /^(\w+)_fuzz\.cc$/.exec(file)?.[1] ?? []).sort();
const unknown = positionals.find((target) => !all.includes(target));
if (unknown !== undefined) throw new Error(`Unknown target ${JSON.stringify(unknown)}; there are ${all.join(', ')}.`);
const runs = values.runs === undefined ? Math.ceil(totalRuns / all.length) : Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`Expected --runs to be a number from 1, got ${JSON.stringify(values.runs)}.`);

compile();
const outcomes = (positionals.length === 0 ? all : positionals).map((target) => fuzz(target, runs));
const failed = outcomes.filter(({ ok }) => !ok).length;
console.log(`fuzz: ${outcomes.reduce((sum, { executed }) => sum + executed, 0)} executions in all`);
console.log(`fuzz: ${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
