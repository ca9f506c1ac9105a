import { readFileSync } from 'node:fs';

/** Where a file system of this type is mounted, of a v1 hierarchy the one of that controller. */
export function mountOf(type: 'cgroup' | 'cgroup2', controller?: string): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // proc_pid_mountinfo(5): "ID PARENT MAJOR:MINOR ROOT MOUNT OPTIONS [FIELDS] - TYPE SOURCE SUPER".
    const [mount, fileSystem] = line.split(' - ');
    const [kind, , options] = fileSystem?.split(' ') ?? [];
    const point = mount?.split(' ')[4];
    if (kind === type && (controller === undefined || options?.split(',').includes(controller))) return point;
  }
  return undefined;
}
