import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as accounting from '../../lib/accounting';

const root = join(__dirname, '../..');

// Programs are started one after the other, and a busy machine takes its time.
jest.setTimeout(120_000);

/** A small service with two components, as a user would write it. Any use of a native binary ends it. */
const service = `
  process.dlopen = () => { throw new Error('native code was loaded'); };
  const { ComponentRegistry, verifyMemory, formatBounds } = require('spillway/accounting');
  const registry = new ComponentRegistry();
  registry.bounds
    .withSubcomponent('cache', { specifyBounds(builder) { builder.firm().withMap('contexts', 64, 192, 4_000_000); } })
    .withSubcomponent('sessions', { specifyBounds(builder) { builder.minimum().withArray('buffers', '64KiB', 100); } });
  const [, mode, limitBytes] = process.argv;
  const { verified } = verifyMemory(registry, { mode, limitBytes });
  if (verified !== undefined) console.log(formatBounds(verified));
  setTimeout(() => console.log('still up'));
`;

/** Tries a limiter that needs the binary, and uses one that does not. */
const limited = `
  const { MemoryLimiter } = require('spillway/accounting');
  try {
    new MemoryLimiter({ limitBytes: '1GiB' });
  } catch ({ code, message }) {
    console.log(code, message.includes('npm rebuild spillway'));
  }
  process.dlopen = () => { throw new Error('native code was loaded'); };
  const limiter = new MemoryLimiter({ limitBytes: 1, read: () => 2 });
  limiter.waitForCapacity().then(() => console.log('waited', limiter.status().delayMs));
`;

describe('spillway/accounting', () => {
  it('exports what a program needs to declare and verify its memory', () => {
    expect(Object.keys(accounting).sort()).toEqual([
      'BoundsVerifier', 'ComponentRegistry', 'MemoryGrant', 'MemoryLimiter', 'UsageExpr', 'currentGroup', 'exportToOpenTelemetry', 'exportToPrometheus',
      'findMemoryLimit', 'formatBounds', 'memoryStatus', 'partition', 'sampleMemory', 'statusHandler', 'verifyMemory',
    ]);
  });

  describe('installed with the binary absent', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-accounting-'));
    const installed = join(folder, 'node_modules/spillway');
    const run = (program: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, ['-e', program, ...args], { cwd: folder, encoding: 'utf8' });

    beforeAll(() => {
      execFileSync('flock', [join(root, 'package.json'), process.execPath, join(root, 'test/support/build-package.cjs')]);
      mkdirSync(installed, { recursive: true });
      cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
      cpSync(join(root, 'package.json'), join(installed, 'package.json'));
      writeFileSync(join(folder, 'package.json'), '{}');
    });
    afterAll(() => { rmSync(folder, { recursive: true }); });

    it('is really absent there', () => {
      expect(run("console.log(require('spillway').support().ok)")).toMatchObject({ status: 0, stdout: 'false\n' });
    });

    it('tracks what is used, and tells its status', () => {
      const { status, stdout, stderr } = run(`
        process.dlopen = () => { throw new Error('native code was loaded'); };
        const { ComponentRegistry, exportToPrometheus, memoryStatus, sampleMemory, statusHandler } = require('spillway/accounting');
        const registry = new ComponentRegistry();
        const group = registry.getOrCreate('a').resourceGroup();
        group.run(() => group.allocate(5));
        registry.getOrCreate('b').resourceGroup().trackProcess(process.pid);
        statusHandler(registry);
        exportToPrometheus({ registry }, { registerMetric() {}, removeSingleMetric() {} });
        sampleMemory(registry, { timeoutMs: 60_000 }).then(() => {
          const { a, b } = memoryStatus(registry);
          console.log(a.actual_live_bytes, b.actual_live_bytes > 0, b.measuring);
        });
      `);
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '5 true true\n', stderr: '' });
    });

    it('finds the limit by itself', () => {
      expect(run(service, 'disabled')).toEqual(expect.objectContaining({ status: 0, stdout: 'still up\n', stderr: '' }));
    });

    it('a limiter with a reader of its own works, another one says what to do', () => {
      expect(run(limited)).toEqual(expect.objectContaining({ status: 0, stdout: 'ERR_SPILLWAY_UNSUPPORTED true\nwaited 25\n', stderr: '' }));
    });

    it('Saluki 32: disabled, with a limit of 1 byte: runs', () => {
      expect(run(service, 'disabled', '1')).toMatchObject({ status: 0, stdout: 'still up\n', stderr: '' });
    });

    it('Saluki 33: permissive, with too little: warns, stays up', () => {
      const { status, stdout, stderr } = run(service, 'permissive', '256MiB');
      expect({ status, stdout }).toEqual({ status: 0, stdout: 'still up\n' });
      expect(stderr).toContain('[SPILLWAY_BOUNDS_EXCEEDED] SpillwayWarning: The components may grow to 983 MiB');
      expect(stderr).toContain('  - cache: 0 B minimum, 977 MiB firm\n');
    });

    it.each([['34', 'permissive'], ['36', 'strict']])('Saluki %s: %s, with 2 GiB: within its bounds', (_number, mode) => {
      const { status, stdout, stderr } = run(service, mode, '2GiB');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.split('\n')).toEqual([
        'Verified memory bounds: 6.25 MiB minimum, 983 MiB firm, 1.5 GiB available of 2 GiB',
        'Breakdown of verified bounds:',
        '- (root): 6.25 MiB minimum, 983 MiB firm',
        '  - cache: 0 B minimum, 977 MiB firm',
        '  - sessions: 6.25 MiB minimum, 6.25 MiB firm',
        'still up',
        '',
      ]);
    });

    it('Saluki 35: strict, with too little: exit code 1, and the component is named', () => {
      const { status, stdout, stderr } = run(service, 'strict', '256MiB');
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain('SpillwayError: The components may grow to 983 MiB, 791 MiB more than the 192 MiB that are available: a limit of 256 MiB (limitBytes), less 25 % for what is not declared.');
      expect(stderr).toContain('  - cache: 0 B minimum, 977 MiB firm\n');
      expect(stderr).toContain("code: 'ERR_SPILLWAY_FIRM_LIMIT_EXCEEDS_AVAILABLE'");
    });
  });
});
