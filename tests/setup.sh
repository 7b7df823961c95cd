#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages that building and testing needs, and those named as arguments; says nothing
# when all are there.
# Works as root or through sudo, on a fresh Debian 12, without questions.
set -euo pipefail

packages=(
	# building
	gcc libc6-dev make nasm git gnu-efi liblz4-dev libxxhash-dev liblzo2-dev libdeflate-dev libblkid-dev
	# unit tests, fuzzers, style
	libcmocka-dev clang clang-format libclang-rt-14-dev llvm-14 python3
	# the protocol as a model
	spin
	# golden images
	python3-lz4 python3-xxhash python3-yaml
	# whole machines: emulator, firmware, boot loader, boot media
	qemu-system-x86 ovmf seabios grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools
	dosfstools gdisk e2fsprogs xfsprogs btrfs-progs uuid-runtime cpio lz4
	# the guest: its kernel is built from source
	linux-source-6.1 bc bison flex libelf-dev libssl-dev xz-utils kmod busybox-static kexec-tools
	efibootmgr
	# what opens exported images
	crash python3-drgn makedumpfile gdb
	"$@"
)

# dpkg-query fails when one of them was never heard of here.
installed=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || :; } |
	sed -n 's/^installed //p')
missing=()
for package in "${packages[@]}"; do
	grep -qxF "$package" <<< "$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo > /dev/null || {
		echo "setup.sh: need root or sudo to install: ${missing[*]}" >&2
		exit 1
	}
	as_root=(sudo --preserve-env=http_proxy,https_proxy)
fi
apt() {
	# A lock held by another apt is waited for.
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

echo "setup.sh: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
	cat "$log" >&2
	echo "setup.sh: apt-get failed" >&2
	exit 1
fi
