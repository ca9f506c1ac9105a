import { join } from 'node:path';
import type { CgroupFacts } from './preflight/host-facts';

/** A systemd unit that a cgroup belongs to. */
export interface Unit {
  name: string;
  /** Whose it is: of the system's systemd, or of a user's own (`systemd --user`). */
  manager: 'system' | 'user';
  /** Path of its cgroup, below the mount. */
  path: string;
}

/**
 * The unit that a cgroup lies in, by the rules of systemd's cg_path_get_unit: slices are passed over,
 * and below `user@UID.service` the user's own systemd counts anew.
 */
export function unitOf(path: string): Unit | undefined {
  let unit: Unit | undefined;
  let at = '';
  for (const part of path.split('/').filter(Boolean)) {
    at += `/${part}`;
    // systemd puts an underscore before names that could be mistaken for the kernel's.
    const name = part.replace(/^_/, '');
    if (unit !== undefined && !isUserManager(unit.name)) break;
    if (/\.(?:service|scope|socket|mount|swap)$/.test(name)) {
      unit = { name, manager: unit === undefined ? 'system' : 'user', path: at };
    } else if (!name.endsWith('.slice')) break;
  }
  return unit;
}

export function isUserManager(unit: string): boolean {
  return /^user@\d+\.service$/.test(unit);
}

/** Where units stand, systemd.unit(5), "Unit File Search Path": what wins comes last. */
function searchPath(manager: Unit['manager'], facts: CgroupFacts): string[] {
  const fixed = ['/lib/systemd', '/usr/lib/systemd', '/usr/local/lib/systemd', '/run/systemd', '/etc/systemd'].map((each) => join(each, manager));
  if (manager === 'system') return [...fixed, '/run/systemd/transient'];
  const home = facts.env('HOME');
  const runtime = facts.env('XDG_RUNTIME_DIR');
  return [
    ...fixed,
    ...(home === undefined ? [] : [join(home, '.local/share/systemd/user'), join(facts.env('XDG_CONFIG_HOME') ?? join(home, '.config'), 'systemd/user')]),
    ...(runtime === undefined ? [] : [join(runtime, 'systemd/user'), join(runtime, 'systemd/transient')]),
  ];
}

/**
 * Whether the unit's file or a drop-in of it says `Delegate=`. Needed where no attribute tells: a user's
 * systemd sets none (systemd src/core/cgroup.c, cgroup_xattr_apply: `if (!MANAGER_IS_SYSTEM(...)) return`),
 * and systemd before 251 set only `trusted.delegate`, which is for root.
 */
export function saysDelegate({ name, manager }: Unit, facts: CgroupFacts): boolean {
  const template = name.replace(/@.*\./, '@.');
  const names = name === template ? [name] : [template, name];
  const folders = searchPath(manager, facts);
  const files = [
    ...folders.flatMap((folder) => names.map((each) => join(folder, each))),
    ...folders.flatMap((folder) =>
      names.flatMap((each) =>
        facts
          .list(join(folder, `${each}.d`))
          .filter((file) => file.name.endsWith('.conf'))
          .map((file) => join(folder, `${each}.d`, file.name)),
      ),
    ),
  ];
  let delegates = false;
  for (const file of files) {
    const values = facts.read(file)?.match(/^[ \t]*Delegate[ \t]*=.*$/gm) ?? [];
    // Also a list of controllers, and even an empty one, turns it on: systemd.resource-control(5).
    for (const value of values) delegates = !/=\s*(?:no|false|off|0|n|f)\s*$/i.test(value);
  }
  return delegates;
}
