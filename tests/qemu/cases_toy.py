# SPDX-License-Identifier: GPL-2.0-or-later
"""The toy kernel (toy/main.c): every byte of memory checked after a save and after a resume."""

import os
import subprocess

from harness import LOADERS, PRODUCT, ROOT, case

TOOLS = {name: os.path.join(ROOT, "out", name) for name in ("toy.mb2", "format_area")}
PRODUCT.update(TOOLS)
NEEDS = (*LOADERS, *TOOLS)
LOADER = "serial=0x3f8"
CHECKED = r"toy: round 1: all \d+ frames are as they were"


def toy_disk(t, then, **options):
    disk = t.disk(area_mib=1536, swap_mib=0, torpor_args=LOADER, **options)
    with open(TOOLS["toy.mb2"], "rb") as f:
        disk.put("/toy.mb2", f.read())
    disk.set_env(toy_args=f"{LOADER} -- {then}")
    area = disk.table["torpor"]
    subprocess.run([TOOLS["format_area"], disk.path, str(area.start), str(area.size)], check=True)
    return disk


def run(t, disk, entry, pattern, expect="poweroff", **options):
    """Boots one GRUB entry, waits for a line, and for the end of the machine, which it returns."""
    disk.set_env(next_entry=entry)
    machine, _ = t.machine(disk, name=f"vm{len(t.notes)}-{entry}", **options)
    machine.start()
    said = machine.wait_for(pattern, 180).group(0)
    machine.wait_end(60, expect)
    t.note(f"{entry}: {said} ({machine.seconds_on():.0f} s)")
    return machine


@case("toy-bios", product=NEEDS)
def toy_bios(t):
    disk = toy_disk(t, "poweroff")
    run(t, disk, "toy", "writer: power off")
    run(t, disk, "resume", CHECKED)
    run(t, disk, "resume", "toy: PASSED")


@case("toy-continue", product=NEEDS)
def toy_continue(t):
    """Jumps back to the running toy, twice; the snapshot is not resumed unless forced."""
    disk = toy_disk(t, "continue")
    run(t, disk, "toy", "toy: PASSED")
    run(t, disk, "resume", "loader: no resume: ", "reset")
    disk.set_env(torpor_args=LOADER + " force=1")
    run(t, disk, "resume", "toy: PASSED")


@case("toy-efi", product=NEEDS)
def toy_efi(t):
    """Saved under OVMF and GRUB, resumed by the chainloaded EFI application and by multiboot2."""
    disk = toy_disk(t, "poweroff")
    run(t, disk, "toy", "writer: power off", firmware="ovmf")
    run(t, disk, "resume-efi", CHECKED, firmware="ovmf")
    run(t, disk, "resume", "toy: PASSED", firmware="ovmf")


@case("golden-resume", product=NEEDS)
def golden_resume(t):
    """A saved toy, decoded and encoded again by tests/golden, which knows FORMAT.md only: other chunks,
    codecs and places, state streams of another version. The loader resumes it, every frame right."""
    disk = toy_disk(t, "poweroff")
    run(t, disk, "toy", "writer: power off")
    area = disk.table["torpor"]
    done = subprocess.run([os.path.join(ROOT, "tests/golden/rewrite.py"), disk.path, str(area.start),
                           str(area.size)], capture_output=True, text=True, check=False)
    t.check(done.returncode == 0, f"rewrite.py:\n{done.stdout}{done.stderr}")
    t.note(done.stdout.strip())
    run(t, disk, "resume", CHECKED)


@case("toy-5g", product=NEEDS)
def toy_5g(t):
    """A hole below 4 GiB; the machine is reset, not switched off."""
    disk = toy_disk(t, "reboot")
    run(t, disk, "toy", "writer: reset", "reset", ram_mib=5120)
    run(t, disk, "resume", CHECKED, "reset", ram_mib=5120)


@case("toy-levels", product=NEEDS)
def toy_levels(t):
    """Paging changes from 4 to 5 levels and back, many times, with page tables above 4 GiB."""
    disk = toy_disk(t, "levels")
    run(t, disk, "toy", "toy: levels: PASSED", ram_mib=5120, cpu="max,la57=on")
