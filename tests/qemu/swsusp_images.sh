#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes real hibernation images in QEMU (TCG) and has the reader of swsusp/ check them:
#   swsusp_images.sh DIR                      with the test kernel (kernel.sh)
#   swsusp_images.sh DIR VMLINUZ MODULES      with a distribution's kernel; MODULES: its lib/modules/VERSION
# Each machine boots an initramfs of busybox, fills some memory, hibernates into a swap partition or a swap
# file, and ends. DIR keeps the disks (NAME.img) and consoles (NAME.log). Exit status 1 when a fact is wrong.
set -euo pipefail
[ $# -eq 1 ] || [ $# -eq 3 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
mkdir -p "$1"
cd "$1"

if [ $# -eq 3 ]; then
	kernel=$2 modules=$3 only=stock
else
	kernel=$("$here/kernel.sh") modules= only=test
fi

archive() { gcc -print-file-name="$1"; }
gcc -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -I"$top/swsusp" -o swsusp_check \
	"$here/swsusp_check.c" "$top"/swsusp/*.c \
	"$(archive liblz4.a)" "$(archive liblzo2.a)" "$(archive libdeflate.a)"

# ---- initramfs ----
rm -rf root
mkdir -p root/bin root/lib root/proc root/sys root/dev root/mnt
cp /bin/busybox root/bin/busybox
: > root/modules
if [ -n "$modules" ]; then
	version=$(basename "$modules")
	base=${modules%/lib/modules/*}
	depmod -b "$base" "$version"
	for module in virtio_pci virtio_blk ext4 lz4; do
		modprobe -d "$base" -S "$version" -D "$module" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		name=$(basename "${file%.xz}")
		case $file in
		*.xz) xz -dc "$file" > "root/lib/$name" ;;
		*) cp "$file" "root/lib/$name" ;;
		esac
		echo "$name" >> root/modules
	done
fi
cat > root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null
while read -r m; do insmod "/lib/$m" 2>/dev/null; done < /modules
for word in $(cat /proc/cmdline); do
	case $word in mode=* | comp=* | file=*) export "$word" ;; esac
done
for d in /sys/firmware/memmap/*; do
	echo "memmap $(cat $d/start) $(cat $d/end) $(cat $d/type)"
done
dd if=/dev/urandom of=/random bs=1M count=24 2>/dev/null
n=0
while [ $n -lt 400 ]; do head -c 65536 /bin/busybox; n=$((n + 1)); done > /program
dd if=/dev/zero of=/zero bs=1M count=16 2>/dev/null
n=0
while [ ! -e /dev/vda ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
if [ -n "$file" ]; then
	mount -t ext4 /dev/vda /mnt && swapon /mnt/swap && echo "$file" > /sys/power/resume_offset
else
	swapon /dev/vda
fi
cat /sys/class/block/vda/dev > /sys/power/resume
[ -z "$comp" ] || echo "$comp" > /sys/module/hibernate/parameters/compressor
echo 1 > /sys/power/pm_debug_messages
echo "$mode" > /sys/power/disk
echo disk > /sys/power/state
echo "not hibernated"
poweroff -f
INIT
chmod +x root/init
(cd root && find . | cpio -o -H newc --quiet) | gzip -1 > initrd.gz
rm -r root

# ---- disks ----
swap_partition() {
	truncate -s 700M "$1"
	mkswap -q "$1" 2>/dev/null >&2
}

# ext4 with a swap file whose blocks are all there; prints resume_offset.
swap_file() {
	mkdir tree
	head -c 400M /dev/zero | tr '\0' '\1' > tree/swap
	chmod 600 tree/swap
	mkswap -q tree/swap
	mke2fs -q -t ext4 -d tree "$1" 700M >&2
	rm -r tree
	debugfs -R "bmap /swap 0" "$1" 2>/dev/null
}

failed=0
# image NAME MIB disk|file QEMU-CPU KERNEL-WORDS...
image() {
	local name=$1 mib=$2 where=$3 cpu=$4 page=0
	shift 4
	rm -f "$name.img"
	if [ "$where" = file ]; then
		page=$(swap_file "$name.img")
		set -- "$@" "file=$page"
	else
		swap_partition "$name.img"
	fi
	echo "== $name: $mib MiB, $where, $*"
	timeout 600 qemu-system-x86_64 -accel tcg -machine q35 -cpu "$cpu" -m "$mib" -smp 2 -nographic \
		-no-reboot -kernel "$kernel" -initrd initrd.gz -append "console=ttyS0 loglevel=8 $*" \
		-drive "file=$name.img,format=raw,if=virtio" > "$name.log" 2>&1 < /dev/null || true
	./swsusp_check "$name.img" "$name.log" "$page" || failed=1
}

if [ $only = test ]; then
	image lzo 256 disk qemu64 mode=shutdown
	image raw 256 disk qemu64 mode=shutdown hibernate=nocompress
	image raw-platform 512 disk qemu64 mode=platform hibernate=nocompress
	image lzo-5-levels 384 disk max,la57=on mode=platform
	image lzo-file 256 file qemu64 mode=platform
	image raw-file 256 file qemu64 mode=shutdown hibernate=nocompress
else
	image stock 512 disk qemu64 mode=platform
	image stock-lz4 512 disk qemu64 mode=shutdown comp=lz4 # LZO before 6.9
	image stock-raw 512 disk qemu64 mode=platform hibernate=nocompress
fi
exit $failed
