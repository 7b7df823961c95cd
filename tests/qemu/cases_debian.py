# SPDX-License-Identifier: GPL-2.0-or-later
"""Torpor on Debian as installed: setup, systemd's hibernation, the loader, ordinary boots, and away again."""

from debian_guest import JUMP, Debian
from harness import TORPOR, case

# Under UEFI Debian 12's kernel puts page structs where the firmware's logo was, and does not save them.
NO_LOGO = "bgrt_disable"


def whole(name, firmware, options="", prepare=None, **machine):
    """From setup to --remove. prepare: what is done to the Debian before."""
    @case(name, product=TORPOR)
    def run(t):
        d = Debian(t, firmware, **machine)
        if prepare:
            prepare(d)
        before = d.tree()
        d.set_up(options)
        boot_id = d.run("cat /proc/sys/kernel/random/boot_id")
        d.cycle()
        d.cycle()
        t.check(d.reboot() != boot_id, "no other boot")
        t.check(JUMP not in d.machine.console.text(), "the loader has resumed something")
        d.promised()
        d.remove(before)
        d.poweroff()


whole("debian-12-seabios-grub", "seabios")
whole("debian-12-ovmf-grub", "ovmf", words=NO_LOGO)
whole("debian-12-ovmf-entry", "ovmf", "--efi-entry", words=NO_LOGO)


@case("debian-12-ovmf-unsaved", product=TORPOR)
def unsaved(t):
    """Memory in use that the kernel's hibernation leaves out: said before, not found out after."""
    d = Debian(t, "ovmf")
    logo = d.run("head -c 2 /sys/firmware/acpi/bgrt/image | od -An -tx1").split()
    t.check(logo and logo != ["42", "4d"], f"this kernel left the logo alone: {logo}")
    d.run("torpor setup")
    status = d.run("torpor status", status=3)
    t.check("Add bgrt_disable to the kernel's command line" in status, status)
    said = d.run("/usr/lib/systemd/system-sleep/torpor pre hibernate", status=1)
    t.check("the next boot is an ordinary one" in said, said)
    t.check("next_entry" not in d.run("grub-editenv list"), "GRUB's choice is the loader")
    d.poweroff()


def _systemd_boot(d):
    """In GRUB's place."""
    d.run("bootctl install 2>&1 && kernel-install add $(uname -r) /boot/vmlinuz-$(uname -r) 2>&1 && "
          "rm -rf /boot/grub", timeout_s=300)
    d.reboot()
    d.run("bootctl status --no-pager | grep -A 3 'Current Boot Loader' | grep systemd-boot")


whole("debian-13-seabios-grub", "seabios", suite="trixie")
whole("debian-13-systemd-boot", "ovmf", suite="trixie", prepare=_systemd_boot)
