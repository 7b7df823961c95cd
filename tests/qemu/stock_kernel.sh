#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fetches an unmodified Debian kernel and prints the directory that it is unpacked in:
# boot/vmlinuz-* and lib/modules/. It is not installed, and kept outside the tree.
#   stock_kernel.sh [PACKAGE [SUITE]]
# PACKAGE: linux-image-amd64 by default. SUITE: of another Debian release (apt_suite.sh).
set -euo pipefail
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
meta=${1:-linux-image-amd64}
suite=${2:-}
mkdir -p "$cache"

. "$(dirname "$0")/apt_suite.sh"
private_apt "$suite"

dependencies() { # of a package, as far as they are parts of a kernel with a version in their name
	apt-cache "${apt_options[@]}" depends "$1" |
		sed -n 's/^ *Depends: \(linux-\(image\|binary\|modules\|base\)-[0-9].*\)/\1/p'
}

# A meta package stands for the newest kernel of its kind.
package=$(dependencies "$meta" | grep '^linux-image' | head -n 1 || true)
package=${package:-$meta}
out=$cache/stock-$package
if [ ! -e "$out" ]; then
	work=$(mktemp -d "$cache/stock.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	# Newer suites cut a kernel into several packages.
	mapfile -t parts < <(dependencies "$package")
	(cd "$work" && apt-get -qq "${apt_options[@]}" download "$package" "${parts[@]}" > log 2>&1) || {
		cat "$work/log" >&2
		echo "stock_kernel.sh: cannot download $package" >&2
		exit 1
	}
	for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/result"; done
	# /lib is a link to /usr/lib in newer releases.
	[ -e "$work/result/lib/modules" ] || { mkdir -p "$work/result/lib" &&
		mv "$work/result/usr/lib/modules" "$work/result/lib/"; }
	version=$(basename "$work"/result/lib/modules/*)
	# So is the kernel itself.
	[ -e "$work/result/boot/vmlinuz-$version" ] || { mkdir -p "$work/result/boot" &&
		cp "$work/result/lib/modules/$version/vmlinuz" "$work/result/boot/vmlinuz-$version"; }
	/sbin/depmod -b "$work/result" "$version"
	mv -T "$work/result" "$out" 2> /dev/null || [ -e "$out" ]
fi
echo "$out"
