#!/usr/bin/env bash
# Builds the test kernel (tinyconfig + kernel.config, CONFIG_KEXEC_JUMP=y) from Debian's
# linux-source-6.1 and prints the path of its bzImage. The result is kept outside the tree, by a hash
# of the configuration and of the source archive, so that it is built once a machine (4 minutes).
# vmlinux with its debug information lies beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
archive=/usr/src/linux-source-6.1.tar.xz
[ -r "$archive" ] || { echo "kernel.sh: no $archive: install linux-source-6.1 (tests/setup.sh does)" >&2; exit 1; }

key=$( { cat "$here/kernel.config"; dpkg-query -W -f '${Version}' linux-source-6.1; } | sha256sum | cut -c1-16)
out=$cache/kernel-6.1-$key
if [ ! -e "$out/bzImage" ]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	tar -xf "$archive" -C "$work"
	src=$(echo "$work"/linux-source-*)
	(
		make -C "$src" -s tinyconfig
		"$src/scripts/kconfig/merge_config.sh" -m -O "$src" "$src/.config" "$here/kernel.config"
		make -C "$src" -s olddefconfig
		grep -q '^CONFIG_KEXEC_JUMP=y' "$src/.config"
		make -C "$src" -s -j"$(nproc)" bzImage
	) > "$work/log" 2>&1 || { cp "$work/log" "$cache/kernel-build.log"
		echo "kernel.sh: the kernel did not build, see $cache/kernel-build.log" >&2; exit 1; }
	mkdir "$work/result"
	cp "$src/arch/x86/boot/bzImage" "$src/.config" "$src/System.map" "$src/vmlinux" "$work/result/"
	if grep -q 'struct upid numbers\[\]' "$src/include/linux/pid.h"; then
		python3 "$here/vmlinux_pid.py" "$work/result/vmlinux"
	fi
	mv -T "$work/result" "$out" 2>/dev/null || [ -e "$out/bzImage" ]
fi
echo "$out/bzImage"
