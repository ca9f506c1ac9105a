/**
 * Without what is quick in hardware and slow under emulation: `rep stosb` and `rep movsb`, which kernel
 * and C library prefer where these flags stand, take one turn for each byte, and a fifth level of page
 * tables makes each miss of the TLB longer. Taking memory is twice as fast so, all else a fifth.
 */
const CPU = 'max,erms=off,fsrm=off,la57=off';

/** Descriptors that QEMU inherits: the lab's spawn call gives them in this order. */
const FIRST = { console: 3, stdout: 4, stderr: 5, status: 6, initrd: 7, disks: 8 };

/**
 * @typedef {object} Machine
 * @property {import('./kernel.mjs').Kernel} kernel
 * @property {number} memoryMib
 * @property {readonly string[]} shares
 * @property {number} diskCount
 * @property {readonly string[]} kernelParameters
 * @property {boolean} showConsole
 */

/**
 * The machine: software emulation (nested KVM hangs on some hosts), and no
 * device that nobody asked for, because the kernel would probe it.
 * @param {Machine} machine
 * @returns {string[]}
 */
export function qemuArguments(machine) {
  const channel = (/** @type {string} */ id, /** @type {number} */ descriptor) => ['-chardev', `socket,id=${id},fd=${descriptor}`];
  const port = (/** @type {string} */ id, /** @type {number} */ number) => ['-device', `virtserialport,chardev=${id},nr=${number}`];
  return [
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', CPU, '-smp', '2', '-m', `${machine.memoryMib}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', machine.kernel.image, '-initrd', `/proc/self/fd/${FIRST.initrd}`],
    ...['-append', kernelCommandLine(machine)],
    ...[...channel('console', FIRST.console), '-serial', 'chardev:console'],
    ...[...channel('stdout', FIRST.stdout), ...channel('stderr', FIRST.stderr), ...channel('status', FIRST.status)],
    ...['-device', 'virtio-serial-pci', ...port('stdout', 1), ...port('stderr', 2), ...port('status', 3)],
    ...['-virtfs', 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap'],
    ...machine.shares.flatMap((path, index) => [
      '-virtfs', `local,path=${path.replaceAll(',', ',,')},mount_tag=share${index},security_model=none,multidevs=remap`,
    ]),
    ...Array.from({ length: machine.diskCount }).flatMap((_, index) => [
      '-drive', `if=none,id=disk${index},file=/proc/self/fd/${FIRST.disks + index},format=raw,cache=unsafe,discard=unmap`,
      '-device', `virtio-blk-pci,drive=disk${index}`,
    ]),
  ];
}

/** @param {Machine} machine */
function kernelCommandLine({ showConsole, kernelParameters }) {
  return [
    'console=ttyS0',
    // A dead guest must end QEMU, which `-no-reboot` makes of a reboot.
    'panic=-1',
    'cgroup_no_v1=all',
    'psi=1',
    // init.sh starts the second CPU, and says why. Without the others the kernel
    // would patch itself for one CPU and back, and measure the second one's speed.
    'maxcpus=1', 'noreplace-smp', 'lpj=10000000',
    // A busy host delays the guest's timers: the kernel would suspect a good clock
    // later, or give up at once ("IO-APIC + timer doesn't work").
    'tsc=reliable', 'no_timer_check',
    // What only costs time under emulation. `rep_good` as the flags in CPU.
    'mitigations=off', 'clearcpuid=rep_good', 'init_on_alloc=0', 'rodata=off', 'audit=0', 'random.trust_cpu=on',
    ...(showConsole ? [] : ['quiet']),
    ...kernelParameters,
  ].join(' ');
}
