#!/usr/bin/env bash
# Fetches an unmodified Debian kernel and prints the directory that it is unpacked in:
# boot/vmlinuz-* and lib/modules/. It is not installed, and kept outside the tree.
#   stock_kernel.sh [PACKAGE [SUITE]]
# PACKAGE: linux-image-amd64 by default. SUITE: of another Debian release (trixie, sid), from the
# machine's own mirror, by a sources list and lists folder that apt's own never see.
set -euo pipefail
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
meta=${1:-linux-image-amd64}
suite=${2:-}
mkdir -p "$cache"

apt_options=(-o APT::Sandbox::User=root)
if [ -n "$suite" ]; then
	private=$cache/apt-$suite
	mkdir -p "$private/lists/partial" "$private/parts"
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
		grep -m 1 '/debian/\?$')
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
		> "$private/sources.list"
	apt_options+=(-o "Dir::Etc::sourcelist=$private/sources.list"
		-o "Dir::Etc::sourceparts=$private/parts" -o "Dir::State::lists=$private/lists"
		-o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
	# Once a day is often enough.
	if [ -z "$(find "$private/stamp" -mtime -1 2> /dev/null)" ]; then
		apt-get -qq "${apt_options[@]}" update > "$private/log" 2>&1 || {
			cat "$private/log" >&2
			echo "stock_kernel.sh: cannot read suite $suite" >&2
			exit 1
		}
		touch "$private/stamp"
	fi
fi

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
