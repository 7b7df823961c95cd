# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on the test machines, without Torpor: is the bed itself sound?"""

import checks
from harness import case

STUB_ARGS = r"initrd=\initrd console=ttyS0 no_console_suspend panic=-1 agent=ttyS1 entry=stub"


def boots_and_works(t, disk, efi=False, **options):
    machine, guest = t.boot(disk, **options)
    beats = checks.start_workload(guest)
    checks.verify(guest, beats, efi=efi)
    return machine, guest


@case("boot-seabios-grub")
def boot_seabios_grub(t):
    disk = t.disk()
    _, guest = boots_and_works(t, disk)
    t.check(guest.run("jump-probe") == "kexec jump: yes", "the test kernel cannot kexec jump")
    guest.run("workload stop")
    guest.poweroff()
    disk.fsck()


@case("boot-ovmf-grub")
def boot_ovmf_grub(t):
    _, guest = boots_and_works(t, t.disk(), firmware="ovmf", efi=True)
    t.check("EFI" in guest.run("dmesg | grep -m1 'EFI v'"), "not booted by EFI")


@case("boot-ovmf-entry")
def boot_ovmf_entry(t):
    """A boot entry of the firmware straight to a program with arguments: here the kernel's stub."""
    machine, guest = t.boot(t.disk(), firmware="ovmf")
    guest.run(f"efibootmgr -q -c -d /dev/vda -p 2 -L stub -l '\\vmlinuz' -u '{STUB_ARGS}'")
    guest.poweroff()
    machine.start()
    guest.wait_ready()
    t.check("entry=stub" in guest.run("cat /proc/cmdline"), "not booted by the new entry")
    checks.verify(guest, checks.start_workload(guest), efi=True)


@case("boot-one-shot-entry")
def boot_one_shot_entry(t):
    """next_entry in grubenv is spent by one boot, even when that entry fails: GRUB falls back."""
    disk = t.disk(torpor_args="serial=0x3f8")
    disk.set_env(next_entry="resume-nothing")
    machine, guest = t.boot(disk)
    guest.run("mount /dev/disk/esp /esp && grep -q ^next_entry=. /esp/boot/grub/grubenv", status=1)
    guest.run("grub-editenv /esp/boot/grub/grubenv set next_entry=linux && umount /esp")
    guest.poweroff()
    machine.start()
    guest.wait_ready()
    guest.run("mount /dev/disk/esp /esp && grep -q ^next_entry=. /esp/boot/grub/grubenv", status=1)


def _other_disk(name, kind, sector_bytes=512, firmware="seabios", **options):
    @case(name)
    def run(t):
        disk = t.disk(kind=kind, sector_bytes=sector_bytes)
        boots_and_works(t, disk, firmware=firmware, **options)


_other_disk("boot-virtio-legacy", "virtio-legacy")
_other_disk("boot-nvme", "nvme")
_other_disk("boot-ahci", "ahci")
_other_disk("boot-ovmf-nvme-4096", "nvme", 4096, "ovmf", efi=True)
_other_disk("boot-i440fx-ahci", "ahci", machine="pc")
_other_disk("boot-la57", "virtio", cpu="max,la57=on")
_other_disk("boot-ovmf-5g", "virtio", firmware="ovmf", ram_mib=5120, efi=True)


@case("boot-stock-ovmf")
def boot_stock_ovmf(t):
    disk = t.disk(**t.build.stock())
    _, guest = boots_and_works(t, disk, firmware="ovmf", efi=True)
    t.check("CONFIG_KEXEC_JUMP is off" in guest.run("jump-probe", status=1), "it can jump")
