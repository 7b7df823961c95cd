#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the initramfs that Debian's initramfs-tools makes for a kernel (stock_kernel.sh's directory), as an
# installation has it: with most modules, and a swap partition to resume from.
#   debian_initrd.sh KERNEL_DIRECTORY OUTPUT
set -euo pipefail
kernel=$1
out=$2
version=$(basename "$kernel"/lib/modules/*)
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

work=$(mktemp -d)
copies=()
cleanup() {
	rm -rf "$work"
	[ ${#copies[@]} = 0 ] || "${as_root[@]}" rm -r "${copies[@]}"
}
trap cleanup EXIT
# mkinitramfs looks for a kernel's files nowhere else.
for path in "lib/modules/$version" "boot/config-$version"; do
	[ -e "/$path" ] && continue
	"${as_root[@]}" mkdir -p "/${path%/*}"
	copies+=("/$path")
	"${as_root[@]}" cp -r "$kernel/$path" "/$path"
done
cp -r /etc/initramfs-tools/. "$work"
printf 'MODULES=most\nBUSYBOX=auto\nCOMPRESS=gzip\nFSTYPE=ext4\n' > "$work/initramfs.conf"
mkdir -p "$work/conf.d"
echo 'RESUME=auto' > "$work/conf.d/resume"
"${as_root[@]}" mkinitramfs -d "$work" -o "$out" "$version" 2> "$work/log" || {
	cat "$work/log" >&2
	exit 1
}
