# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix: every firmware door, disk, kind of image and size of memory that goes together; one
short save and resume with verified data in each cell. A table of them is made at the end."""

import os

import cases_stock
from harness import LOADERS, OUT, TORPOR, case
from story import Story

DOORS = {"seabios": "seabios-grub", "efientry": "ovmf-entry", "ovmfgrub": "ovmf-grub"}
ROWS = {"seabios": "SeaBIOS+GRUB", "efientry": "OVMF+EFI entry", "ovmfgrub": "OVMF+GRUB"}
# Options of a test disk, and its name in Linux.
DISKS = {
    "virtio": ({"kind": "virtio"}, "/dev/vda"),
    "virtiolegacy": ({"kind": "virtio-legacy"}, "/dev/vda"),
    "nvme512": ({"kind": "nvme"}, "/dev/nvme0n1"),
    "nvme4096": ({"kind": "nvme", "sector_bytes": 4096}, "/dev/nvme0n1"),
    "ahci": ({"kind": "ahci"}, "/dev/sda"),
}
IMAGES = ("kexec", "stock")
RAM_MIB = {"1g": 1024, "5g": 5120}
MACHINES = {"": "q35", "i440fx-": "pc"}
MEMORY_MIB = 64  # of the workload
AREA_MIB = {"1g": 1024, "5g": 2048}
PREFIX = "matrix-"

_cells = {}  # case name: (row, column)
_seconds = {}  # case name: from power on to the process running again


def _disks(t, door, disk, image, ram):
    """The disk to boot from, and the one with the image: SeaBIOS boots no sectors of 4096 bytes."""
    kernel = t.build.stock(*cases_stock.DEBIAN_6_1) if image == "stock" else {}
    settings = {"area_mib": AREA_MIB[ram], "swap_mib": 1024, **DISKS[disk][0], **kernel}
    first = t.disk("disk", **settings)
    if door != "seabios" or disk != "nvme4096":
        return first, first
    return t.disk("boot", area_mib=0, swap_mib=0, data_mib=16, **kernel), first


def _cell(prefix, door, disk, image, ram):
    name = f"{PREFIX}{prefix}{door}-{disk}-{image}-{ram}"
    _cells[name] = (f"{prefix.strip('-')} {ROWS[door]}, {image} image, {ram[0]} GiB".strip(), disk)

    @case(name, product=TORPOR if image == "kexec" else LOADERS)
    def run(t):
        boot, target = _disks(t, door, disk, image, ram)
        kind = Story if image == "kexec" else cases_stock.StockStory
        story = kind(t, DOORS[door], boot, esp_disk=DISKS[disk][1], ram_mib=RAM_MIB[ram],
                     machine=MACHINES[prefix], more_disks=[target] if target is not boot else [])
        story.work(MEMORY_MIB)
        story.cycle()
        story.end()
        target.fsck()
        _seconds[name] = t.power_on_s
        t.notes.clear()  # the cell is one line


for door_name in DOORS:
    for disk_name in DISKS:
        for image_name in IMAGES:
            for ram_name in RAM_MIB:
                _cell("", door_name, disk_name, image_name, ram_name)
for disk_name in ("virtio", "ahci"):
    for image_name in IMAGES:
        _cell("i440fx-", "seabios", disk_name, image_name, "1g")


def table(results):
    """Markdown of the cells among the results ({case name: passed}), or "". Rows are cells without
    their disk, columns are disks."""
    cells = {_cells[name]: name for name in results if name in _cells}
    if not cells:
        return ""
    lines = ["| seconds from power on | " + " | ".join(DISKS) + " |",
             "|---" * (len(DISKS) + 1) + "|"]
    for row in dict.fromkeys(row for row, _ in cells):
        names = [cells.get((row, disk)) for disk in DISKS]
        lines.append(f"| {row} | " + " | ".join(_text(name, results) for name in names) + " |")
    return "\n".join(lines) + "\n"


def _text(name, results):
    if name is None:
        return ""
    return f"{_seconds[name]:.1f}" if results[name] else "FAIL"


def report(results):
    """Prints the table and writes it to out/qemu/matrix.md."""
    text = table(results)
    if text:
        print("\n" + text)
        with open(os.path.join(OUT, "matrix.md"), "w", encoding="utf-8") as f:
            f.write(text)
