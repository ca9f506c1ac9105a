// However the process of a supervisor ends, no process and no cgroup is left of it.

import { join } from 'node:path';
import type * as Types from '../../lib/index';
import { trials } from '../support/trials';
import { expectNothingLeft, stay, unruly, useCrashes } from './support/crashing';
import type { ScriptHost } from './support/scripts';
import { useSupervisors } from './support/supervisors';
import { TestCgroup } from './support/test-cgroup';

const { begin } = useCrashes();
const { create, make } = useSupervisors();

interface Ending {
  create: Types.SupervisorOptions;
  workers: [file: string, args: string[]][];
  how: 'exit' | 'throw' | 'reject';
  /** After how many turns of the event loop, from the call of the spawns on. */
  turns?: number;
}

const end = async ({ spillway, tell }: ScriptHost, { create: options, workers, how, turns }: Ending): Promise<void> => {
  const supervisor = await spillway.Supervisor.create(options);
  const spawned = Promise.allSettled(workers.map(([file, args]) => supervisor.spawn(file, args, { stdio: 'ignore' })));
  if (turns === undefined) await spawned;
  for (let turn = 0; turn < (turns ?? 0); turn++) await new Promise((resolve) => setImmediate(resolve));
  tell('ending');
  const error = new Error('the program has failed');
  if (how === 'exit') process.exit(3);
  if (how === 'reject') void Promise.reject(error);
  else setTimeout(() => { throw error; });
};

const options = (base: TestCgroup): Types.SupervisorOptions => ({ name: 'pool', cgroup: base.directory, limits: { highBytes: '96MiB' } });

test.each([['exit', 3], ['throw', 1], ['reject', 1]] as const)('%s: it ends with code %d', async (how, code) => {
  const base = make();
  const script = begin(end, { create: options(base), workers: unruly, how });

  await script.told('ending');
  await script.exited;

  expect(script.child.exitCode).toBe(code);
  await expectNothingLeft(script.mark, base);
});

const moments = trials(4, 30);

test(`process.exit() during spawns, at ${moments} moments`, async () => {
  for (let moment = 0; moment < moments; moment++) {
    const base = make();
    const script = begin(end, { create: options(base), workers: [...unruly, ...unruly], how: 'exit', turns: moment * 2 });

    await script.exited;

    expect(script.child.exitCode).toBe(3);
    await expectNothingLeft(script.mark, base);
  }
}, 600_000);

test('process.exit() during a close with grace', async () => {
  const base = make();
  const script = begin(
    async ({ spillway, tell }, create: Types.SupervisorOptions) => {
      const supervisor = await spillway.Supervisor.create(create);
      const { process: child } = await supervisor.spawn('sh', ['-c', 'trap "echo asked" TERM; echo ready; while :; do sleep 0.05; done']);
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('ready')) void supervisor.close({ graceMs: 3_600_000 });
        if (text.includes('asked')) process.exit(3);
      });
      tell('begun');
    },
    options(base),
  );

  await script.exited;

  expect(script.child.exitCode).toBe(3);
  await expectNothingLeft(script.mark, base);
});

describe('SIGTERM', () => {
  const staying = (base: TestCgroup, more: Partial<Types.SupervisorOptions>): ReturnType<typeof begin> =>
    begin(stay, { create: { ...options(base), ...more }, workers: unruly });

  test.each([0, 200])('with closeOn and %d ms of grace: closes, and then ends of the signal', async (graceMs) => {
    const base = make();
    const script = staying(base, { closeOn: ['SIGTERM', 'SIGINT'], graceMs });
    await script.told('ready');

    script.child.kill('SIGTERM');
    script.child.kill('SIGTERM');
    await script.exited;

    expect([script.child.exitCode, script.child.signalCode]).toEqual([null, 'SIGTERM']);
    await expectNothingLeft(script.mark, base);
  });

  test('without closeOn: what is left is for the next start', async () => {
    const base = make();
    const script = staying(base, {});
    await script.told('ready');

    script.child.kill('SIGTERM');
    await script.exited;

    expect(script.child.signalCode).toBe('SIGTERM');
    expect(new TestCgroup(join(base.directory, 'pool')).populated).toBe(true);
    await expectNothingLeft(script.mark, base, await create({ base }));
  });
});

interface Threaded {
  create: Types.SupervisorOptions;
  how: 'terminate' | 'exit';
}

/** A supervisor in a worker thread, which ends; the next one is in the main thread of the same process. */
const thread = async ({ spillway, bundle, tell }: ScriptHost, { create: ofBoth, how }: Threaded): Promise<void> => {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Supervisor } = require(workerData.bundle);
    (async () => {
      const supervisor = await Supervisor.create(workerData.options);
      for (let count = 0; count < 3; count++) await supervisor.spawn('sh', ['-c', '(setsid sleep 1000 &) ; exec sleep 1000'], { stdio: 'ignore' });
      parentPort.postMessage('ready');
      if (workerData.how === 'exit') process.exit(0);
    })();`;
  const worker = new Worker(code, { eval: true, workerData: { bundle, options: ofBoth, how } });
  // It may end in the turn in which its message is heard.
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  if (how === 'terminate') await worker.terminate();
  await ended;
  const next = await spillway.Supervisor.create(ofBoth);
  tell('next', { adopted: next.adopted.length, workers: next.status().workers.length });
  await next.close();
};

test.each(['terminate', 'exit'] as const)('in a worker thread that ends by %s: the next start in the same process finds a free name, and cleans', async (how) => {
  const base = make();
  const script = begin(thread, { create: options(base), how });

  expect(await script.told('next')).toEqual({ adopted: 0, workers: 0 });
  await script.exited;
  expect(script.child.exitCode).toBe(0);
  await expectNothingLeft(script.mark, base);
});
