# SPDX-License-Identifier: GPL-2.0-or-later
"""Torpor on installed Debians: what is more than hibernating and being resumed."""

from debian_guest import JUMP, Debian
from harness import TORPOR, case


def _armed(d):
    return "next_entry=torpor" in d.run("grub-editenv list")


def hybrid(name, firmware, **machine):
    """First the power fails in the sleep: the image is resumed. Then somebody wakes it: the image is void."""
    @case(name, product=TORPOR)
    def run(t):
        d = Debian(t, firmware, **machine)
        d.set_up()
        d.live(96)
        d.sleep("hybrid-sleep")
        d.machine.wait_event("SUSPEND", 300)
        d.machine.kill()
        d.resumed()
        d.verify()
        t.check(not _armed(d), "still armed after a resume")
        # A second S3 in one process of QEMU 7.2 raises no event; this is another one.
        d.sleep("hybrid-sleep")
        d.machine.wait_event("SUSPEND", 300)
        d.machine.qmp.command("system_wakeup")
        console = d.came_back()
        t.check(console.count(JUMP) == 1, "resumed, not woken")
        d.verify()
        t.check(not _armed(d), "still armed after waking up")
        d.guest.start("systemctl poweroff")
        # QEMU's machine does not switch itself off after S3.
        d.machine.wait_for(r"reboot: Power down|Reached target .*[Pp]ower.?off", 300)
        d.machine.stop()
        d.boot()
        t.check(JUMP not in d.machine.console.text(), "an image of a session that was woken was resumed")
        d.poweroff()


hybrid("debian-12-hybrid-sleep", "seabios")
