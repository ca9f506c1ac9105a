import { join } from 'node:path';
import { describeReal, runApart, useRealCgroups } from '../support/fixture-pool';

it('elsewhere than on Linux says so, and makes nothing', async () => {
  const printed = await runApart(`
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const { Supervisor } = lib('supervisor/supervisor');
    const error = await Supervisor.create({ name: 'pool', require: 'kernel' }).catch((each) => each);
    console.log(error.code, error.message);`);
  expect(printed).toMatch(/^ERR_SPILLWAY_UNSUPPORTED .*this is darwin; run on Linux/);
});

describeReal('in a hierarchy without the memory controller', () => {
  const real = useRealCgroups();

  it.each(['auto', 'path'])('says so, moves nobody and leaves nothing: cgroup %s', async (way) => {
    const base = real.make().child('base');
    base.create();
    const printed = await runApart(`
      require('fs').writeFileSync(${JSON.stringify(join(base.directory, 'cgroup.procs'))}, '0');
      const { Supervisor } = lib('supervisor/supervisor');
      const cgroup = ${JSON.stringify(way === 'auto' ? 'auto' : base.directory)};
      const error = await Supervisor.create({ name: 'pool', cgroup, require: 'kernel', force: true }).catch((each) => each);
      const { ownCgroup } = lib('cgroup/own-cgroup');
      console.log(error.code, ownCgroup() === ${JSON.stringify(base.directory)});`);
    expect(printed).toBe('ERR_SPILLWAY_CONTROLLER_DISABLED true\n');
    expect(base.children()).toEqual([]);
  });
});
