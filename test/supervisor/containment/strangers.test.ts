import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import type { SpillwayError } from '../../../lib/errors';
import { Strangers } from '../../../lib/supervisor/containment/strangers';
import { useStrays } from '../../support/containment';
import { useFixtureHierarchy } from '../../support/fixture-pool';

const hierarchy = useFixtureHierarchy();
const strays = useStrays();
const told: SpillwayError[] = [];
let own: Cgroup;
beforeEach(() => {
  told.length = 0;
  own = new Cgroup(join(hierarchy.base, 'supervisor'));
  own.create();
});
/** No descendant of the test. */
const stranger = 1;

const hold = (...pids: number[]): void => {
  writeFileSync(join(own.directory, 'cgroup.procs'), [process.pid, ...pids].map((pid) => `${pid}\n`).join(''));
};
/** A supervisor that sits in a cgroup, with a base, and others beside it. */
function watch({ at = own.directory, base = hierarchy.base, beside = [] as number[] } = {}): Strangers {
  hierarchy.enter(at);
  hold(...beside);
  return new Strangers(new Cgroup(base), (error) => void told.push(error));
}

it('its own descendants are none', () => {
  const strangers = watch();
  hold(strays.start('sleep', ['600']).pid ?? 0);
  strangers.look('w1');
  expect(told).toEqual([]);
});

it('tells of each once, and again when it has come back', () => {
  const strangers = watch();
  hold(stranger);
  strangers.look('w1');
  strangers.look('w2');
  expect(told).toMatchObject([{ code: 'ERR_SPILLWAY_STRAGGLERS', message: expect.stringMatching(/worker w1 .*\(1\).* as another user/) as string }]);
  hold();
  strangers.look('w3');
  hold(stranger);
  strangers.look('w4');
  expect(told).toHaveLength(2);
});

it('names a few of many', () => {
  const strangers = watch();
  hold(...Array.from({ length: 100 }, (_, count) => 4_100_000 + count));
  strangers.look('w1');
  expect(told[0]?.message).toContain('(4100000, 4100001, 4100002, 4100003, 4100004, 4100005, 4100006, 4100007)');
});

it.each<[string, () => Parameters<typeof watch>[0]]>([
  ['others were there from the start', () => ({ beside: [stranger] })],
  ['it sits elsewhere than below the base', () => ({ base: own.directory })],
  ['it sits in the base itself', () => ({ at: hierarchy.base })],
])('does not look when %s', (_what, where) => {
  const strangers = watch(where());
  hold(stranger, stranger + 1);
  writeFileSync(join(hierarchy.base, 'cgroup.procs'), `${stranger}
`);
  strangers.look('w1');
  expect(told).toEqual([]);
});
