#!/bin/bash
# Downloads and unpacks Debian's kernel for clouds, which has all that a virtual machine needs.
set -euo pipefail

if [ "${1---help}" = --help ] || [ $# -ne 1 ]; then
  cat <<'HELP'
usage: test/support/vm/fetch-kernel.sh DIRECTORY

Puts DIRECTORY/vmlinuz, DIRECTORY/kernel (as the package lays it out, with its modules) and DIRECTORY/busybox there. Nothing is
installed. Does nothing if they are there.
HELP
  [ "${1---help}" = --help ] && exit 0 || exit 2
fi
mkdir -p "$1"
out=$(CDPATH='' cd -P -- "$1" && pwd -P)
[ ! -e "$out/vmlinuz" ] || [ ! -x "$out/busybox" ] || [ ! -d "$out/kernel" ] || exit 0
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

unpack() {
  mkdir "$work/deb"
  (cd "$work/deb" && apt-get download -qq "$1" >/dev/null 2>&1) || { apt-get update -qq; (cd "$work/deb" && apt-get download -qq "$1"); }
  dpkg-deb -x "$work"/deb/*.deb "$2"
  rm -r "$work/deb"
}
apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1 || apt-get update -qq
unpack "$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)" "$work/kernel"
unpack busybox-static "$work/busybox"
version=$(basename "$work"/kernel/boot/vmlinuz-*)
depmod -b "$work/kernel" "${version#vmlinuz-}"
rm -rf "$out/kernel"
mv "$work/busybox/bin/busybox" "$out/busybox"
cp "$work/kernel/boot/$version" "$work/vmlinuz"
mv "$work/kernel" "$out/kernel"
mv "$work/vmlinuz" "$out/vmlinuz"
