#!/usr/bin/env bash
# Fetches an unmodified Debian kernel and prints the directory that it is unpacked in:
# boot/vmlinuz-* and lib/modules/. It is not installed, and kept outside the tree.
# $1: the package; the release's own by default.
set -euo pipefail
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
meta=${1:-linux-image-amd64}

# A meta package stands for the newest kernel of its kind.
package=$(apt-cache depends "$meta" |
	sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
package=${package:-$meta}
out=$cache/stock-$package
if [ ! -e "$out" ]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/stock.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package" > log 2>&1) || {
		cat "$work/log" >&2
		echo "stock_kernel.sh: cannot download $package" >&2
		exit 1
	}
	dpkg-deb -x "$work"/*.deb "$work/result"
	version=$(basename "$work"/result/lib/modules/*)
	/sbin/depmod -b "$work/result" "$version"
	mv -T "$work/result" "$out" 2> /dev/null || [ -e "$out" ]
fi
echo "$out"
