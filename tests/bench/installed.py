# SPDX-License-Identifier: GPL-2.0-or-later
"""An installed Debian 12 with systemd, from power on to its session running again: by the kernel's own resume
and by Torpor, in turns; GRUB waits for nobody on either side."""

import collections

import cases_debian
import debian_guest
import harness

MEMORY_MIB = 256
HOOK = "/usr/lib/systemd/system-sleep/torpor"
Turn = collections.namedtuple("Turn", "own torpor")


def _seconds(d, by_loader):
    d.run(f"chmod {'+' if by_loader else '-'}x {HOOK}")
    d.hibernate()
    d.resumed(by_loader)
    seconds = d.machine.seconds_on()
    d.verify()
    return seconds


def measure(build, firmware, turns):
    """[Turn], each side first in every other one."""
    t = harness.Case(f"bench-debian-{firmware}", build)
    try:
        d = debian_guest.Debian(t, firmware, words=cases_debian.NO_LOGO if firmware == "ovmf" else "")
        d.run("sed -i 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/' /etc/default/grub && update-grub 2>&1", timeout_s=300)
        d.set_up()
        d.live(MEMORY_MIB)
        found = []
        for i in range(turns):
            first = _seconds(d, bool(i % 2))
            second = _seconds(d, not i % 2)
            found.append(Turn(*((second, first) if i % 2 else (first, second))))
        return found
    finally:
        t.close(True)


def rows(found, spread):
    return [("its own resume: from power on to the session running", spread([f.own for f in found], "{:.1f} s")),
            ("Torpor: from power on to the session running", spread([f.torpor for f in found], "{:.1f} s")),
            ("- own / Torpor", spread([f.own / f.torpor for f in found], "{:.1f}"))]
