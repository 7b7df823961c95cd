# SPDX-License-Identifier: GPL-2.0-or-later
"""The main story with Torpor, by any door: boot, set the way back up, save, power cycle, resume."""

import collections
import re

import checks

# firmware, and GRUB's entry for the way back (None: a boot entry of the firmware itself)
Door = collections.namedtuple("Door", "firmware entry")
DOORS = {
    "seabios-grub": Door("seabios", "resume"),
    "ovmf-entry": Door("ovmf", None),
    "ovmf-grub": Door("ovmf", "resume"),
    "ovmf-chain": Door("ovmf", "resume-efi"),
}
AREA = "$(readlink -f /dev/disk/torpor)"
ESP_DISK = "/dev/vda"
# What `torpor save` prints about how it came back.
RESUMED, CONTINUED = r"(?i)\bresumed\b", r"(?i)\bcontinu|\bwent on\b|\bgoes on\b"
# QEMU 7.2 emulates CMPXCHG16B wrongly now and then: it leaves half of RAX in EFLAGS, and kernels from
# 6.12 on (not 6.1) crash in their slab allocator within minutes, resumed or not. Without it they lock.
NEWER_KERNELS_CPU = "max,la57=off,-cx16"
NO_RESUME = r"no resume: (.*); booting on"


class Story:
    def __init__(self, t, door, disk, esp_disk=ESP_DISK, **options):
        """A booted guest with its workload, prepared for a resume by this door."""
        self.t, self.disk, self.door = t, disk, DOORS[door]
        self.efi, self.cpus = self.door.firmware == "ovmf", options.get("cpus", 2)
        self.options = options
        self.machine, self.guest = t.boot(disk, firmware=self.door.firmware, **options)
        if self.door.entry is None:
            self.guest.run(f"efibootmgr -q -c -d {esp_disk} -p 2 -L torpor -l '\\torpor.efi' -u "
                           f"'{disk.torpor_args()}'")
        self.beats = {}

    def work(self, memory_mib=256, directory="/data"):
        self.beats = checks.start_workload(self.guest, memory_mib, directory)

    def save_command(self, then):
        return f"torpor save --then {then} --to {AREA}"

    def save(self, timeout_s=300):
        """Saves and powers off; the command that did it is still to be finished."""
        self.job = self.guest.start(self.save_command("poweroff"))
        self.machine.wait_end(timeout_s)

    def choose_resume(self):
        if self.door.entry:
            self.disk.set_env(next_entry=self.door.entry)

    def resume(self, timeout_s=300):
        """Powers on; the old system must go on without a Linux that boots."""
        self.choose_resume()
        self.machine.start()
        self.finish(timeout_s)
        self.t.power_on_s = self.machine.seconds_on()
        self.t.note(f"{self.t.power_on_s:.1f} s from power on to the process running again")

    def finish(self, timeout_s=300):
        result = self.guest.finish(self.job, timeout_s)
        console = self.machine.console.text()
        self.t.check(result.status == 0,
                     f"torpor save: exit status {result.status}\n{result.output}")
        self.t.check(re.search(RESUMED, result.output),
                     f"torpor save does not say that it was resumed:\n{result.output}")
        self.t.check("Linux version" not in console, "a Linux was booted for the resume")
        if self.door.entry:
            self.t.check(f"grub: {self.door.entry} " in console, "not resumed by GRUB's entry")

    def verify(self):
        self.beats = checks.verify(self.guest, self.beats, self.cpus, self.efi)

    def cycle(self):
        self.save()
        self.resume()
        self.verify()

    def end(self):
        """Shuts the guest down; its file system must be clean."""
        self.guest.run("workload stop")
        self.guest.poweroff()
        self.disk.fsck()

    def refused(self, machine=None, timeout_s=120, times=1):
        """Powers on for a resume that must not happen: one line says why, and Linux boots, but
        leaves the data partition alone: the image may still be resumed later. times: how often the
        firmware comes by the loader again before. Returns the first reason.
        """
        machine = machine or self.machine
        linux_args = self.disk.linux_args()
        self.disk.set_env(linux_args=f"{linux_args} data=none")
        self.choose_resume()
        machine.on_reset = "reset"  # under BIOS the loader resets, and GRUB's choice is spent
        machine.start()
        reason = machine.wait_for(NO_RESUME, timeout_s).group(1)
        machine.wait_for(r"^@ready ", timeout_s, machine.agent)
        said = len(re.findall(NO_RESUME, machine.console.text()))
        self.t.check(said == times, f"the reason is given {said} times, not {times}")
        self.t.note(f"refused: {reason}")
        machine.stop()
        self.disk.set_env(linux_args=linux_args)
        return reason


def on_second_disk(t, first, second, device, **options):
    """A story that saves to the area of a second disk, which the guest knows by this name; the loader
    is told the partition's GUID."""
    first.set_env(torpor_args=f"serial=0x3f8 area=partuuid:{second.table['torpor'].guid}")
    story = Story(t, "seabios-grub", first, more_disks=[second], **options)
    story.work(64)
    story.save_command = lambda then: f"torpor save --then {then} --to {device}"
    return story


__all__ = ["AREA", "CONTINUED", "DOORS", "NEWER_KERNELS_CPU", "NO_RESUME", "RESUMED", "Story", "on_second_disk"]
