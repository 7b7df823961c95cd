#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Debian release in a folder, from the machine's own mirror: kept in the cache, by its packages.
#   chroot.sh make SUITE [PACKAGE...]          makes it if there is none; prints its path
#   chroot.sh run FOLDER COMMAND [ARGUMENT...]  runs it there: proc and dev are mounted as long as it runs,
#                                              and everything that it leaves running ends with it
set -euo pipefail
cache=${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}
work=

make_chroot() {
	local suite=$1 mirror key folder
	shift
	key=$(echo "$suite" "$@" | sha256sum | cut -c1-12)
	folder=$cache/chroot-$suite-$key
	if [ ! -e "$folder" ]; then
		mkdir -p "$cache"
		mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/\?$')
		work=$(mktemp -d "$cache/chroot.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		# A mirror that stands still for weeks is good enough here.
		mmdebstrap --mode=root --quiet --variant=minbase --aptopt='Acquire::Languages "none"' \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			--include="$(IFS=,; echo "$*")" "$suite" "$work/root" "deb $mirror $suite main" \
			> "$work/log" 2>&1 || {
			cat "$work/log" >&2
			echo "chroot.sh: cannot make $suite" >&2
			exit 1
		}
		mv -T "$work/root" "$folder" 2> /dev/null || [ -e "$folder" ]
	fi
	echo "$folder"
}

run_in() {
	local folder=$1
	shift
	exec unshare --mount --pid --fork --kill-child bash -c '
		mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 1
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
			DEBIAN_FRONTEND=noninteractive chroot "$0" "$@"' "$folder" "$@"
}

[ "$(id -u)" = 0 ] || exec sudo --preserve-env=TORPOR_CACHE,XDG_CACHE_HOME,HOME,http_proxy,https_proxy "$0" "$@"
case ${1:-} in
make) shift && make_chroot "$@" ;;
run) shift && run_in "$@" ;;
*) sed -n 's/^# \?//; 3,6p' "$0" >&2; exit 2 ;;
esac
