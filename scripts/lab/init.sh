#!/busybox sh
# The guest's first process. As /init of the initramfs it mounts the host's root
# file system and switches to it; started again there, it runs the job.
# busybox is called by its path, because nothing else is there at first, and
# because the host's tools come over 9p and start slowly.

# What goes wrong is said on the console. When this process ends, the kernel
# panics, which ends QEMU, and the lab prints the console's tail.
die() {
  echo "lab: $*"
  exit 1
}

# keep PATH: a directory that the tmpfs mounted over /tmp or /run would hide.
keep() {
  kept=$((kept + 1))
  $bb mkdir -p "/keep/$kept"
  $bb mount -o bind "/root$1" "/keep/$kept" || die "cannot keep $1"
  eval "kept_$kept=\$1"
}

restore_kept() {
  while [ "$kept" -gt 0 ]; do
    eval "path=\$kept_$kept"
    $bb mkdir -p "/root$path"
    $bb mount -o move "/keep/$kept" "/root$path" || die "cannot restore $path"
    kept=$((kept - 1))
  done
}

# share TAG PATH: a host directory, writable, at the same path. cache=mmap
# writes through, except for shared mappings, which end_shares flushes.
share() {
  $bb mkdir -p "/root$2"
  $bb mount -t 9p -o trans=virtio,version=9p2000.L,cache=mmap,msize=512000 "$1" "/root$2" || die "cannot share $2"
}

boot() {
  bb=/busybox
  kept=0
  . /settings
  while read -r module; do
    $bb insmod "/modules/$module.ko" || die "cannot load the module $module"
  done </modules.order

  $bb mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /lower || die 'cannot mount the root file system'
  $bb mount -t tmpfs tmpfs /upper
  $bb mkdir /upper/data /upper/work
  $bb mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /root || die 'cannot mount the overlay'

  $bb mount -t proc proc /root/proc
  $bb mount -t sysfs sysfs /root/sys
  $bb mount -t devtmpfs devtmpfs /root/dev
  $bb mkdir -p /root/dev/pts /root/dev/shm
  $bb mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /root/dev/pts
  $bb mount -t tmpfs -o mode=1777 tmpfs /root/dev/shm
  keeps
  $bb mount -t tmpfs -o mode=1777 tmpfs /root/tmp
  $bb mount -t tmpfs -o mode=755 tmpfs /root/run
  restore_kept
  $bb mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /root/sys/fs/cgroup || die 'cannot mount cgroup2'
  echo '+memory +pids +cpu +io' >/root/sys/fs/cgroup/cgroup.subtree_control || die 'cannot enable the controllers'
  # The lab's own processes. The command starts in the root, which is all its own.
  $bb mkdir /root/sys/fs/cgroup/lab
  echo 1 >/root/sys/fs/cgroup/lab/cgroup.procs
  $bb ln -s /proc/self/fd /root/dev/fd
  $bb ln -s fd/0 /root/dev/stdin
  $bb ln -s fd/1 /root/dev/stdout
  $bb ln -s fd/2 /root/dev/stderr

  shares
  $bb ifconfig lo up
  $bb hostname spillway-lab

  $bb mkdir /root/run/lab
  $bb cp /busybox /init /settings /job /root/run/lab
  exec $bb switch_root /root /run/lab/busybox sh /run/lab/init run
}

run() {
  bb=/run/lab/busybox
  . /run/lab/settings
  # The memory tests make the whole guest short at times: the kernel must not
  # take those who carry the answer out.
  echo -1000 >/proc/self/oom_score_adj

  if [ -n "$DISK" ]; then
    $bb mkdir -p /scratch
    $bb mount -t ext4 -o noatime,noinit_itable "/dev/$DISK" /scratch || die 'cannot mount the scratch disk'
    $bb chmod 1777 /scratch
  fi
  if [ -n "$SWAP" ]; then
    $bb mkswap "/dev/$SWAP" >/dev/null && $bb swapon "/dev/$SWAP" || die 'cannot enable swap'
  fi

  while [ ! -c /dev/vport0p3 ]; do $bb usleep 10000; done
  exec 3>/dev/vport0p1 4>/dev/vport0p2 5>/dev/vport0p3
  # Only one process may open a port: pipes before them make stdout and stderr
  # ordinary, also for those who open /dev/stderr.
  $bb mkfifo /run/lab/stdout /run/lab/stderr
  $bb cat </run/lab/stdout >&3 &
  pumps=$!
  $bb cat </run/lab/stderr >&4 &
  pumps="$pumps $!"

  # The second CPU only starts here: in QEMU 7.2 (not in 10.0) a CPU may run a
  # stale breakpoint after the kernel patched its own code ("Oops: int3", about
  # one boot in eighty), and boot is where the kernel does that. The cgroup made
  # above matters, too: the first and the last memory cgroup make it patch.
  for online in /sys/devices/system/cpu/cpu[1-9]*/online; do echo 1 >"$online"; done

  echo started >&5
  # In the foreground, because a shell makes its background jobs ignore SIGINT.
  (
    exec 3>&- 4>&- 5>&-
    echo 0 >/proc/self/oom_score_adj
    echo 0 >/sys/fs/cgroup/cgroup.procs
    ulimit -Hn 524288
    exec $bb setsid $bb sh /run/lab/job
  ) </dev/null >/run/lab/stdout 2>/run/lab/stderr
  status=$?

  # Whoever is left holds the pipes open.
  kill_others
  kill_others
  wait $pumps
  end_shares
  # The host ends the machine when it has seen the marker on both ports: that
  # is how it knows that nothing is still on its way.
  printf '%s' "$END_MARKER" >&3
  printf '%s' "$END_MARKER" >&4
  echo "$status" >&5
  $bb sleep 60
  $bb poweroff -f
}

kill_others() {
  for directory in /proc/[0-9]*; do
    case " 1 $pumps " in
      *" ${directory#/proc/} "*) ;;
      *) kill -9 "${directory#/proc/}" 2>/dev/null ;;
    esac
  done
}

end_shares() {
  for tag in $SHARES; do
    $bb umount "$tag" 2>/dev/null || $bb sync
  done
}

case ${1:-boot} in
  run) run ;;
  *) boot ;;
esac
