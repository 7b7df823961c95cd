"""Disks behind other controllers than virtio, and several of them."""

import os
import re

import cases_save
import cases_stock
import cases_toy
import image
from harness import TORPOR, case
from story import Story

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
    disk = cases_toy.toy_disk(t, "poweroff", **NVME_4096)
    cases_toy.run(t, disk, "toy", "writer: power off", firmware="ovmf")
    cases_toy.run(t, disk, "resume-efi", cases_toy.CHECKED, firmware="ovmf")


@case("save-nvme-second-namespace", product=TORPOR)
def save_second_namespace(t):
    """One controller, two namespaces; booted from the first, the image on the second."""
    first, second = t.disk(kind="nvme-ns"), t.disk("second", kind="nvme-ns")
    first.set_env(torpor_args=f"serial=0x3f8 area=partuuid:{second.table['torpor'].guid}")
    story = Story(t, "seabios-grub", first, more_disks=[second])
    story.work(64)
    story.save_command = lambda then: f"torpor save --then {then} --to /dev/nvme0n2p4"
    story.cycle()
    t.check(image.state(first)[0] == "none", "the first namespace has an image")
    story.end()


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


@case("toy-ahci", product=cases_toy.NEEDS)
def toy_ahci(t):
    disk = cases_toy.toy_disk(t, "poweroff", **AHCI)
    cases_toy.run(t, disk, "toy", "writer: power off")
    cases_toy.run(t, disk, "resume", cases_toy.CHECKED)


@case("toy-ahci-i440fx", product=cases_toy.NEEDS)
def toy_ahci_i440fx(t):
    disk = cases_toy.toy_disk(t, "poweroff", **AHCI)
    cases_toy.run(t, disk, "toy", "writer: power off", machine="pc")
    cases_toy.run(t, disk, "resume", cases_toy.CHECKED, machine="pc")
