#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs Debian packages; says nothing when all are there. Works as root or through sudo, without questions.
#   setup.sh [build|unit|demo|check] [PACKAGE...]
#   setup.sh list build|unit|demo|check        only prints their names
# build: what `make` needs; unit: and the unit suites; demo: and whole machines; check (default): everything.
# PACKAGE: these, too.
set -euo pipefail

build=(gcc libc6-dev make nasm git gnu-efi liblz4-dev libxxhash-dev liblzo2-dev libdeflate-dev libblkid-dev libjansson-dev)
unit=(
	libcmocka-dev python3
	# golden images
	python3-lz4 python3-xxhash python3-yaml
)
demo=(
	python3
	# whole machines: emulator, firmware, boot loader, boot media
	qemu-system-x86 ovmf seabios grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools
	dosfstools gdisk e2fsprogs uuid-runtime cpio lz4
	# the guest: its kernel is built from source
	linux-source-6.1 bc bison flex libelf-dev libssl-dev xz-utils kmod busybox-static kexec-tools
	efibootmgr
)
check=(
	# fuzzers, style, manual pages
	clang clang-format libclang-rt-dev llvm mandoc groff
	# the protocol as a model
	spin
	xfsprogs btrfs-progs
	# Debian as installed, also by somebody who is not root
	mmdebstrap uidmap fakeroot
	# what opens exported images
	crash python3-drgn makedumpfile gdb
)
wanted=check list=
[ "${1:-}" != list ] || { list=yes && shift; }
case ${1:-} in
build | unit | demo | check) wanted=$1 && shift ;;
esac
case $wanted in
build) packages=("${build[@]}" "$@") ;;
unit) packages=("${build[@]}" "${unit[@]}" "$@") ;;
demo) packages=("${build[@]}" "${demo[@]}" "$@") ;;
check) packages=("${build[@]}" "${unit[@]}" "${demo[@]}" "${check[@]}" "$@") ;;
esac
[ -z "$list" ] || { printf '%s\n' "${packages[@]}" && exit; }

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
