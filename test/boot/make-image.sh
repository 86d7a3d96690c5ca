#!/bin/bash
# Makes the boot image of a machine with Debian's own initramfs-tools, without touching this one: in a mount namespace, with a layer of
# its own over the root, in which Chatelaine is installed and set up as a person would do it.
set -euo pipefail

if [ "${1---help}" = --help ] || [ $# -ne 5 ]; then
  cat <<'HELP'
usage: test/boot/make-image.sh KERNEL COPY MACHINE UUID IMAGE

As root. KERNEL is the unpacked package of a kernel; COPY, an installed copy of Chatelaine, becomes /opt/chatelaine; the directory
MACHINE is the machine's /etc/chatelaine/boot; UUID is that of its encrypted root; the image is written to IMAGE.
HELP
  [ "${1---help}" = --help ] && exit 0 || exit 2
fi
kernel=$1 copy=$2 machine=$3 uuid=$4 image=$5
version=$(basename "$kernel"/boot/vmlinuz-*)
version=${version#vmlinuz-}

if [ "${IN_NAMESPACE-}" != yes ]; then
  IN_NAMESPACE=yes layer=$(mktemp -d)
  export IN_NAMESPACE layer
  trap 'rmdir "$layer"' EXIT
  unshare --mount --propagation private "$0" "$@"
  exit
fi
mount -t tmpfs layer "$layer"
mkdir "$layer"/{above,work,root}
mount -t overlay -o "lowerdir=/,upperdir=$layer/above,workdir=$layer/work" root "$layer/root"
root=$layer/root
for directory in proc sys dev; do mount --rbind "/$directory" "$root/$directory"; done
mount -t tmpfs run "$root/run"
mkdir -p "$root/lib/modules/$version" "$root/opt/chatelaine"
mount --bind "$kernel/lib/modules/$version" "$root/lib/modules/$version"
cp "$kernel/boot/config-$version" "$root/boot/"
mount --bind "$copy" "$root/opt/chatelaine"

# What belongs to the test: a machine with as few drivers as it needs, an image that is unpacked fast, and keys for Debian's client.
rm -rf "$root/etc/initramfs-tools/conf.d"
mkdir -p "$root/etc/initramfs-tools/conf.d" "$root/etc/keys/mandos" "$root/etc/mandos"
printf 'MODULES=list\nCOMPRESS=lz4\nCOMPRESSLEVEL=1\nRESUME=none\n' >"$root/etc/initramfs-tools/conf.d/test"
printf '%s\n' virtio_pci virtio_blk virtio_net virtio_rng dm-crypt xts aesni-intel algif_skcipher sha256_generic ext4 crc32c_generic \
  >"$root/etc/initramfs-tools/modules"
printf 'root UUID=%s none luks,initramfs\n' "$uuid" >"$root/etc/crypttab"
printf '/dev/mapper/root / ext4 defaults 0 1\n' >"$root/etc/fstab"
keys=("$machine"/{pubkey.txt,seckey.txt,tls-pubkey.pem,tls-privkey.pem})
cp "${keys[@]}" "$root/etc/keys/mandos/"
[ -e "$root/etc/mandos/plugin-runner.conf" ] || : >"$root/etc/mandos/plugin-runner.conf"

# What the page on it tells a person to do.
install -d -m 700 "$root/etc/chatelaine/boot"
cp "$machine"/* "$root/etc/chatelaine/boot/"
chroot "$root" /opt/chatelaine/scripts/install-boot --initramfs-tools
chroot "$root" mkinitramfs -o /run/image "$version"
cp "$root/run/image" "$image"
