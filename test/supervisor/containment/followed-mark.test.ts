import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cgroup } from '../../../lib/cgroup/cgroup';
import { defaultHighBytes } from '../../../lib/cgroup/limits';
import type { SpillwayError } from '../../../lib/errors';
import { FollowedMark } from '../../../lib/supervisor/containment/followed-mark';
import { useFixtureHierarchy } from '../../support/fixture-pool';

const GiB = 2 ** 30;
const hierarchy = useFixtureHierarchy();
const told: SpillwayError[] = [];
let pool: Cgroup;
let mark: FollowedMark | undefined;
beforeEach(() => {
  jest.useFakeTimers();
  pool = new Cgroup(join(hierarchy.base, 'pool'));
  pool.create();
  limit(1 * GiB);
});
afterEach(() => {
  mark?.stop();
  mark = undefined;
  jest.useRealTimers();
  expect(told.splice(0)).toEqual([]);
});

const limit = (bytes: number | 'max'): void => {
  writeFileSync(join(hierarchy.base, 'memory.max'), `${bytes}\n`);
};
const high = (): string => readFileSync(join(pool.directory, 'memory.high'), 'utf8').trim();
const follow = (maxBytes = Infinity): void => {
  mark = new FollowedMark(new Cgroup(hierarchy.base), pool, { maxBytes, safetyReadMs: 1000 }, (error) => void told.push(error));
};
const look = (): Promise<void> => jest.advanceTimersByTimeAsync(1000);

it('writes nothing while nothing changes', async () => {
  follow();
  await look();
  await look();
  expect(high()).toBe('max');
});

it('follows the limit above, down and up', async () => {
  follow();
  for (const bytes of [GiB / 2, 2 * GiB]) {
    limit(bytes);
    await look();
    expect(high()).toBe(String(defaultHighBytes(bytes)));
  }
});

it('follows a memory.high above as well, and a limit that is lifted', async () => {
  follow();
  writeFileSync(join(hierarchy.base, 'memory.high'), `${GiB / 4}\n`);
  await look();
  expect(high()).toBe(String(defaultHighBytes(GiB / 4)));
  writeFileSync(join(hierarchy.base, 'memory.high'), 'max\n');
  await look();
  expect(high()).toBe(String(defaultHighBytes(GiB)));
});

it("stays below the pool's own memory.max", async () => {
  follow(GiB / 2);
  limit(4 * GiB);
  await look();
  expect(high()).toBe('max');
  limit(GiB / 4);
  await look();
  expect(high()).toBe(String(defaultHighBytes(GiB / 4)));
});

it('where nothing can be read it does not take that for no limit', async () => {
  follow();
  jest.spyOn(Cgroup.prototype, 'read').mockImplementationOnce(() => { throw new Error('EMFILE'); });
  limit('max');
  await look();
  expect([high(), told.splice(0)]).toEqual(['max', [expect.objectContaining({ code: 'ERR_SPILLWAY_SYSTEM', message: expect.stringContaining('tried again') as string })]]);
});

it('tells of a failure once, tries again, and tells of the next', async () => {
  follow();
  limit(GiB / 2);
  const write = jest.spyOn(pool, 'writeInBackground').mockRejectedValue(new Error('busy'));
  await look();
  await look();
  expect([write.mock.calls.length, told.splice(0).length]).toEqual([2, 1]);
  write.mockResolvedValue(undefined);
  writeFileSync(join(pool.directory, 'memory.high'), `${defaultHighBytes(GiB / 2)}\n`);
  await look();
  limit(GiB / 4);
  write.mockRejectedValue(new Error('busy'));
  await look();
  expect(told.splice(0)).toHaveLength(1);
});

it('one write at a time, however long it takes', async () => {
  follow();
  limit(GiB / 2);
  let done!: () => void;
  const write = jest.spyOn(pool, 'writeInBackground').mockReturnValueOnce(new Promise((resolve) => (done = resolve)));
  await look();
  await look();
  await look();
  expect(write).toHaveBeenCalledTimes(1);
  writeFileSync(join(pool.directory, 'memory.high'), `${defaultHighBytes(GiB / 2)}\n`);
  done();
});

it('stopped it follows no more', async () => {
  follow();
  mark?.stop();
  limit(GiB / 2);
  await look();
  expect([high(), jest.getTimerCount()]).toEqual(['max', 0]);
});
