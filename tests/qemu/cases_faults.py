# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that fail under a save or a resume, that are not what the image says, or that are many.
What was running goes on with its data, or one line says why not; an image that is good stays so."""

import json
import os
import re

import cases_stock
import image
import swsusp_image
from gpt import MIB
from harness import LOADERS, TORPOR, case
from story import NO_RESUME, Story

DEVICES = {"virtio": "virtio-blk-pci,disable-legacy=on,disable-modern=off", "nvme": "nvme",
           "ahci": "ide-hd,bus=ide.0"}
# Linux's name of the first partition of such a disk beside one on virtio.
NAMES = {"virtio": "/dev/vdb1", "nvme": "/dev/nvme0n1p1", "ahci": "/dev/sda1"}
MEMORY_MIB = 256
SECTOR = 512


def _device(kind):
    return ["-device", f"{DEVICES[kind]},drive=faulty,serial=faulty"]


# ---- under a save ----

def _faulty_save(t, kind, drive, at_work):
    """A second disk of this kind, by these options of QEMU, holds the area. at_work: called when
    the writer has written some of the image. The old system must come back and say why; afterwards
    the area has no image."""
    first, second = t.disk(area_mib=0), t.bare_disk("second", [("torpor", 1024)], kind)
    story = Story(t, "seabios-grub", first, extra=[*drive(second), *_device(kind)])
    story.work(MEMORY_MIB)
    job = story.guest.start(f"torpor save --serial 0x3f8 --to {NAMES[kind]}")
    story.machine.wait_for(r"^writer: [1-5]0 %", 120)
    at_work(story.machine)
    result = story.guest.finish(job, 300)
    t.check(result.status != 0, f"torpor save: exit status 0\n{result.output}")
    said = re.search(r"not saved: .* could not be (written|begun|committed).*", result.output)
    t.check(said, f"torpor save does not say what could not be written:\n{result.output}")
    t.note(said.group())
    story.verify()
    story.guest.run("workload stop")
    story.guest.poweroff()
    first.fsck()
    story.machine.extra = [*_plain(second), *_device(kind)]
    reason = story.refused()
    t.check(re.fullmatch(r"image on .* sector \d+: the image area is empty", reason), f"another reason was given: {reason}")
    t.check(image.state(second)[0] == "EMPTY", "the area is not empty")


def _plain(disk):
    return ["-drive", f"if=none,id=faulty,format=raw,file={disk.path}"]


def _errors(disk, rules):
    node = {"driver": "raw", "node-name": "faulty", "file": {
        "driver": "blkdebug", "inject-error": [{"event": "none", **rule} for rule in rules],
        "image": {"driver": "file", "filename": disk.path}}}
    return ["-blockdev", json.dumps(node)]


def _write_errors(disk):
    """For ever, in the second half of what the save writes, and not where the header is."""
    area = disk.table["torpor"]
    sectors = range((area.start + (64 << 20)) // SECTOR, (area.start + (256 << 20)) // SECTOR, 2048)
    return _errors(disk, [{"iotype": "write", "sector": s, "once": False} for s in sectors])


def _save_case(kind):
    @case(f"fault-save-disk-vanishes-{kind}", product=TORPOR)
    def vanishes(t):
        _faulty_save(t, kind, _plain, lambda machine: machine.qmp.command(
            "human-monitor-command", **{"command-line": "drive_del faulty"}))

    @case(f"fault-save-write-errors-{kind}", product=TORPOR)
    def write_errors(t):
        _faulty_save(t, kind, _write_errors, lambda machine: None)


for kind_name in DEVICES:
    _save_case(kind_name)


# ---- under a resume ----

def _attempt(t, story, name, rules, expect):
    """One start of the loader on a copy of the disk, with errors. expect: a pattern of the reason
    why there is no resume; None: the old system goes on."""
    disk = t.copy(story.disk, name)
    disk.set_env(next_entry=story.door.entry)
    machine, guest = t.machine(name=name, extra=[
        *_errors(disk, rules), "-device",
        f"{DEVICES[disk.kind]},drive=faulty,serial=torpor0,bootindex=1"])
    machine.start()
    if expect is None:
        result = guest.finish(story.job, 300)
        t.check(result.status == 0, f"{name}: exit status {result.status}\n{result.output}")
        t.check(not guest.run("workload check 240", timeout_s=300), f"{name}: the workload")
        t.check("done again" in machine.console.text(), f"{name}: no error was met")
        t.note(f"{name}: resumed")
    else:
        reason = machine.wait_for(NO_RESUME, 120).group(1)
        machine.wait_end(60, "reset")
        t.check(re.search(expect, reason), f"{name}: another reason was given: {reason}")
        t.note(f"{name}: {reason}")
    t.check("Linux version" not in machine.console.text(), f"{name}: a Linux was booted")
    machine.stop()


def _rules(disk, partition, offset, once):
    sector = (disk.table[partition].start + offset) // SECTOR
    return [{"iotype": "read", "sector": sector, "once": once}]


FAILED = "the device reports that the request failed"


def _read_errors(kind):
    @case(f"fault-read-errors-{kind}", product=TORPOR)
    def read_errors(t):
        """An error that does not come back costs nothing, wherever it is; one that stays is named,
        and the image is as good as before."""
        story = Story(t, "seabios-grub", t.disk(kind=kind))
        story.work(64)
        story.save()
        places = {"header": image.headers(story.disk)[-1].offset,
                  "index": image.index_offset(story.disk),
                  "data": image.stored_chunk(story.disk).offset}
        for place, offset in places.items():
            for once in (True, False):
                name = f"{place}-{'once' if once else 'always'}"
                _attempt(t, story, name, _rules(story.disk, "torpor", offset, once),
                         None if once else FAILED)
        t.check(image.state(story.disk) == ("VALID", 0), "the image has changed")
        story.resume()
        story.verify()
        story.end()


for kind_name in DEVICES:
    _read_errors(kind_name)


@case("fault-stock-read-errors", product=LOADERS)
def stock_read_errors(t):
    """The same in the data of a stock kernel's image."""
    story = cases_stock.StockStory(t, "seabios-grub", t.disk(swap_mib=1024))
    story.work(64)
    story.save()
    slots = swsusp_image.slots(story.disk)
    for once in (True, False):
        name = f"data-{'once' if once else 'always'}"
        rules = _rules(story.disk, "swap", slots[len(slots) // 2] * swsusp_image.PAGE, once)
        _attempt(t, story, name, rules, None if once else FAILED)
    story.resume()
    story.verify()
    story.end()


# ---- disks that are not what is said ----

@case("fault-area-beyond-the-disk", product=TORPOR)
def beyond_the_disk(t):
    """An area by sector numbers that ends behind the disk's last sector, or begins there; then with
    the right ones."""
    story = Story(t, "seabios-grub", t.disk())
    story.work(64)
    story.save()
    area = story.disk.table["torpor"]
    start, count = area.start // SECTOR, area.size // SECTOR
    end = os.path.getsize(story.disk.path) // SECTOR
    for place in (f"{start}+{end - start + 1}", f"{end}+{count}", f"{start}+{(1 << 63) - 1}"):
        story.disk.set_env(torpor_args=f"serial=0x3f8 area=lba:{place}")
        reason = story.refused()
        t.check("outside the device" in reason, f"another reason was given: {reason}")
        t.check(image.state(story.disk) == ("VALID", 0), "the refusal changed the image")
    story.disk.set_env(torpor_args=f"serial=0x3f8 area=lba:{start}+{count}")
    story.machine.on_reset = "stop"
    story.resume()
    story.verify()
    story.end()


def _unaligned(t, kind, label, word):
    """The image's partition is on a second disk, not at a multiple of 4096 bytes."""
    first = t.disk(area_mib=0, swap_mib=0)
    second = t.bare_disk("second", [(label, 1024)], first=MIB + SECTOR)
    first.set_env(torpor_args=f"serial=0x3f8 {word}=partuuid:{second.table[label].guid}")
    story = kind(t, "seabios-grub", first, more_disks=[second])
    story.work(64)
    story.cycle()
    story.end()


@case("fault-unaligned-area", product=TORPOR)
def unaligned_area(t):
    _unaligned(t, Story, "torpor", "area")


@case("fault-unaligned-swap", product=LOADERS)
def unaligned_swap(t):
    _unaligned(t, _OwnSwap, "swap", "swap")


@case("fault-same-guid-twice", product=TORPOR)
def same_guid_twice(t):
    """A disk and a copy of it, as dd makes one: which of them is meant is not guessed, whatever names
    the area. With the copy away all is as before."""
    story = Story(t, "seabios-grub", t.disk())
    story.work(64)
    story.save()
    guid = story.disk.table["torpor"].guid
    for words in ("", f" area=partuuid:{guid}"):
        twin = t.copy(story.disk, "twin")
        story.disk.set_env(torpor_args=f"serial=0x3f8{words}")
        machine, _ = t.machine(story.disk, twin, name="twins")
        reason = story.refused(machine)
        t.check("found more than once" in reason, f"another reason was given: {reason}")
        both = re.search(r"^find: .* (?:on|and) virtio-blk 00:02.0.*virtio-blk 00:03.0",
                         machine.console.text(), re.MULTILINE)
        t.check(both or not words, "the disks are not named")
        t.check(image.state(story.disk) == ("VALID", 0), "the refusal changed the image")
    story.resume()
    story.verify()
    story.end()


# ---- many disks ----

class _OwnSwap(cases_stock.StockStory):
    """The swap area is made in the guest, in the partition with that label."""

    def __init__(self, t, door, disk, **options):
        Story.__init__(self, t, door, disk, **options)
        self.mode = "platform"
        self.guest.run("mkswap /dev/disk/swap && swapon $(readlink -f /dev/disk/swap)")


def _all_controllers(t, kind, label, word):
    """virtio, NVMe and two SATA disks; the image on the last one."""
    boot = t.disk(area_mib=0, swap_mib=0)
    nvme = t.bare_disk("nvme", [("bios", 64)], "nvme")
    sata = t.bare_disk("sata", [("bios", 64)], "ahci")
    last = t.bare_disk("last", [(label, 1024)], "ahci")
    boot.set_env(torpor_args=f"serial=0x3f8 {word}=partuuid:{last.table[label].guid}")
    story = kind(t, "seabios-grub", boot, more_disks=[nvme, sata, last])
    story.work(64)
    story.cycle()
    console = story.machine.console.text()
    seen = re.findall(r"^disk (virtio-blk|nvme|ahci) ", console, re.MULTILINE)
    t.check(sorted(set(seen)) == ["ahci", "nvme", "virtio-blk"] and seen.count("ahci") >= 2,
            f"the loader has seen {seen}")
    story.end()


@case("save-all-controllers", product=TORPOR)
def save_all_controllers(t):
    _all_controllers(t, Story, "torpor", "area")


@case("stock-all-controllers", product=LOADERS)
def stock_all_controllers(t):
    _all_controllers(t, _OwnSwap, "swap", "swap")
