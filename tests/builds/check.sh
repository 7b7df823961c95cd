#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the product on other Debian releases, in chroots, and runs the unit suites there.
#   check.sh SUITE...      the last line is "N passed, N failed"
# What is built there stays in the cache, so that the next run compiles what has changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mapfile -t packages < <("$top/tests/setup.sh" list unit)
passed=0 failed=0

# The tracked files as they are now. One that is the same keeps its time; one that is not is newer than all that was
# built; one that is gone goes.
lay_sources() {
	local folder=$1/torpor f
	mkdir -p "$folder"
	git -C "$top" ls-files > "$folder.files"
	while read -r f; do
		cmp -s "$top/$f" "$folder/$f" || { mkdir -p "$folder/$(dirname "$f")" && cp "$top/$f" "$folder/$f"; }
	done < "$folder.files"
	(cd "$folder" && find . -path ./out -prune -o -type f -printf '%P\n') > "$folder.there"
	{ grep -vxFf "$folder.files" "$folder.there" || :; } | while read -r f; do rm "$folder/$f"; done
}

for suite in "$@"; do
	folder=$("$here/chroot.sh" make "$suite" "${packages[@]}")
	lay_sources "$folder"
	log=$top/out/builds-$suite.log
	mkdir -p "$top/out"
	tests=
	"$here/chroot.sh" run "$folder" make -C /torpor -k -j"$(nproc)" all unit > "$log" 2>&1 &&
		tests=$(sed -n 's/^\([1-9][0-9]*\) passed, 0 failed$/\1/p' "$log")
	if [ -n "$tests" ]; then
		echo "PASS $suite: the product is built, $tests unit tests pass"
		passed=$((passed + 1))
	else
		echo "FAIL $suite: see out/builds-$suite.log"
		grep -E 'error:|undefined reference|\[  FAILED  \]|\*\*\*' "$log" | head -20 || :
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
