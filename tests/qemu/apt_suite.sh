# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced. private_apt SUITE: sets apt_options for apt-get and apt-cache to another Debian release (trixie, sid;
# empty: the machine's own), from the machine's own mirror, by a sources list and lists folder that apt's
# own never see, in $cache.
private_apt() {
	apt_options=(-o APT::Sandbox::User=root)
	[ -n "$1" ] || return 0
	local private=$cache/apt-$1 mirror
	mkdir -p "$private/lists/partial" "$private/parts"
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
		grep -m 1 '/debian/\?$')
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" \
		> "$private/sources.list"
	apt_options+=(-o "Dir::Etc::sourcelist=$private/sources.list"
		-o "Dir::Etc::sourceparts=$private/parts" -o "Dir::State::lists=$private/lists"
		-o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=")
	# Once a day is often enough.
	if [ -z "$(find "$private/stamp" -mtime -1 2> /dev/null)" ]; then
		apt-get -qq "${apt_options[@]}" update > "$private/log" 2>&1 || {
			cat "$private/log" >&2
			echo "${0##*/}: cannot read suite $1" >&2
			return 1
		}
		touch "$private/stamp"
	fi
}
