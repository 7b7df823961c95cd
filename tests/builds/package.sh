#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package in chroots of Debian releases that have nothing else: it is installed without asking the mirror for
# anything, used, upgraded, removed and purged, and leaves nothing.
#   package.sh SUITE...      the last line is "N passed, N failed"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
deb=$("$top/packaging/deb.sh")
passed=0 failed=0

# A line each: does this command, in the chroot, succeed?
holds() {
	local name=$1
	shift
	if "$here/chroot.sh" run "$root" bash -c "$*" > "$top/out/package.log" 2>&1; then
		echo "PASS $name"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		sed 's/^/    /' "$top/out/package.log" | tail -20
		failed=$((failed + 1))
	fi
}

# What is there, but for the records of apt and dpkg themselves.
list() {
	(cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log -o -path ./var/cache \
		-o -path ./proc -o -path ./dev -o -path ./tmp \) -prune -o -print | sort)
}

lint=$(lintian --fail-on error --tag-display-limit 0 "$deb" 2>&1) && lint_status=0 || lint_status=$?
echo "$lint" | sed 's/^/    /'
if [ "$lint_status" = 0 ]; then
	echo "PASS lintian" && passed=$((passed + 1))
else
	echo "FAIL lintian" && failed=$((failed + 1))
fi

for suite in "$@"; do
	clean=$("$here/chroot.sh" make "$suite" man-db)
	root=$top/out/package-$suite
	rm -rf "$root"
	cp -a --reflink=auto "$clean" "$root"
	cp "$deb" "$root/tmp/"
	before=$(list)
	file=/tmp/${deb##*/}
	holds "$suite: apt-get install" "apt-get install -y $file && dpkg -s torpor | grep -q '^Status: install ok'"
	holds "$suite: torpor --help" "torpor --help | grep -q 'usage: torpor VERB' && for v in \$(torpor help |
		sed -n 's/^  \([a-z]*\) .*/\1/p'); do torpor \$v --help > /dev/null || exit 1; done"
	holds "$suite: torpor -V" "[ \"\$(torpor -V | cut -d, -f1)\" = 'torpor $(cat "$top/VERSION")' ]"
	holds "$suite: man torpor" "man torpor | grep -q 'hibernate Linux from outside' && man 7 torpor-loader | grep -q resume_offset="
	holds "$suite: torpor status" "torpor status; [ \$? = 3 ]"
	holds "$suite: completion" ". /usr/share/bash-completion/completions/torpor && complete -p torpor"
	holds "$suite: the loaders" "[ -s /usr/lib/torpor/torpor.mb2 ] && [ -s /usr/lib/torpor/torpor.efi ]"
	holds "$suite: upgrade" "dpkg -i $file && torpor -V"
	holds "$suite: purge" "apt-get purge -y torpor && ! command -v torpor"
	after=$(list)
	if [ "$before" = "$after" ]; then
		echo "PASS $suite: nothing is left" && passed=$((passed + 1))
	else
		echo "FAIL $suite: left, or gone:" && failed=$((failed + 1))
		diff <(echo "$before") <(echo "$after") | grep '^[<>]' || :
	fi
	rm -rf "$root"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
