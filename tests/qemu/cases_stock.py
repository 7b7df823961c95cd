# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that the kernel wrote by its own hibernation, resumed by Torpor's loader with no second Linux."""

import re

from harness import LOADERS, case
from story import NEWER_KERNELS_CPU, Story


class StockStory(Story):
    """mode: of /sys/power/disk; before: shell commands that choose codec or image size."""

    def __init__(self, t, door, disk, mode="platform", before="true", **options):
        super().__init__(t, door, disk, **options)
        self.mode = mode
        self.guest.run(f"swapon $(readlink -f /dev/disk/swap); {before}")

    def save(self, timeout_s=300):
        self.job = self.guest.start(f"echo {self.mode} > /sys/power/disk; echo disk > /sys/power/state")
        self.machine.wait_end(timeout_s)

    def finish(self, timeout_s=300):
        result = self.guest.finish(self.job, timeout_s)
        console = self.machine.console.text()
        self.t.check(result.status == 0, f"hibernation: exit status {result.status}\n{result.output}")
        self.t.check("Linux version" not in console, "a Linux was booted for the resume")
        inside = re.search(r"loader: (\d+) ms from the first instruction", console)
        self.t.check(inside, "the loader says nothing of a jump")
        self.t.note(f"{inside.group(1)} ms from the loader's first instruction")


def twice(name, door, disk=None, memory_mib=256, kernel=None, **options):
    @case(name, product=LOADERS)
    def run(t):
        settings = {"swap_mib": 1024, **(disk or {}), **(t.build.stock(*kernel) if kernel else {})}
        story = StockStory(t, door, t.disk(**settings), **options)
        story.work(memory_mib)
        story.cycle()
        story.cycle()
        story.end()


# Package and suite. The cloud flavour is the same kernel with fewer drivers.
DEBIAN_6_1 = ("linux-image-amd64",)
DEBIAN_6_12 = ("linux-image-cloud-amd64", "trixie")
DEBIAN_7_2 = ("linux-image-cloud-amd64", "sid")
LZ4 = {"linux_args": "hibernate.compressor=lz4"}
NOCOMPRESS = {"linux_args": "hibernate=nocompress"}

twice("stock-own-kernel", "seabios-grub")
twice("stock-6.1-seabios-grub", "seabios-grub", kernel=DEBIAN_6_1)
twice("stock-6.1-ovmf-entry", "ovmf-entry", kernel=DEBIAN_6_1)
twice("stock-6.1-ovmf-chain", "ovmf-chain", kernel=DEBIAN_6_1)
twice("stock-6.1-shutdown", "seabios-grub", kernel=DEBIAN_6_1, mode="shutdown")
twice("stock-6.1-uncompressed", "seabios-grub", NOCOMPRESS, kernel=DEBIAN_6_1)
twice("stock-la57", "seabios-grub", cpu="max,la57=on")
twice("stock-la57-5g", "seabios-grub", cpu="max,la57=on", ram_mib=5120)
twice("stock-4-cpus", "ovmf-entry", kernel=DEBIAN_6_1, cpus=4)
twice("stock-1-cpu", "seabios-grub", kernel=DEBIAN_6_1, cpus=1)
for name, kernel in (("6.12", DEBIAN_6_12), ("7.2", DEBIAN_7_2)):
    twice(f"stock-{name}-lzo", "seabios-grub", kernel=kernel, cpu=NEWER_KERNELS_CPU)
    twice(f"stock-{name}-lz4", "ovmf-entry", LZ4, kernel=kernel, cpu=NEWER_KERNELS_CPU)
    twice(f"stock-{name}-uncompressed", "seabios-grub", NOCOMPRESS, kernel=kernel, cpu=NEWER_KERNELS_CPU)
