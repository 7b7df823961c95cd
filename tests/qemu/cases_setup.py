# SPDX-License-Identifier: GPL-2.0-or-later
"""torpor setup in a guest: a hibernation is resumed by Torpor in the boot that is the machine's
default, with nothing chosen by the test; --remove leaves no trace."""

import os
import re
import struct
import subprocess

import cases_stock
import gpt
import swsusp_image
from harness import PRODUCT, TORPOR, case
from story import NO_RESUME

# All that setup could have touched; which entry was booted is the firmware's business.
TRACES = ("(find /esp /var /usr/lib/systemd -type d; find /esp /var /usr/lib/systemd -type f | "
          "xargs md5sum; efibootmgr | grep -v BootCurrent; "
          "ls /sys/firmware/efi/efivars/TorporStarts-*) 2> /dev/null | sort")
PARTITION = "swapon /dev/vda5"
FILE = ("fallocate -l 900M /data/swapfile && chmod 600 /data/swapfile && mkswap /data/swapfile && "
        "swapoff -a; swapon /data/swapfile")
# What an initramfs or systemd does for a swap file.
TELL_KERNEL = ("sed -n 's/^offset=//p' /var/lib/torpor/setup > /sys/power/resume_offset && "
               "cat /sys/class/block/vda3/dev > /sys/power/resume")


class SetupStory(cases_stock.StockStory):
    stock = False  # an unmodified kernel of Debian's: ours shows no data symbols and no /proc/kcore

    def set_up(self, options):
        self.guest.run("mount /dev/disk/esp /esp && ln -s /esp/boot /boot")
        self.traces = self.guest.run(TRACES)
        command = f"torpor setup --loader-dir /esp --loader-args serial=0x3f8 {options}"
        planned = self.guest.run(command + " --dry-run")
        self.t.check("would: write" in planned, f"a dry run that plans nothing:\n{planned}")
        self.t.check(self.guest.run(TRACES) == self.traces, "a dry run has changed something")
        self.guest.run("torpor status", status=3)
        self.guest.run(command)
        again = self.guest.run(command)
        self.t.check("all is as it should be" in again, f"the second set-up does more:\n{again}")
        self.record = self.guest.run("cat /var/lib/torpor/setup")

    def check_status(self):
        found = self.guest.run("torpor status", status=None)
        self.t.check("a hibernation would be resumed by Torpor" in found, found)

    def choose_resume(self):
        """Nobody does."""

    def arm(self):
        """Facts for the loader; complete ones of a distribution's kernel."""
        said = self.guest.run("torpor arm -v")
        self.t.check("facts: in " in said and (", complete" in said or not self.stock), f"torpor arm:\n{said}")
        self.facts = self.guest.run("torpor facts $(sed -n 's/^facts=//p' /var/lib/torpor/setup)")
        boot_id = self.guest.run("cat /proc/sys/kernel/random/boot_id").strip()
        self.t.check(self.fact("boot_id") == f'"{boot_id.replace("-", "")}"', self.facts)
        if self.stock:
            claimed, real = int(self.fact("cr4"), 16), self.machine.register("CR4")
            self.t.check(claimed == real, f"CR4 is {real:#x}, not {claimed:#x}")

    def fact(self, name):
        return re.search(rf"^    {name}: (.*)$", self.facts, re.MULTILINE).group(1)

    def check_facts(self):
        """The image that was made after arm is of the boot that the facts are of."""
        image = swsusp_image.stream_header(self.disk)
        wanted = {"map_crc": image.e820_crc, "jump_address": image.jump_address,
                  "jump_address_phys": image.jump_address_phys}
        for name, value in wanted.items():
            self.t.check(int(self.fact(name), 16) == value, f"{name} is {value:#x}, not {self.fact(name)}")
        self.t.check(self.fact("map_known") == "2", "the memory map is not certain")
        if swsusp_image.header(self.disk).flags & swsusp_image.NOCOMPRESS:
            phys = int(self.fact("boot_id_phys"), 16)
            self.t.check(swsusp_image.memory(self.disk, phys, 16).hex() == self.fact("boot_id").strip('"'),
                         f"the image has no boot ID at {phys:#x}")
            self.t.note(f"facts: map {image.e820_crc:08x}, entry {image.jump_address:#x}, boot ID at {phys:#x}")

    def save(self, timeout_s=300):
        self.arm()
        self.job = self.guest.start("echo platform > /sys/power/disk && "
                                    "echo disk > /sys/power/state && torpor disarm")
        self.machine.wait_end(timeout_s)
        self.look()
        if self.stock:
            self.check_facts()

    def finish(self, timeout_s=300):
        super().finish(timeout_s)
        if self.stock:
            self.check_loader(re.findall(r"stock: (facts .*)", self.machine.console.text()))

    def check_loader(self, said):
        """Of facts it says only that it believes them."""
        self.t.check(said and all("believed" in s and "not believed" not in s for s in said),
                     f"the loader does not go by the facts: {said}")
        self.t.note(f"loader: {said[-1]}")

    def look(self):
        """What torpor says of the image, from outside."""
        offset = re.search(r"^offset=(\d+)", self.record, re.MULTILINE).group(1)
        path = self.disk.extract("swap" if offset == "0" else "data", self.disk.path + ".image")
        for command, wanted in (("info", "may be resumed, tried 0 times"), ("verify", ": good: |an uncompressed image has no checksum")):
            done = subprocess.run([PRODUCT["torpor"], command, "--offset", offset, path],
                                  capture_output=True, text=True, check=False)
            self.t.check(done.returncode == 0 and re.search(wanted, done.stdout),
                         f"torpor {command}:\n{done.stdout}{done.stderr}")
        self.t.note(done.stdout.strip().replace(path, "verify"))
        os.remove(path)

    def remove(self):
        self.guest.run("torpor setup --remove")
        left = self.guest.run(TRACES)
        self.t.check(left == self.traces, f"--remove leaves something:\n{self.traces}\n\n{left}")
        self.guest.run("torpor status", status=3)


def _set_up(name, door, swap, options="", tell="true", kernel=None, machine=None, **disk):
    @case(name, product=TORPOR)
    def run(t):
        if kernel:
            disk.update(t.build.stock(*kernel))
        story = SetupStory(t, door, t.disk(**disk), before=f"swapoff -a; {swap}", **(machine or {}))
        story.stock = kernel is not None
        story.set_up(options)
        story.guest.run(tell)
        story.check_status()
        story.work(128)
        story.cycle()
        story.check_status()
        story.cycle()
        story.remove()
        story.end()
        # The default choice is an ordinary boot again.
        story.machine.start()
        story.guest.wait_ready()
        t.check("booting on" not in story.machine.console.text(), "the loader is still started")


_set_up("setup-grub-partition", "seabios-grub", PARTITION, kernel=cases_stock.DEBIAN_6_1)
_set_up("setup-grub-file", "seabios-grub", FILE, tell=TELL_KERNEL, data_mib=1536, swap_mib=64)
_set_up("setup-grub-uefi", "ovmf-grub", PARTITION)
_set_up("setup-efi-entry", "ovmf-grub", PARTITION, "--efi-entry --esp /esp", kernel=cases_stock.DEBIAN_6_1,
        **cases_stock.NOCOMPRESS)
for _name, _kernel in (("6.12", cases_stock.DEBIAN_6_12), ("7.2", cases_stock.DEBIAN_7_2)):
    _newer = {"kernel": _kernel, "machine": {"cpu": cases_stock.NEWER_KERNELS_CPU}, **cases_stock.NOCOMPRESS}
    _set_up(f"setup-grub-{_name}", "seabios-grub", PARTITION, **_newer)
    _set_up(f"setup-efi-entry-{_name}", "ovmf-grub", PARTITION, "--efi-entry --esp /esp", **_newer)


MBR, OTHER_MBR = 0x5ca1ab1e, 0x0ddba115


@case("setup-mbr", product=TORPOR)
def on_mbr(t):
    """A place by sectors is bound to the disk: a disk of the same layout, with the very same image, is another one."""
    disk = t.disk(area_mib=0, mbr=MBR, linux_args="parts=esp:vda2,data:vda3,swap:vda4",
                  **t.build.stock(*cases_stock.DEBIAN_6_1))
    story = SetupStory(t, "seabios-grub", disk, before="swapoff -a; swapon /dev/vda4")
    story.stock = True
    story.set_up("")
    entry = story.guest.run("cat /esp/boot/grub/custom.cfg")
    t.check(f"disk=mbr:{MBR:08x} " in entry and "uuid=" in entry, f"the entry is not bound to the disk:\n{entry}")
    story.check_status()
    story.work(64)
    story.save()
    esp = disk.read_partition("esp", 0, disk.table["esp"].size)
    gpt.set_mbr_signature(disk.path, OTHER_MBR)
    story.machine.start()
    reason = story.machine.wait_for(NO_RESUME, 120).group(1)
    t.check(f"disk=mbr:{MBR:08x}" in reason, f"another reason: {reason}")
    t.note(f"another disk: {reason}")
    story.machine.stop()
    gpt.set_mbr_signature(disk.path, MBR)
    disk.write_partition("esp", 0, esp)
    story.resume()
    story.verify()
    story.cycle()
    story.remove()
    story.end()


@case("setup-two-swaps", product=TORPOR)
def two_swaps(t):
    """Nobody has said which: the kernel takes the first, here the smaller one. Told of the other one, it
    is not what was set up, and the next boot is an ordinary one."""
    first = "swapoff -a; mkswap /dev/vda4 && swapon /dev/vda4 && swapon /dev/vda5"
    story = SetupStory(t, "seabios-grub", t.disk(area_mib=768, swap_mib=1024), before=first)
    story.look = lambda: None  # it looks at the other one
    story.set_up("")
    t.check("device=/dev/vda4" in story.record, f"the largest is set up:\n{story.record}")
    story.check_status()
    story.work(128)
    story.cycle()
    story.guest.run("cat /sys/class/block/vda5/dev > /sys/power/resume", status=None)
    said = story.guest.run("torpor status; torpor arm", status=1)
    t.check("goes to /dev/vda5" in said and "the next boot is an ordinary one" in said, said)
    t.check("next_entry=torpor" not in story.guest.run("cat /boot/grub/grubenv"), "armed all the same")
    story.guest.run("torpor setup --loader-dir /esp --loader-args serial=0x3f8")
    story.check_status()
    story.cycle()
    story.remove()
    story.end()
