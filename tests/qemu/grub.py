# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB images, made and installed without root and without loop devices."""

import struct
import subprocess

MODULES = ("part_gpt part_msdos fat normal configfile linux multiboot2 loadenv test echo serial terminal "
           "reboot halt sleep search ls memrw iorw").split()
EFI_MODULES = ["chain", "efi_gop"]
BIOS_MODULES = ["biosdisk"]

CONFIG = """\
serial --unit=0 --speed=115200
terminal_output serial console
load_env
set default=linux
set fallback=0
set timeout=0
if [ -n "$next_entry" ]; then
	set default="$next_entry"
	set next_entry=
	save_env next_entry
fi
# DMA remapping as firmware may leave it on (QEMU's intel-iommu): no device reaches memory, or the SATA
# controller passes through. Nothing reads a disk between this and the start.
function leave_remapping_on {
	if [ "$remapping" = blocked -o "$remapping" = passed ]; then
		echo "grub: remapping $remapping"
		write_dword 0x20000000 0
		if [ "$remapping" = passed ]; then
			write_dword 0x20000000 0x20001001
		fi
		write_dword 0x20000004 0
		write_dword 0x20000008 0
		write_dword 0x2000000c 0
		write_dword 0x20001fa0 0x9
		write_dword 0x20001fa4 0
		write_dword 0x20001fa8 0x101
		write_dword 0x20001fac 0
		write_dword 0xfed90020 0x20000000
		write_dword 0xfed90024 0
		write_dword 0xfed90018 0x40000000
		write_dword 0xfed90018 0x80000000
	fi
}
# A watchdog as firmware may leave it armed (QEMU's TCO timer): 2 x 3 s.
function leave_watchdog_armed {
	if [ "$watchdog" = armed ]; then
		echo "grub: watchdog $watchdog"
		outw 0x672 5
		outw 0x660 1
		outw 0x668 0
	fi
}
menuentry "Linux" --id linux {
	echo "grub: linux $linux_args"
	linux /vmlinuz $linux_args
	initrd /initrd
}
menuentry "resume (multiboot2)" --id resume {
	echo "grub: resume $torpor_args"
	multiboot2 /torpor.mb2 $torpor_args
	if [ -f /torpor.facts ]; then
		module2 /torpor.facts facts
	fi
	leave_remapping_on
	leave_watchdog_armed
}
menuentry "toy kernel" --id toy {
	echo "grub: toy $toy_args"
	multiboot2 /toy.mb2 $toy_args
}
if [ "$grub_platform" = efi ]; then
	menuentry "resume (chainload)" --id resume-efi {
		echo "grub: resume-efi $torpor_args"
		chainloader /torpor.efi $torpor_args
		leave_remapping_on
	}
fi
# As GRUB's own 41_custom has it.
if [ -f ${config_directory}/custom.cfg ]; then
	source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f $prefix/custom.cfg ]; then
	source $prefix/custom.cfg
fi
"""


def mkimage(platform, out, table="gpt"):
    """platform: "i386-pc" or "x86_64-efi"; table: "gpt" or "msdos". The prefix is on the disk that GRUB came from."""
    prefix = {"i386-pc": f"(,{table}2)/boot/grub", "x86_64-efi": "/boot/grub"}[platform]
    modules = MODULES + (EFI_MODULES if platform == "x86_64-efi" else BIOS_MODULES)
    subprocess.run(["grub-mkimage", "-O", platform, "-p", prefix, "-o", out, *modules], check=True)


def install_bios(disk, core, core_start, core_size):
    """Boot code into the first sector and core.img into the BIOS boot partition, each told where
    the next part is, as grub-bios-setup does it (util/setup.c). 512-byte sectors."""
    with open("/usr/lib/grub/i386-pc/boot.img", "rb") as f:
        boot = bytearray(f.read())
    with open(core, "rb") as f:
        image = bytearray(f.read())
    if len(image) > core_size:
        raise ValueError(f"core.img of {len(image)} bytes does not fit its partition")
    lba = core_start // 512
    struct.pack_into("<Q", boot, 0x5c, lba)  # where core.img starts
    struct.pack_into("<QH", image, 0x1f4, lba + 1, (len(image) + 511) // 512 - 1)  # and its rest
    with open(disk, "r+b") as f:
        f.write(boot[:440])
        f.seek(core_start)
        f.write(image)


def environment(variables):
    """A grubenv block."""
    text = "# GRUB Environment Block\n" + "".join(f"{k}={v}\n" for k, v in variables.items())
    if len(text) > 1024:
        raise ValueError("grubenv is full")
    return text.ljust(1024, "#").encode()
