import { join } from 'node:path';
import type { Situation } from './situation';

/** How to get a cgroup that this user may divide, on this kind of host. */
export function delegateFix(situation: Situation): string {
  const { container, systemd, facts } = situation;
  switch (container) {
    // moby 28 has the option; binding the host's /sys/fs/cgroup shows the host's tree instead of the
    // container's own (moby issue 46763).
    case 'docker':
      return "'docker run --cgroupns=private --security-opt writable-cgroups=true IMAGE COMMAND' (Docker Engine 28 or later; before, 'docker run --privileged IMAGE COMMAND')";
    // podman PR 9536; cgroup v2 only.
    case 'podman':
      return "'podman run --security-opt unmask=/sys/fs/cgroup IMAGE COMMAND'";
    // containerd PR 11131, cri-o PR 5277; Kubernetes itself has no field for it yet (KEP 5474).
    case 'kubernetes':
      return (
        "let the container runtime mount the pod's cgroups writable: 'cgroup_writable = true' for the runtime in the configuration of containerd 2.1 or later, " +
        'or the annotation \'io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw: "true"\' with CRI-O; otherwise \'securityContext: { privileged: true }\''
      );
    case undefined:
      if (systemd) return `'systemd-run ${facts.uid === 0 ? '' : '--user '}--scope -p Delegate=yes COMMAND'`;
      return facts.uid === 0 ? "'mount -o remount,rw /sys/fs/cgroup'" : chownFix(situation);
  }
}

/** What systemd does for `Delegate=`, by hand, where cgroups may be written by root: cgroups(7), "Cgroups delegation". */
export function chownFix({ base, facts, mounts }: Situation): string {
  const user = facts.uid ?? 'UID';
  const chown = `chown ${user} . cgroup.procs cgroup.subtree_control cgroup.threads`;
  if (base.found && facts.exists(join(base.directory, 'cgroup.type'))) return `as root: 'cd ${base.directory} && ${chown}'`;
  // The root of the hierarchy is everybody's: a cgroup below it is needed, and this process in there.
  const root = base.found ? base.top : (mounts[0]?.directory ?? '/sys/fs/cgroup');
  return (
    `as root: 'D=${join(root, 'spillway')}; mkdir $D && echo +memory >${join(root, 'cgroup.subtree_control')} && (cd $D && ${chown}) && ` +
    `echo $$ >$D/cgroup.procs && exec setpriv --reuid ${user} --clear-groups COMMAND'`
  );
}

/** How to have the memory controller in cgroup v2. */
export function unifiedFix({ container, systemd }: Situation): string {
  // Only systemd reads its parameter; cgroup_no_v1 is the kernel's own (admin-guide/kernel-parameters).
  const parameter = systemd || container !== undefined ? 'systemd.unified_cgroup_hierarchy=1' : 'cgroup_no_v1=all';
  return `boot ${container === undefined ? '' : 'the host '}with the kernel parameter '${parameter}'`;
}
