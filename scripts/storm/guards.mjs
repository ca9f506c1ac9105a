// Who guards the pool, and how each is set up. They take turns within a run, so that all meet the same conditions.

/**
 * @typedef {object} Guard
 * @property {string} name
 * @property {string} title
 * @property {'none' | 'poller' | 'earlyoom' | 'oomd' | 'spillway'} kind
 * @property {boolean} high whether the pool has memory.high: for guards that live by what it raises
 * @property {number} [intervalMs] of a poller
 * @property {Record<string, unknown>} [options] for a Spillway supervisor
 * @property {boolean} [inside] whether the supervisor sits in the pool that it guards
 * @property {readonly string[]} [only] workloads that it is for; default all but those that name their guards
 */

/** @type {Guard[]} */
export const guards = [
  { name: 'kernel', title: 'kernel alone', kind: 'none', high: false },
  { name: 'poller-250', title: 'poller, 250 ms', kind: 'poller', high: false, intervalMs: 250 },
  { name: 'poller-1000', title: 'poller, 1 s', kind: 'poller', high: false, intervalMs: 1000 },
  { name: 'pm2', title: 'pm2-style, 30 s', kind: 'poller', high: false, intervalMs: 30_000 },
  { name: 'earlyoom', title: 'earlyoom', kind: 'earlyoom', high: false },
  { name: 'oomd', title: 'systemd-oomd', kind: 'oomd', high: true },
  { name: 'spillway', title: 'Spillway', kind: 'spillway', high: true },
  { name: 'spillway-0', title: 'Spillway, takeoverMs 0', kind: 'spillway', high: true, options: { takeoverMs: 0 } },
  { name: 'apart', title: 'supervisor in its own cgroup', kind: 'spillway', high: true, options: { dryRun: true }, only: ['isolation'] },
  { name: 'inside', title: 'supervisor in the throttled cgroup', kind: 'spillway', high: true, options: { dryRun: true }, inside: true, only: ['isolation'] },
];

/** @param {string} workload */
export const guardsOf = (workload) => guards.filter(({ only }) => (workload === 'isolation' ? only?.includes(workload) : only === undefined));
