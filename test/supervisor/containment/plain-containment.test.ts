import { once } from 'node:events';
import { PlainContainment } from '../../../lib/supervisor/containment/plain-containment';
import type { Containment, Program } from '../../../lib/supervisor/containment/types';
import { MainProcess } from '../../../lib/supervisor/main-process';
import { factsOf, runs, useStrays } from '../../support/containment';
import { openFiles } from '../../support/process-resources';

const strays = useStrays();
const containment = new PlainContainment();
const mains: MainProcess[] = [];
const sleep: Program = { file: 'sleep', args: ['600'], options: { stdio: 'ignore' } };
const launch = async (enclosure = containment.enclose()): Promise<MainProcess> => {
  const main = await enclosure.launch(sleep);
  mains.push(main);
  return main;
};
afterEach(async () => {
  for (const main of mains.splice(0)) {
    main.signal('SIGKILL');
    await main.ended;
    main.release();
  }
  expect(openFiles().filter((name) => name.includes('pidfd'))).toEqual([]);
});

it('watches nothing, and says so', async () => {
  const enclosure = containment.enclose();
  const seen: Containment = containment;
  expect([seen.pool, seen.cgroup, seen.scopeOf(factsOf(), enclosure), seen.kernelOomKills(), await seen.setGroup('g', {})]).toEqual(Array(5).fill(undefined));
  expect([enclosure.sample(), seen.adopted, enclosure.wrap('a', ['b'])]).toEqual([undefined, [], { file: 'a', args: ['b'] }]);
  expect(await enclosure.settle(true)).toEqual({ leftovers: undefined, kernelKilledFor: undefined });
});

it('kills the main process', async () => {
  const enclosure = containment.enclose();
  const main = await launch(enclosure);
  enclosure.kill();
  expect(await main.ended).toEqual({ code: null, signal: 'SIGKILL' });
});

it('kills one that was started elsewhere', async () => {
  const child = strays.start('sleep', ['600']);
  const main = MainProcess.ofChild(child, undefined);
  const enclosure = containment.enclose();
  expect(enclosure.take(main)).toEqual([]);
  enclosure.kill();
  expect(await main.ended).toEqual({ code: null, signal: 'SIGKILL' });
});

it('what could not be started, or was never, can be killed and given up like any other', async () => {
  const enclosure = containment.enclose();
  await expect(enclosure.launch({ ...sleep, file: 'spillway-no-such-program' })).rejects.toMatchObject({ code: 'ENOENT' });
  enclosure.kill();
  enclosure.remove();
  enclosure.remove();
});

it('when the process exits all are killed that are there', async () => {
  const stays = containment.enclose();
  const all = await Promise.all([launch(), launch()]);
  const other = await launch(stays);
  stays.remove();
  containment.removeNow();
  for (const main of all) expect(await main.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(runs(other.pid)).toBe(true);
  containment.remove();
  containment.removeNow();
});

it('a program that ends by itself tells how', async () => {
  const main = await containment.enclose().launch({ ...sleep, file: 'sh', args: ['-c', 'exit 3'] });
  mains.push(main);
  if (main.child?.exitCode === null) await once(main.child, 'exit');
  expect(await main.ended).toEqual({ code: 3, signal: null });
});
