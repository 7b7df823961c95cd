#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench: Torpor beside the kernel's own hibernation, in the same virtual machines, in one run,
taking turns. Prints markdown tables. Times on an emulated machine mean something only as ratios."""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../qemu"))
sys.path.insert(0, HERE)

import disks  # noqa: E402
import harness  # noqa: E402
import installed  # noqa: E402
import story  # noqa: E402
import swsusp  # noqa: E402
from cases_stock import StockStory  # noqa: E402

MEMORY_MIB = 256
# The first line of a kernel that goes on after its image was loaded.
BACK = r"ACPI: PM: Restoring platform NVS memory|Enabling non-boot CPUs"
# QEMU emulates PCLMULQDQ bit by bit; without it libdeflate's CRC-32 goes by tables, as the kernel's does.
STOCK_CPU = "max,la57=off,-pclmulqdq"


def spread(values, form="{:.2f}"):
    """Median (least to most)."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))} to {form.format(max(values))})"


def table(title, rows):
    print(f"\n{title}\n\n| | median (least to most) |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    sys.stdout.flush()


def phases(output):
    """Of `torpor save`'s report: seconds by name."""
    found = dict((name, float(s)) for name, s in
                 re.findall(r"(probe|headers and index|read|decompress|hash|jump) (\d+\.\d+) s", output))
    found["save"], found["load"] = (float(re.search(rf"^{which}: .* in (\d+\.\d+) s", output, re.M).group(1))
                                    for which in ("save", "load"))
    found["save MB/s"] = float(re.search(r"^save: .*\((\d+) MB/s", output, re.M).group(1))
    return found


def plain_read(t, disk, firmware, mib):
    """Seconds for the image's bytes read in order by the same driver (tests/qemu/toy)."""
    with open(os.path.join(harness.ROOT, "out/toy.mb2"), "rb") as f:
        disk.put("/toy.mb2", f.read())
    disk.set_env(next_entry="toy", toy_args=f"serial=0x3f8 -- read {mib}")
    machine, _ = t.machine(disk, name="read", firmware=firmware)
    machine.start()
    us = int(machine.wait_for(r"toy: read \d+ MiB in (\d+) us", 120).group(1))
    machine.wait_end(60)
    return us / 1e6


def own(build, door, turns):
    """1 GiB RAM, 256 MiB of data: Torpor's save and resume, and swsusp in the same guest, in turns."""
    t = harness.Case(f"bench-{door}", build)
    try:
        s = story.Story(t, door, t.disk(**swsusp.disk_options()))
        s.work(MEMORY_MIB)
        torpor, saves, power_on, kernel = [], [], [], []
        for _ in range(turns):
            started = time.monotonic()
            s.save()
            saves.append(time.monotonic() - started)
            s.choose_resume()
            s.machine.start()
            result = s.guest.finish(s.job, 300)
            power_on.append(s.machine.seconds_on())
            torpor.append(phases(result.output))
            mib = int(re.search(r"from (\d+)(?:\.\d+)? MiB", result.output).group(1))
            s.verify()
            kernel.append(swsusp.cycle(s.guest, "shutdown"))
            s.verify()
        s.end()
        reads = [plain_read(t, s.disk, s.door.firmware, mib) for _ in range(turns)]
    finally:
        t.close(True)
    rows = [(f"Torpor: {name}", spread([p[name] for p in torpor], form))
            for name, form in (("save", "{:.2f} s"), ("save MB/s", "{:.0f}"), ("load", "{:.2f} s"))]
    rows[0] = ("Torpor: save, the writer alone", rows[0][1])
    rows += [(f"- {name}", spread([p[name] for p in torpor], "{:.3f} s"))
             for name in ("probe", "headers and index", "read", "decompress", "hash", "jump")]
    rows += [
        ("Torpor: save, from the command to power off", spread(saves, "{:.2f} s")),
        ("Torpor: power on to the process running again", spread(power_on, "{:.2f} s")),
        ("swsusp: save, from the command to power off", spread([k.save_s for k in kernel], "{:.2f} s")),
        ("swsusp: power on to the process running again", spread([k.resume_s for k in kernel], "{:.2f} s")),
        ("save, swsusp / Torpor", spread([k.save_s / t for k, t in zip(kernel, saves)], "{:.1f}")),
        ("resume from power on, swsusp / Torpor",
         spread([k.resume_s / p for k, p in zip(kernel, power_on)], "{:.1f}")),
        (f"plain read of the same {mib} MiB by the same driver", spread(reads, "{:.3f} s")),
        ("loader's read phase / plain read",
         spread([p["read"] / r for p, r in zip(torpor, reads)], "{:.2f}")),
    ]
    table(f"1 GiB RAM, {MEMORY_MIB} MiB of half-compressible data, {door}, {turns} turns", rows)


def resume_stock(s, first_line):
    """Seconds from power on to the process running again, and from this line to the old kernel's first."""
    s.machine.start()
    s.machine.wait_for(first_line, 120)
    begun = time.monotonic()
    s.machine.wait_for(BACK, 300)
    inside = time.monotonic() - begun
    if s.guest.finish(s.job, 300).status:
        raise SystemExit("bench: the resume failed")
    return s.machine.seconds_on(), inside


def content(path):
    with open(path, "rb") as f:
        return f.read()


def debian_initrd(kernel):
    """Of a kernel as stock_kernel.sh has unpacked it."""
    out = os.path.join(harness.OUT, ".build", "debian-initrd")
    subprocess.run([os.path.join(HERE, "debian_initrd.sh"), os.path.dirname(os.path.dirname(kernel)), out], check=True)
    return content(out)


def stock(build, door, turns):
    """A stock Debian kernel's LZO image: its own resume (initramfs), and Torpor's, in turns."""
    t = harness.Case(f"bench-stock-{door}", build)
    try:
        stock_kernel = build.stock()
        disk = t.disk(swap_mib=1536, esp_mib=128, **stock_kernel)
        s = StockStory(t, door, disk, cpu=STOCK_CPU, ram_mib=1536)
        s.work(512)
        linux_args = disk.linux_args()
        initrd = {"guest": content(stock_kernel["initrd"]), "debian": debian_initrd(stock_kernel["kernel"])}
        torpor, kernel, said = [], [], []
        for _ in range(turns):
            s.save()
            s.choose_resume()
            disk.put("/initrd", initrd["guest"])
            torpor.append(resume_stock(s, r"loader: .* door, program at"))
            said.append(int(re.search(r"loader: (\d+) ms from the first", s.machine.console.text()).group(1)) / 1e3)
            s.verify()
            s.save()
            disk.set_env(linux_args=f"{linux_args} root=/dev/vda3 resume=/dev/vda5")
            disk.put("/initrd", initrd["debian"])
            kernel.append(resume_stock(s, r"Linux version"))
            disk.set_env(linux_args=linux_args)
            s.verify()
    finally:
        t.close(True)
    rows = []
    for i, what in enumerate(("from power on to the process running again",
                              "from its first line to the old kernel's")):
        rows += [(f"its own resume: {what}", spread([k[i] for k in kernel], "{:.2f} s")),
                 (f"Torpor: {what}", spread([p[i] for p in torpor], "{:.2f} s")),
                 ("- own / Torpor", spread([k[i] / p[i] for k, p in zip(kernel, torpor)], "{:.1f}"))]
    rows.append(("Torpor: from the loader's first instruction to the jump, by itself", spread(said, "{:.2f} s")))
    table(f"Stock Debian kernel, LZO, 1.5 GiB RAM, 512 MiB of data, {door}, {turns} turns, -cpu {STOCK_CPU}", rows)


def disk_drivers(build, kind, turns):
    """The drivers alone, beside Linux's."""
    table(f"{disks.MIB} MiB in order by {kind}, {disks.DEPTH} requests of 1 MiB under way, {turns} turns",
          disks.rows(disks.measure(build, kind, turns), spread))


def debian(build, firmware, turns):
    """Debian 12 as installed, with systemd."""
    table(f"Debian 12 with systemd, 1 GiB RAM, {installed.MEMORY_MIB} MiB of data, {firmware} and GRUB, {turns} turns",
          installed.rows(installed.measure(build, firmware, turns), spread))


def main():
    parser = argparse.ArgumentParser(description="Torpor beside the kernel's own hibernation")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("parts", nargs="*", default=["own-seabios-grub", "own-ovmf-chain", "stock-seabios-grub",
                                                     "stock-ovmf-chain", "debian-seabios", "debian-ovmf",
                                                     "disks-virtio",
                                                     "disks-virtio-legacy", "disks-nvme", "disks-ahci"])
    args = parser.parse_args()
    build = harness.Build()
    assert build.kernel  # before any case's clock runs
    started = time.monotonic()
    for part in args.parts:
        kind, _, door = part.partition("-")  # of disks-*: the kind of disk
        {"own": own, "stock": stock, "debian": debian, "disks": disk_drivers}[kind](build, door, args.turns)
    print(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
