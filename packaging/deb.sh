#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian package, in a copy of the tracked files under out/, for dpkg-buildpackage wants ./debian there.
#   deb.sh      prints the path of out/torpor_VERSION_amd64.deb
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(cat "$top/VERSION")
copy=$top/out/deb/torpor-$version
rm -rf "$top/out/deb"
mkdir -p "$copy"
git -C "$top" ls-files -z | tar -C "$top" --null -T - -cf - | tar -C "$copy" -xf -
cp -a "$copy/packaging/debian" "$copy/debian"
date=$(git -C "$top" log -1 --format=%cD)
cat > "$copy/debian/changelog" <<-END
	torpor ($version) unstable; urgency=medium

	  * See /usr/share/doc/torpor/CHANGELOG.md.

	 -- $(sed -n 's/^Maintainer: //p' "$copy/debian/control")  $date
END
cd "$copy"
DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc > "$top/out/deb/log" 2>&1 || {
	tail -30 "$top/out/deb/log" >&2
	echo "deb.sh: dpkg-buildpackage failed: out/deb/log" >&2
	exit 1
}
cp "$top/out/deb/torpor_${version}_amd64.deb" "$top/out/"
echo "$top/out/torpor_${version}_amd64.deb"
