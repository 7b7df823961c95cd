# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that know whether they were resumed, and whether what was mounted has changed since."""

import functools
import re

import image
from harness import TORPOR, case
from story import AREA, Story

SUPERBLOCK_MOUNT_COUNT = 1024 + 52


def _info(story):
    return story.guest.run(f"torpor info {AREA}", timeout_s=120)


def _force(story):
    """The loader's command line for boots from now on; returns the one before."""
    before = story.disk.torpor_args()
    story.disk.set_env(torpor_args=f"{before} force=1")
    return before


@case("save-consumed", product=TORPOR)
def save_consumed(t):
    """The resumed system confirms; another resume is refused in one line that says what force=1 would
    destroy."""
    story = Story(t, "seabios-grub", t.disk())
    story.work(64)
    story.save()
    t.check(image.state(story.disk)[0] == "VALID", "no valid image after the save")
    story.resume()
    info = _info(story)
    t.check("CONSUMED" in info, f"torpor info says nothing of CONSUMED:\n{info}")
    t.check(re.search(r"file system /data \(ext4, vda3, writable\): compared", info),
            f"torpor info does not list /data:\n{info}")
    story.verify()
    story.guest.run("workload stop")
    story.guest.poweroff()
    t.check([h.state for h in image.headers(story.disk)] == ["CONSUMED"] * 2, "not in both copies")
    reason = story.refused()
    t.check("resumed before; force=1" in reason, f"refused: {reason}")
    said = story.machine.console.text()
    t.check("would destroy what was written since the save to /data (ext4, vda3)" in said,
            "the loader does not say what force=1 would destroy")
    t.check(image.state(story.disk)[0] == "CONSUMED", "the refusal changed the image")


MAKE = {"ext4": ("mke2fs", "-q", "-F", "-t", "ext4"), "xfs": ("mkfs.xfs", "-q"),
        "btrfs": ("mkfs.btrfs", "-q"), "vfat": ("mkfs.vfat", "-F", "32")}
OTHER_MIB = 320  # the least that mkfs.xfs takes is 300


def _filesystem_changed(t, kind):
    """A file system on another disk and controller is mounted and written to by another system between
    save and resume; then that disk is missing; then it is as it was."""
    first, second = t.disk(kind="nvme"), t.bare_disk("second", [("data", OTHER_MIB)])
    second.make("data", *MAKE[kind])
    mount = f"mkdir -p /other && mount -t {kind} /dev/vda1 /other"
    story = Story(t, "seabios-grub", first, more_disks=[second])
    story.guest.run(f"{mount} && touch /other/mine")
    story.work(64)
    story.save_command = lambda then: f"torpor save -v --then {then} --to {AREA}"
    story.save()
    untouched = t.copy(second, "untouched")

    # Another system.
    machine, guest = t.machine(t.disk("stranger", kind="nvme"), second, name="stranger")
    machine.start()
    guest.wait_ready()
    guest.run(f"{mount} && echo hello > /other/theirs && umount /other")
    guest.poweroff()

    reason = story.refused()
    t.check(f"file system /other ({kind}, vda1) has changed since the save" in reason,
            f"refused: {reason}")
    t.check(image.state(first) == ("VALID", 0), "the refusal changed the image")

    # Another disk in its place; then one as it was.
    drives = story.machine.drives
    story.machine.drives = [drives[0], t.disk("third").drive()]
    t.check(f"/other ({kind}, vda1) is missing" in story.refused(), "a disk is missing")
    t.check(image.state(first) == ("VALID", 0), "the refusal changed the image")
    story.machine.drives = [drives[0], untouched.drive()]
    story.machine.on_reset = "stop"
    story.resume()
    story.guest.run("[ -e /other/mine ] && [ ! -e /other/theirs ] && touch /other/again")
    story.verify()


for fs in MAKE:
    case(f"refuse-changed-{fs}", product=TORPOR)(functools.partial(_filesystem_changed, kind=fs))


@case("refuse-missing-disk-efi-entry", product=TORPOR)
def missing_disk_efi_entry(t):
    """What only the loader core can refuse ends in a reset, and the boot entry comes first: it is started
    twice, no more; and once again when the disk is back."""
    first, second = t.disk(kind="nvme"), t.bare_disk("second", [("data", OTHER_MIB)])
    second.make("data", *MAKE["ext4"])
    story = Story(t, "ovmf-entry", first, more_disks=[second], esp_disk="/dev/nvme0n1")
    story.guest.run("mkdir -p /other && mount -t ext4 /dev/vda1 /other")
    story.work(64)
    story.save()
    drives = story.machine.drives
    story.machine.drives = [drives[0], t.bare_disk("third", [("data", OTHER_MIB)]).drive()]
    reason = story.refused(times=3)
    t.check("/other (ext4, vda1) is missing" in reason, f"refused: {reason}")
    said = story.machine.console.text()
    t.check("started 2 times for this image" in said and "too many failed attempts" in said,
            "the third start does not say why it goes on")
    t.check(image.state(first) == ("VALID", 0), "the refusal changed the image")
    story.machine.drives = drives
    story.machine.on_reset = "stop"
    story.resume()
    story.verify()


@case("refuse-filesystem-changed-forced", product=TORPOR)
def filesystem_changed_forced(t):
    """The host changes the superblock; force=1 names it and resumes."""
    for door in ("seabios-grub", "ovmf-entry"):
        story = Story(t, door, t.disk())
        story.work(64, directory="/run")
        story.guest.run("umount /data && mount -o ro -t ext4 /dev/disk/data /data")
        story.save()
        image.flip(story.disk, SUPERBLOCK_MOUNT_COUNT, "data")
        reason = story.refused()
        t.check("file system /data (ext4, vda3) has changed since the save" in reason,
                f"refused: {reason}")
        image.flip(story.disk, SUPERBLOCK_MOUNT_COUNT, "data")
        if door == "ovmf-entry":
            story.machine.on_reset = "stop"
            story.resume()  # as it was: nothing to force
            continue
        image.flip(story.disk, SUPERBLOCK_MOUNT_COUNT, "data")
        story.machine.on_reset = "stop"
        _force(story)
        story.resume()
        said = story.machine.console.text()
        t.check("force=1 destroys what was written since the save to /data (ext4, vda3), which has "
                "changed" in said, "the loader does not say what it destroys")
        t.check("CONSUMED" in _info(story), "not confirmed")


@case("save-reusable", product=TORPOR)
def save_reusable(t):
    """A golden snapshot: refused while something may be written to, then resumed three times."""
    story = Story(t, "seabios-grub", t.disk())
    story.work(64, directory="/run")
    command = story.save_command
    story.save_command = lambda then: f"{command(then)} --reusable"
    said = story.guest.run(f"{story.save_command('poweroff')}; [ $? != 0 ]")
    t.check("/data (ext4, vda3) is mounted for writing" in said, f"it says: {said}")
    story.guest.run("mount -o remount,ro /data && swapon /dev/disk/swap")
    said = story.guest.run(f"{story.save_command('poweroff')}; [ $? != 0 ]")
    t.check("vda5 is in use as swap" in said, f"it says: {said}")
    story.guest.run("swapoff /dev/disk/swap")
    story.save()
    beats = story.beats
    for _ in range(3):
        story.resume()
        info = _info(story)
        t.check("VALID: may be resumed, any number of times" in info, f"torpor info:\n{info}")
        story.beats = beats
        t.check(not story.guest.run("workload check 240", timeout_s=300), "workload")
        story.machine.stop()
        t.check(image.state(story.disk) == ("VALID", 0), "the image is not as before")
    image.flip(story.disk, SUPERBLOCK_MOUNT_COUNT, "data")
    t.check("has changed since the save" in story.refused(), "a changed disk was accepted")
