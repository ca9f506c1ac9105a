import { programFile } from './support/program';
import { useSupervising } from './support/supervising';
import { useCgroups } from './support/test-cgroup';

const { supervise } = useSupervising();
const { make } = useCgroups();

test("listeners of 'victim', 'relief' and 'exit' that throw stop no round and leave nothing behind", async () => {
  const base = make();
  const child = supervise({
    create: { name: 'pool', cgroup: base.directory, require: 'kernel', force: true, limits: { highBytes: '64MiB' }, safetyReadMs: 200, takeoverMs: 5000, victimTimeoutMs: 20_000 },
    workers: [
      ['sleep', ['1000'], {}, { id: 'honest' }],
      [process.execPath, [programFile('hog'), '8', '4', '10', '400'], {}, { id: 'hog', retriable: true }],
    ],
    throwing: ['victim', 'relief', 'exit'],
  });

  expect(await child.told('relief')).toMatchObject({ outcome: 'relieved', victims: [{ id: 'hog', died: true }] });
  expect(await child.told('exit')).toMatchObject({ id: 'hog', cause: 'spillway' });
  await child.told('ready');
  await child.close();

  // Where the native thread was quicker, the report may come before the exit.
  expect(child.allTold('uncaught').sort()).toEqual(['exit', 'exit', 'relief', 'victim'].map((name) => `the listener of ${name} throws`));
  expect(child.allTold('exit')).toMatchObject([{ id: 'hog' }, { id: 'honest', cause: 'closed' }]);
  expect(child.allTold('degraded')).toEqual([]);
  expect(await child.told('closed')).toMatchObject({ kills: 1 });
  expect(base.children()).toEqual([]);
});
