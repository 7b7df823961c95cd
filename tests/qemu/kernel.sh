#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a test kernel (tinyconfig + kernel.config, CONFIG_KEXEC_JUMP=y) from Debian's linux-source
# and prints the path of its bzImage. The result is kept outside the tree, by a hash of the
# configuration and the source's version, so that it is built once a machine (4 minutes).
# vmlinux with its debug information lies beside it.
#   kernel.sh [SUITE]
# Without it 6.1, of the installed package; else the one of that Debian release (apt_suite.sh).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
suite=${1:-}
package=linux-source-6.1
mkdir -p "$cache"
. "$here/apt_suite.sh"
private_apt "$suite"
if [ -n "$suite" ]; then # linux-source depends on the one of this release
	package=$(apt-cache "${apt_options[@]}" depends linux-source |
		sed -n 's/^ *Depends: \(linux-source-[0-9].*\)/\1/p')
	release=$(apt-cache "${apt_options[@]}" show "$package" | sed -n 's/^Version: //p' | head -n 1)
else
	release=$(dpkg-query -W -f '${Version}' "$package" || :)
fi
archive=/usr/src/$package.tar.xz
[ -n "$release" ] || { echo "kernel.sh: no $package (tests/setup.sh installs 6.1)" >&2; exit 1; }

key=$( { cat "$here/kernel.config"; echo -n "$release"; } | sha256sum | cut -c1-16)
out=$cache/kernel-${package#linux-source-}-$key
if [ ! -e "$out/bzImage" ]; then
	work=$(mktemp -d "$cache/build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	if [ -n "$suite" ]; then
		(cd "$work" && apt-get -qq "${apt_options[@]}" download "$package" > log 2>&1 &&
			dpkg-deb -x "$package"_*.deb .) || {
			cat "$work/log" >&2
			echo "kernel.sh: cannot download $package" >&2
			exit 1
		}
		archive=$work$archive
	fi
	tar -xf "$archive" -C "$work"
	src=$work/$package
	{
		make -C "$src" -s tinyconfig &&
			"$src/scripts/kconfig/merge_config.sh" -m -O "$src" "$src/.config" "$here/kernel.config" &&
			make -C "$src" -s olddefconfig &&
			grep -q '^CONFIG_KEXEC_JUMP=y' "$src/.config" &&
			make -C "$src" -s -j"$(nproc)" bzImage
	} > "$work/log" 2>&1 || {
		cp "$work/log" "$cache/kernel-build.log"
		echo "kernel.sh: the kernel did not build, see $cache/kernel-build.log" >&2
		exit 1
	}
	mkdir "$work/result"
	cp "$src/arch/x86/boot/bzImage" "$src/.config" "$src/System.map" "$src/vmlinux" "$work/result/"
	if grep -q 'struct upid numbers\[\]' "$src/include/linux/pid.h"; then
		python3 "$here/vmlinux_pid.py" "$work/result/vmlinux"
	fi
	mv -T "$work/result" "$out" 2>/dev/null || [ -e "$out/bzImage" ]
fi
echo "$out/bzImage"
