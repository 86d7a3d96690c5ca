#!/bin/bash
# The dracut module: puts what gets the disk's password into the image, as a password agent of systemd's. dracut.modules(7)

chatelaine=/opt/chatelaine
config=/etc/chatelaine/boot

# Never by itself in an image for any machine: it holds this machine's keys.
check() { [ -n "$hostonly" ] && [ -x "$chatelaine/bin/chatelaine-unlock" ] && return 0; return 255; }

depends() { echo systemd crypt network; }

cmdline() { echo rd.neednet=1; }

# Drivers of network cards come with the module "network".
install() {
  local source target files
  files=$("$chatelaine/integrations/boot/list-files" "$chatelaine") || return 1
  while read -r source target; do
    inst "$source" "$target" || return 1
    # What libgnutls and the runtime link to is found by dracut itself.
  done <<<"$files"
  inst_multiple sh ls readlink
  "$chatelaine/integrations/boot/install-config" "$config" "$initdir" || return 1
  cmdline >"$initdir/etc/cmdline.d/90chatelaine.conf"
  for unit in chatelaine-unlock-agent.path chatelaine-unlock-agent.service; do
    inst_simple "$moddir/$unit" "$systemdsystemunitdir/$unit"
  done
  $SYSTEMCTL -q --root "$initdir" add-wants cryptsetup.target chatelaine-unlock-agent.path
}
