/** How much Spillway can do on a host. */
export type GuaranteeLevel =
  /** Kernel events, a cgroup for each worker. */
  | 'kernel'
  /** Memory of processes read at intervals, kills by pidfd. */
  | 'polling'
  /** Plain child processes. */
  | 'none';

/** What preflight looks at, in the order of its findings. */
export const findingNames = [
  /** Linux, and the native binary. */
  'platform',
  'kernel-version',
  /** Whether and where cgroup v2 is mounted. */
  'cgroup-mount',
  /** The cgroup that the pool would be made in. */
  'base',
  /** Whether the base is ours, or systemd's. */
  'delegation',
  /** The rights to make cgroups in the base and to move processes there. */
  'permission',
  'memory-controller',
  /** pids and cpu, for limits beside memory's. */
  'other-controllers',
  /** A threaded cgroup has no memory controller. */
  'cgroup-type',
  /** Who else is in the base, and would have to be moved. */
  'processes-in-base',
  /** The supervisor must not sit in the cgroup that it throttles. */
  'supervisor-placement',
  /** The lowest limit that can be seen, and whether there may be lower ones above. */
  'visible-limits',
  'mount-options',
  /** PSI: pressure stall information. */
  'pressure',
  /** CAP_SYS_RESOURCE. */
  'sys-resource',
  'swap',
  'file-descriptors',
  'oom-score',
] as const;

export type FindingName = (typeof findingNames)[number];

export interface Finding {
  check: FindingName;
  /** `error`: Spillway cannot do its work in full. `warning`: it can, but something will surprise. `info`: good to know. */
  severity: 'ok' | 'info' | 'warning' | 'error';
  /** A sentence for people, with the figures. */
  message: string;
  /** What mends it, here: mostly a command. */
  fix?: string;
  /** The level that is left because of it. Absent: it lowers none. */
  lowersTo?: Exclude<GuaranteeLevel, 'kernel'>;
  /** It could not be looked at, because of another finding that says more. */
  skipped?: true;
}

/** The level that these findings leave: the lowest that one of them names. */
export function levelOf(findings: readonly Finding[]): GuaranteeLevel {
  const left = new Set(findings.map(({ lowersTo }) => lowersTo));
  return left.has('none') ? 'none' : left.has('polling') ? 'polling' : 'kernel';
}
