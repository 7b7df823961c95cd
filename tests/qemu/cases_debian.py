# SPDX-License-Identifier: GPL-2.0-or-later
"""Torpor on Debian as installed: setup, systemd's hibernation, the loader, ordinary boots, and away again."""

import os
import re
import subprocess

import checks
import debian
import initramfs
from harness import OUT, PRODUCT, TORPOR, case
from story import NO_RESUME

FOLDER = "/usr/lib/torpor"  # where a package would put it


def put(disk, host_path, path):
    """A file into the root, the machine being off."""
    image = f"{disk.path}?offset={disk.table['data'].start}"
    folder = os.path.dirname(path)
    script = "".join(f"mkdir {folder[:i]}\n" for i in range(1, len(folder) + 1)
                     if i == len(folder) or folder[i] == "/") + f"rm {path}\nwrite {host_path} {path}\n"
    subprocess.run(["debugfs", "-w", "-f", "-", image], input=script, text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def add_kernel_words(disk, words):
    """To GRUB's configuration, as update-grub would with GRUB_CMDLINE_LINUX, the machine being off."""
    image = f"{disk.path}?offset={disk.table['data'].start}"
    text = subprocess.run(["debugfs", "-R", "cat /boot/grub/grub.cfg", image], check=True, text=True,
                          capture_output=True).stdout
    path = disk.path + ".grub.cfg"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("agent=ttyS1", f"agent=ttyS1 {words}"))
    put(disk, path, "/boot/grub/grub.cfg")
    os.remove(path)


class Debian:
    def __init__(self, t, firmware="seabios", suite="bookworm", words="", **options):
        self.t, self.efi = t, firmware == "ovmf"
        self.disk = t.copy(debian.installed(suite), "disk")
        for name in TORPOR:
            put(self.disk, PRODUCT[name], f"{FOLDER}/{name}")
        workload = initramfs.compile_guest_program("workload", os.path.join(OUT, ".build"))
        put(self.disk, workload, "/usr/local/bin/workload")
        if words:
            add_kernel_words(self.disk, words)
        # A machine that resets itself goes on, as real ones do.
        self.machine, self.guest = t.machine(self.disk, firmware=firmware, on_reset="reset", ram_mib=1024, **options)
        self.boot()
        self.guest.run(f"ln -s {FOLDER}/torpor /usr/local/sbin/torpor")

    def boot(self):
        self.machine.start()
        self.guest.wait_ready(400)

    def run(self, command, **kw):
        return self.guest.run(command, timeout_s=kw.pop("timeout_s", 120), **kw)

    def hibernate(self):
        self.job = self.guest.start(
            "systemctl hibernate; sleep 2; state() { systemctl show -P ActiveState systemd-hibernate; }; "
            "while [ $(state) = activating ]; do sleep 0.2; done; state")
        self.machine.wait_end(300)

    def resumed(self, by_loader=True):
        self.machine.start()
        result = self.guest.finish(self.job, 400)
        console = self.machine.console.text()
        # What OVMF says on this port, too, comes first.
        self.t.check(re.search(r"^inactive$", result.output, re.MULTILINE), f"systemd-hibernate.service: {result.output}")
        self.t.check(("Linux version" not in console and "from the first instruction; jump" in console) == by_loader,
                     f"resumed {'not ' if by_loader else ''}by the loader")
        self.t.check(not re.search(NO_RESUME, console), "the loader refuses")
        self.t.power_on_s = self.machine.seconds_on()

    def poweroff(self):
        self.guest.start("systemctl poweroff")
        self.machine.wait_end(300)
        self.disk.fsck()


def traces(d):
    """What setup could have touched."""
    return d.run("(find / -xdev -newer /data/hello -type f ! -path '/var/log/*' ! -path '/var/lib/systemd/*' "
                 "! -path '/root/*' ! -path '/data/*'; md5sum /boot/grub/*; find /boot/efi -type f | xargs md5sum; "
                 "ls /var/lib/torpor /usr/lib/systemd/system-sleep; efibootmgr | grep -v BootCurrent) 2>/dev/null | sort")


def twice(name, firmware, options="", **machine):
    @case(name, product=TORPOR)
    def run(t):
        d = Debian(t, firmware, **machine)
        before = traces(d)
        d.run(f"torpor setup --loader-args serial=0x3f8 {options}")
        status = d.run("torpor status", status=None)
        t.check("a hibernation would be resumed by Torpor" in status, status)
        beats = checks.start_workload(d.guest, 96)
        for _ in range(2):
            d.hibernate()
            d.resumed()
            t.note(f"{t.power_on_s:.1f} s from power on to the session")
            t.check("facts" in d.machine.console.text(), "the loader says nothing of facts")
            beats = checks.verify(d.guest, beats, efi=d.efi)
        t.note(d.run("journalctl -b -u systemd-hibernate --no-pager -o cat | tail -n 12"))
        d.run("workload stop")
        d.run("torpor setup --remove")
        after = traces(d)
        t.check(before == after, f"--remove leaves something:\n{before}\n\n{after}")
        d.poweroff()


# Under UEFI this kernel puts page structs where the firmware's logo was, and does not save them.
NO_LOGO = "bgrt_disable"
twice("debian-12-seabios-grub", "seabios")
twice("debian-12-ovmf-grub", "ovmf", words=NO_LOGO)
twice("debian-12-ovmf-entry", "ovmf", "--efi-entry", words=NO_LOGO)


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
