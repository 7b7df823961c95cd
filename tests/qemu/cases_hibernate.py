# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own hibernation on the test bed: what Torpor is compared with, and proof that a
session on the agent survives the power cycle."""

import checks
import swsusp
from harness import case


def hibernate(t, mode, kernel=None, **options):
    machine, guest = t.boot(t.disk(**swsusp.disk_options(), **(kernel or {})), **options)
    beats = checks.start_workload(guest)
    for _ in range(2):
        cycle = swsusp.cycle(guest, mode)
        t.note(f"swsusp ({mode}): saved in {cycle.save_s:.1f} s; "
               f"{cycle.resume_s:.1f} s from power on to the process running again")
        t.check("PM: Image restored" in machine.console.text() or
                "hibernation exit" in guest.run("dmesg"), "the kernel says nothing of a resume")
        beats = checks.verify(guest, beats, efi=machine.firmware == "ovmf")


@case("hibernate-seabios")
def hibernate_seabios(t):
    hibernate(t, "shutdown")


@case("hibernate-ovmf-platform")
def hibernate_ovmf_platform(t):
    hibernate(t, "platform", firmware="ovmf")


@case("hibernate-stock-seabios")
def hibernate_stock_seabios(t):
    """A distribution kernel with its drivers as modules: the initramfs resumes."""
    hibernate(t, "platform", kernel=t.build.stock())
