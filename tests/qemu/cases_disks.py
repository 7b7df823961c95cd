# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks behind other controllers than virtio, and several of them."""

import json
import os
import re

import cases_save
import cases_stock
import cases_toy
import image
from harness import TORPOR, case
from story import on_second_disk

# ---- NVMe ----

NVME, NVME_4096 = {"kind": "nvme"}, {"kind": "nvme", "sector_bytes": 4096}
NVME_ESP = "/dev/nvme0n1"

cases_save.twice("save-nvme", "seabios-grub", NVME)
cases_save.twice("save-nvme-ovmf-entry", "ovmf-entry", NVME, esp_disk=NVME_ESP)
cases_save.twice("save-nvme-4096", "ovmf-entry", NVME_4096, esp_disk=NVME_ESP)
cases_save.twice("save-nvme-4096-ovmf-grub", "ovmf-grub", NVME_4096)
cases_stock.twice("stock-nvme", "seabios-grub", NVME, kernel=cases_stock.DEBIAN_6_1)
cases_stock.twice("stock-nvme-4096", "ovmf-entry", NVME_4096, kernel=cases_stock.DEBIAN_6_1,
                   esp_disk=NVME_ESP)


# What QEMU traces of a controller, as one letter each.
NVME_EVENTS = {"pci_nvme_mmio_start_success": "S", "pci_nvme_mmio_shutdown_set": "D",
               "pci_nvme_mmio_stopped": "X", "pci_nvme_enqueue_req_completion": "c",
               "pci_nvme_err_*": "E", "pci_nvme_ub_*": "E"}


def nvme_events(path):
    """The life of a controller as a word; "pci_nvme_..." lines are in QEMU's log of a boot."""
    with open(path, encoding="utf-8", errors="replace") as f:
        names = re.findall(r"^(?:\S+ )?(pci_nvme_\w+) ", f.read(), re.MULTILINE)
    return "".join(NVME_EVENTS.get(name, "E") for name in names)


@case("toy-nvme", product=cases_toy.NEEDS)
def toy_nvme(t):
    """Whoever started the controller stops it, with a shutdown, and nothing is answered after."""
    disk = cases_toy.toy_disk(t, "poweroff", **NVME)
    trace = [word for event in NVME_EVENTS for word in ("-trace", event)]
    for entry, pattern in (("toy", "writer: power off"), ("resume", cases_toy.CHECKED)):
        machine = cases_toy.run(t, disk, entry, pattern, extra=trace)
        life = nvme_events(os.path.join(machine.dir, "boot1-qemu.log"))
        t.check(re.fullmatch("Sc*X(Sc+DX)+", life), f"{entry}: {re.sub('c+', 'c', life)}")
        t.note(f"{entry}: {re.sub('c+', 'c', life)}, {life.count('c')} commands")


@case("toy-nvme-4096", product=cases_toy.NEEDS)
def toy_nvme_4096(t):
    """Beside it a controller with small commands, one namespace with metadata, and a good one."""
    disk = cases_toy.toy_disk(t, "poweroff", **NVME_4096)
    large = "logical_block_size=4096,physical_block_size=4096"
    other = ["-device", "nvme,id=other,serial=other,mdts=1"]
    for nsid, form in ((1, "ms=8"), (2, large)):
        other += ["-blockdev", f"driver=null-co,read-zeroes=on,size={64 << 20},node-name=n{nsid}",
                  "-device", f"nvme-ns,bus=other,drive=n{nsid},nsid={nsid},{form}"]
    options = {"firmware": "ovmf", "extra": other}
    cases_toy.run(t, disk, "toy", "writer: power off", **options)
    machine = cases_toy.run(t, disk, "resume-efi", cases_toy.CHECKED, **options)
    console = machine.console.text()
    t.check("namespace 1 passed over: its format has metadata" in console, "metadata was accepted")
    t.check(re.search(r'ns 2: 16384 sectors of 4096 bytes, serial "other".* of 2 sectors', console),
            "the good namespace is not there")


@case("save-nvme-second-namespace", product=TORPOR)
def save_second_namespace(t):
    """One controller, two namespaces; booted from the first, the image on the second."""
    first, second = t.disk(kind="nvme-ns"), t.disk("second", kind="nvme-ns")
    story = on_second_disk(t, first, second, "/dev/nvme0n2p4")
    story.cycle()
    t.check(image.state(first)[0] == "none", "the first namespace has an image")
    story.end()


# ---- what QEMU traces of the others ----

# Events, and the letter for those that match: S started (with DRIVER_OK, or ST), X stopped, c a
# command's data.
VIRTIO_LIFE = {"virtio_set_status": r"val (?:[4-7]|1[2-5]|(\d+))$", "virtio_blk_handle_read": "",
               "virtio_blk_handle_write": ""}
AHCI_LIFE = {"ahci_port_write": r"\[0\]: port write \[reg:PxCMD\] .*: 0x[0-9a-f]{7}([02468ace])?",
             "ahci_populate_sglist": r"\[0\]"}


def life(path, events):
    """A device's life as a word: what it was told, and the data it moved, in order. The group of an
    event's pattern is there when the event stops the device."""
    word = ""
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            name = re.match(rf"(?:\S+ )?({'|'.join(events)}) ", line)
            match = re.search(events[name.group(1)], line.rstrip()) if name else None
            if match:
                word += "c" if match.re.groups == 0 else "X" if match.group(1) else "S"
    return word


def _quiet(name, kind, events):
    """Data moves only between a start and a stop, also while the toy that was resumed checks its
    memory; the last that a device hears is a stop."""
    @case(name, product=cases_toy.NEEDS)
    def run(t):
        disk = cases_toy.toy_disk(t, "poweroff", kind=kind)
        trace = [word for event in events for word in ("-trace", event)]
        for entry, pattern in (("toy", "writer: power off"), ("resume", cases_toy.CHECKED)):
            machine = cases_toy.run(t, disk, entry, pattern, extra=trace)
            word = life(os.path.join(machine.dir, "boot1-qemu.log"), events)
            short = re.sub("S+", "S", re.sub("X+", "X", re.sub("c+", "c", word)))
            t.check(re.fullmatch("X?(Sc?X)+", short) and "c" in short, f"{entry}: {short}")
            t.note(f"{entry}: {short}, {word.count('c')} commands")


_quiet("toy-virtio-quiet", "virtio", VIRTIO_LIFE)
_quiet("toy-virtio-legacy-quiet", "virtio-legacy", VIRTIO_LIFE)
_quiet("toy-ahci", "ahci", AHCI_LIFE)


# ---- AHCI ----

# QEMU's SATA disks have sectors of 512 bytes only.
AHCI = {"kind": "ahci"}
AHCI_ESP = "/dev/sda"

cases_save.twice("save-ahci", "seabios-grub", AHCI)
cases_save.twice("save-ahci-ovmf-entry", "ovmf-entry", AHCI, esp_disk=AHCI_ESP)
cases_save.twice("save-ahci-i440fx", "seabios-grub", AHCI, machine="pc")
cases_stock.twice("stock-ahci", "seabios-grub", AHCI, kernel=cases_stock.DEBIAN_6_1)
cases_stock.twice("stock-ahci-ovmf-entry", "ovmf-entry", AHCI, kernel=cases_stock.DEBIAN_6_1,
                   esp_disk=AHCI_ESP)


@case("toy-ahci-i440fx", product=cases_toy.NEEDS)
def toy_ahci_i440fx(t):
    disk = cases_toy.toy_disk(t, "poweroff", **AHCI)
    cases_toy.run(t, disk, "toy", "writer: power off", machine="pc")
    cases_toy.run(t, disk, "resume", cases_toy.CHECKED, machine="pc")


def _flaky(disk, kind, once):
    """QEMU options: the disk on the first SATA port, with errors of this kind ("read" or "write")
    all over the image area, each once or for ever."""
    area = disk.table["torpor"]
    sectors = range(area.start // 512 + 20000, (area.start + area.size) // 512, 70001)
    rules = [{"event": "none", "iotype": kind, "sector": s, "once": once} for s in sectors]
    node = {"driver": "raw", "node-name": "disk0", "file": {
        "driver": "blkdebug", "inject-error": rules,
        "image": {"driver": "file", "filename": disk.path}}}
    return ["-blockdev", json.dumps(node),
            "-device", "ide-hd,bus=ide.0,drive=disk0,serial=torpor0,bootindex=1"]


@case("toy-ahci-errors", product=cases_toy.NEEDS)
def toy_ahci_errors(t):
    """Errors in the middle of a full queue: those that do not come back do no harm, the others end
    the resume, and not the image."""
    def run(entry, pattern, expect, kind, once):
        disk.set_env(next_entry=entry)
        machine, _ = t.machine(name=f"{entry}-{kind}", extra=_flaky(disk, kind, once))
        machine.start()
        said = machine.wait_for(pattern, 180).group(0)
        machine.wait_end(60, expect)
        n = machine.console.text().count("port 0: error: PxIS")
        t.note(f"{entry}: {n} errors; {said} ({machine.seconds_on():.0f} s)")
        t.check(n >= (3 if once else 1), f"{n} errors of the disk")

    disk = cases_toy.toy_disk(t, "poweroff", **AHCI)
    run("toy", "writer: power off", "poweroff", "write", True)
    run("resume", "loader: no resume: ", "reset", "read", False)
    run("resume", cases_toy.CHECKED, "poweroff", "read", True)


@case("save-ahci-second-port", product=TORPOR)
def save_second_port(t):
    """One controller, two disks and a CD drive; booted from the first, the image on the second."""
    first, second = t.disk(kind="ahci"), t.disk("second", kind="ahci")
    story = on_second_disk(t, first, second, "/dev/sdb4", extra=["-device", "ide-cd,bus=ide.4"])
    story.cycle()
    t.check("port 4: an ATAPI drive" in story.machine.console.text(), "the CD drive was not seen")
    t.check(image.state(first)[0] == "none", "the first disk has an image")
    story.end()
