#!/bin/bash
# Boots a machine in namespaces: this one's files with a layer of its own over them, a network of its own, and systemd as
# process 1. Of Debian's units only those in UNITS are there, so that nothing of this machine is touched or waited for.
set -euo pipefail

if [ "${1---help}" = --help ] || [ $# -ne 3 ]; then
  cat <<'HELP'
usage: test/systemd/boot-in-namespaces.sh DIRECTORY COPY UNITS

As root: DIRECTORY is an empty one for what the machine writes; COPY, an installed copy, becomes its /opt/chatelaine; the units
in the directory UNITS become its /etc/systemd/system. Ends when the machine does; when this is killed, so is the machine.
HELP
  [ "${1---help}" = --help ] && exit 0 || exit 2
fi
directory=$1 copy=$2 units=$3

if [ "${IN_NAMESPACES-}" != yes ]; then
  # In a group of its own below the unified hierarchy, which systemd takes for its root.
  hierarchy=/sys/fs/cgroup
  [ -e "$hierarchy/cgroup.controllers" ] || hierarchy=$hierarchy/unified
  group=$hierarchy/chatelaine-test-$$
  mkdir "$group"
  (
    echo "$BASHPID" >"$group/cgroup.procs"
    IN_NAMESPACES=yes exec unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child "$0" "$@"
  ) &
  machine=$!
  # shellcheck disable=SC2317 # The trap calls it.
  end() {
    kill -KILL "$machine" 2>/dev/null || true
    wait "$machine" 2>/dev/null || true
    # Processes leave a group a moment after they have ended.
    for _ in $(seq 100); do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.05
    done
  }
  trap end EXIT
  trap 'exit 0' TERM INT
  wait "$machine"
  exit
fi

mount --make-rprivate /
mount -t tmpfs layer "$directory"
mkdir "$directory"/{above,work,root}
mount -t overlay -o "lowerdir=/,upperdir=$directory/above,workdir=$directory/work" machine "$directory/root"
cd "$directory/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/{shm,pts,mqueue,hugepages} run/lock
mount -t tmpfs shm dev/shm
mount -t devpts -o ptmxmode=666 pts dev/pts
ln -s pts/ptmx dev/ptmx
rm -rf etc/systemd/system etc/chatelaine var/lib/chatelaine opt/chatelaine
mkdir -p etc/systemd/system opt/chatelaine .before
cp "$units"/* etc/systemd/system
mount --bind "$copy" opt/chatelaine
ip link set lo up

pivot_root . .before
umount -l .before
cd /
# As systemd would, were it not in a container: credentials are mounted by a process with mounts of its own.
mount --make-rshared /
# The only place where units are looked for.
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=chatelaine-test SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/systemd/system \
  /lib/systemd/systemd --system --unit=machine.target --log-target=journal --show-status=no
