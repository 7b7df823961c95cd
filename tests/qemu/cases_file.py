# SPDX-License-Identifier: GPL-2.0-or-later
"""Images in a file that torpor setup made: saved and resumed with nothing chosen by the test, and what is
said when the file is no longer what it was."""

import os
import re
import subprocess

import cases_setup
from harness import TORPOR, case
from story import Story

FILE = "/var/lib/torpor/image"
# The file's file system is the root; there is no other place for an image, and no swap.
DISK = {"data_mib": 3072, "area_mib": 0, "swap_mib": 0, "linux_args": "data=root"}


class FileStory(Story):
    def __init__(self, t, door, disk, before="true", **options):
        """before: shell commands that come before everything else."""
        super().__init__(t, door, disk, **options)
        self.guest.run(before)
        self.door = self.door._replace(entry=None)  # setup makes the way back
        self.guest.run("mount /dev/disk/esp /esp && ln -s /esp/boot /boot")

    def set_up(self, options=""):
        self.traces = self.guest.run(cases_setup.TRACES)
        self.command = (f"torpor setup --file {FILE} --loader-dir /esp "
                        f"--loader-args serial=0x3f8 {options}")
        planned = self.guest.run(self.command + " --dry-run")
        self.t.check(f"would: make {FILE}" in planned, f"a dry run that plans nothing:\n{planned}")
        self.t.check(self.guest.run(cases_setup.TRACES) == self.traces,
                     "a dry run has changed something")
        self.guest.run(self.command, timeout_s=300)
        again = self.guest.run(self.command)
        self.t.check("all is as it should be" in again, f"the second set-up does more:\n{again}")

    def check_status(self):
        found = self.guest.run("torpor status", status=None)
        self.t.check("a save would be resumed by Torpor" in found, found)
        return re.search(r"image file +yes +(.*)", found).group(1)

    def save_command(self, then):
        return f"torpor save --then {then} --to {FILE}"

    def moved(self):
        """Nobody can remove the file; who insists is told."""
        self.guest.run(f"! rm {FILE} && chattr -i {FILE} && cp {FILE} {FILE}.new && "
                       f"mv {FILE}.new {FILE} && sync", timeout_s=300)
        for command, status in (("torpor status", 3), (f"torpor save --to {FILE}", 1)):
            found = self.guest.run(command + " 2>&1", status=status)
            self.t.check("has moved on the disk" in found, f"{command}:\n{found}")
        self.guest.run(self.command)
        self.check_status()
        self.guest.run(f"chattr -i {FILE} && dd if=/dev/zero bs=4096 count=1 >> {FILE} && sync")
        for command, status in (("torpor status", 3), (f"torpor save --to {FILE}", 1)):
            found = self.guest.run(command + " 2>&1", status=status)
            self.t.check("has grown" in found, f"{command}:\n{found}")

    def remove(self):
        self.guest.run("torpor setup --remove")
        left = self.guest.run(cases_setup.TRACES)
        self.t.check(left == self.traces, f"--remove leaves something:\n{self.traces}\n\n{left}")


def _in_file(name, door, cycles, options=""):
    @case(name, product=TORPOR)
    def run(t):
        story = FileStory(t, door, t.disk(**DISK))
        story.set_up(options)
        t.note(story.check_status())
        story.work(128)
        for _ in range(cycles):
            story.cycle()
            story.check_status()
        story.guest.run(f"torpor verify {FILE}", timeout_s=300)
        story.moved()
        story.remove()
        story.end()


_in_file("save-file-ext4-seabios-grub", "seabios-grub", 5)
_in_file("save-file-ext4-ovmf-entry", "ovmf-grub", 2, "--efi-entry --esp /esp")


CHECK = {"xfs": ("mkfs.xfs", "xfs_repair", "-n"), "btrfs": ("mkfs.btrfs", "btrfs", "check")}


def _on_other(kind):
    @case(f"save-file-{kind}", product=TORPOR)
    def run(t):
        """The file lies on another file system, of another disk; that is whole afterwards."""
        first, second = t.disk(area_mib=0, swap_mib=0), t.bare_disk("second", [("data", 3072)])
        make, *check = CHECK[kind]
        second.make("data", make, "-q")
        directory = os.path.dirname(FILE)
        story = FileStory(t, "seabios-grub", first, more_disks=[second],
                          before=f"mkdir -p {directory} && mount -t {kind} /dev/vdb1 {directory}")
        story.set_up()
        t.note(story.check_status())
        story.work(128)
        for _ in range(2):
            story.cycle()
            story.check_status()
        story.guest.run(f"dd if=/dev/urandom of={directory}/other bs=1M count=64 2> /dev/null && sync && "
                        f"torpor verify {FILE} && rm {directory}/other", timeout_s=300)
        story.remove()
        story.guest.run(f"umount {directory}")
        story.end()
        path = second.extract("data", second.path + ".check")
        t.keep_until_passed(path)
        done = subprocess.run([*check, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        t.check(done.returncode == 0, f"{' '.join(check)}: {done.stdout}")


for name in CHECK:
    _on_other(name)
