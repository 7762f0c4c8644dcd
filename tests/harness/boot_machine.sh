#!/bin/sh
# boot_machine.sh ROOT CGROUP [FILE=PATH …]: becomes the systemd of the Debian in ROOT, in whose PATH stands FILE. It is
# started as the first process of namespaces of its own; machine.py says how.
set -eu

if [ "$1" != --inside ]; then
    # In a leaf, so that the systemd may divide the cgroup that it finds itself in.
    for name in $(cat "$2/cgroup.controllers"); do echo "+$name" >"$2/cgroup.subtree_control"; done
    mkdir "$2/machine"
    echo 0 >"$2/machine/cgroup.procs"
    exec unshare --cgroup -- "$0" --inside "$@"
fi
root=$2
shift 3

mount --make-rprivate /
mount --bind "$root" "$root"
for bound in "$@"; do
    mkdir -p "$root$(dirname "${bound#*=}")"
    touch "$root${bound#*=}"
    mount --bind "${bound%%=*}" "$root${bound#*=}"
done
mount -t proc proc "$root/proc"
# The kernel's settings are the host's: they can't be changed from here.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0=stdin 1=stdout 2=stderr; do ln -s "fd/${number%=*}" "$root/dev/${number#*=}"; done

cd "$root"
pivot_root . mnt
umount -l /mnt
# Units get their credentials by mounts that must reach them.
mount --make-rshared /
exec env -i container=suanli PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set -sys_module,-sys_time,-sys_rawio \
    /lib/systemd/systemd --log-target=journal --show-status=no systemd.unit=multi-user.target
