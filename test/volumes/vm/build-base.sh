#!/bin/bash
# Makes the first part of the initramfs of the virtual machine that volumes are opened in.
set -euo pipefail

if [ "${1---help}" = --help ] || [ $# -ne 1 ]; then
  cat <<'HELP'
usage: test/volumes/vm/build-base.sh DIRECTORY

Fetches Debian's kernel and busybox (test/support/vm/fetch-kernel.sh) and puts DIRECTORY/base.cpio together: busybox, cryptsetup
with its libraries, the modules for virtio, loop, ext4 and dm-crypt, and test/volumes/vm/init. Does nothing if all is there.
HELP
  [ "${1---help}" = --help ] && exit 0 || exit 2
fi
here=$(CDPATH='' cd -P -- "$(dirname "$0")" && pwd -P)
mkdir -p "$1"
out=$(CDPATH='' cd -P -- "$1" && pwd -P)
if [ "$out/base.cpio" -nt "$here/init" ] && [ "$out/base.cpio" -nt "$here/build-base.sh" ]; then exit 0; fi
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$here/../../support/vm/fetch-kernel.sh" "$out"
version=$(basename "$out"/kernel/boot/vmlinuz-*)
version=${version#vmlinuz-}

root=$work/root
mkdir -p "$root"/{bin,etc,proc,sys,dev,run,tmp,var/lib/chatelaine/volumes} "$root/lib/modules/$version"
# Relative: what is copied through an absolute one would end up in the machine that builds.
mkdir "$root/usr"
ln -s bin "$root/sbin"
ln -s lib "$root/lib64"
for directory in bin sbin lib; do ln -s "../$directory" "$root/usr/$directory"; done
cp "$out/busybox" "$root/bin/busybox"
"$root/bin/busybox" --list | while read -r name; do [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"; done

# What ldd names, and what is loaded later.
add_program() {
  cp -L "$(command -v "$1")" "$root/bin/"
  ldd "$(command -v "$1")" | grep -oE '/[^ )]+' | while read -r library; do
    mkdir -p "$root$(dirname "${library#/usr}")"
    cp -L "$library" "$root${library#/usr}"
  done
}
add_program cryptsetup
multiarch=/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
mkdir -p "$root$multiarch"
for library in libgcc_s.so.1 libstdc++.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1; do cp -L "$multiarch/$library" "$root$multiarch/"; done
mkdir -p "$root$multiarch/ossl-modules"
cp -L "/usr$multiarch/ossl-modules/legacy.so" "$root$multiarch/ossl-modules/"

for module in virtio_pci virtio_blk virtio_rng loop ext4 dm-mod dm-crypt xts aesni-intel algif_skcipher sha256_generic crc32c_generic; do
  modprobe -d "$out/kernel" -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }' || true
done | sort -u | while read -r file; do
  place=${file#"$out/kernel"}
  mkdir -p "$root$(dirname "$place")"
  cp "$file" "$root$place"
done
cp "$out/kernel/lib/modules/$version"/modules.{builtin,order} "$root/lib/modules/$version/"
depmod -b "$root" "$version" 2>/dev/null

install -m 755 "$here/init" "$root/init"
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
(cd "$root" && find . | cpio --quiet -o -H newc --owner 0:0) >"$work/base.cpio"
mv "$work/base.cpio" "$out/base.cpio"
