# SPDX-License-Identifier: GPL-2.0-or-later
"""Images opened by other programs on the host: crash, drgn, gdb, makedumpfile; and made again from a
core."""

import os
import re
import subprocess

import image
from cases_stock import StockStory
from harness import TORPOR, case
from story import Story

# The test kernel has no modules, by which crash would see that it has KASLR, and SLOB, which crash
# does not know.
CRASH = ("crash", "-s", "--kaslr=auto", "--no_kmem_cache")
DRGN_SCRIPT = """
from drgn.helpers.linux.pid import for_each_task
for task in for_each_task(prog):
    print(task.pid.value_(), task.comm.string_().decode())
"""
CRASH_COMMANDS = "sys\nps\nmount\nexit\n"


def tool(t, *command, **options):
    """Runs it on the host; its output, kept beside the logs."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=600, check=False, **options)
    with open(os.path.join(t.dir, os.path.basename(command[0]) + ".log"), "a", encoding="utf-8") as f:
        f.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    t.check(done.returncode == 0, f"{command[0]}: exit status {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def export(t, disk, partition, *options):
    """The core of what is saved in a partition."""
    area, core = (os.path.join(t.dir, name) for name in (partition + ".area", partition + ".elf"))
    t.keep_until_passed(area, core)
    disk.extract(partition, area)
    said = tool(t, t.build.torpor, "export", "--force", "-o", core, *options, area)
    t.check("with registers" in said, f"torpor export found no registers: {said}")
    return core


def open_with_tools(t, core):
    vmlinux = os.path.join(os.path.dirname(t.build.kernel), "vmlinux")
    said = tool(t, *CRASH, vmlinux, core, input=CRASH_COMMANDS)
    process = re.search(r"^>? +\d+ +\d+ +\d+ +[0-9a-f]{16} .* workload$", said, re.MULTILINE)
    t.check(process, f"crash ps shows no workload:\n{said}")
    t.note(f"crash: {process.group(0)}")

    script = os.path.join(t.dir, "tasks.py")
    with open(script, "w", encoding="ascii") as f:
        f.write(DRGN_SCRIPT)
    said = tool(t, "drgn", "-q", "-c", core, "-s", vmlinux, script)
    t.check(re.search(r"^1 init$", said, re.MULTILINE) and
            re.search(r"^\d+ workload$", said, re.MULTILINE), f"drgn finds no workload:\n{said}")

    dmesg, dump = (os.path.join(t.dir, name) for name in ("dmesg", "dump"))
    t.keep_until_passed(dump)
    tool(t, "makedumpfile", "-f", "--dump-dmesg", core, dmesg)
    with open(dmesg, encoding="utf-8", errors="replace") as f:
        t.check("Linux version 6.1" in f.read(), "makedumpfile finds no kernel log")
    tool(t, "makedumpfile", "-f", "-l", "-d", "31", core, dump)
    t.check(os.stat(dump).st_size > 1 << 20, "makedumpfile -d 31 leaves nothing")

    offset = re.search(r"^KERNELOFFSET=([0-9a-f]+)$", strings(core), re.MULTILINE).group(1)
    said = tool(t, "gdb", "-batch", "-nx", "-ex", f"core-file {core}", "-ex",
                f"symbol-file -o 0x{offset} {vmlinux}", "-ex", "print linux_banner", "-ex", "bt 3")
    t.check("Linux version 6.1" in said, f"gdb does not read the kernel's data:\n{said}")
    t.check(re.search(r"#0 .* (machine_kexec|create_image|hibernation_snapshot) \(", said),
            f"gdb's backtrace does not begin where the kernel went to sleep:\n{said}")


def strings(path):
    """The beginning of a core: its notes."""
    with open(path, "rb") as f:
        return f.read(1 << 20).decode("latin-1")


def _opens(t, story, partition):
    """What a running workload's system left in the partition; afterwards it still resumes."""
    story.work(64)
    story.save()
    open_with_tools(t, export(t, story.disk, partition))
    story.resume()
    story.verify()
    story.end()


@case("export-crash", product=TORPOR)
def export_crash(t):
    """An own image."""
    _opens(t, Story(t, "seabios-grub", t.disk()), "torpor")


@case("export-crash-stock", product=TORPOR)
def export_crash_stock(t):
    """One that the kernel wrote itself."""
    _opens(t, StockStory(t, "seabios-grub", t.disk(swap_mib=1024)), "swap")


@case("export-make", product=TORPOR)
def export_make(t):
    """export and make carry the image to an area on another disk, of another kind; the system is
    resumed from there."""
    first, second = t.disk(), t.disk("second", kind="virtio-legacy")
    story = Story(t, "seabios-grub", first, more_disks=[second])
    story.work(64)
    story.save_command = lambda then: f"torpor save --then {then} --to /dev/vda4"
    story.save()
    core = export(t, first, "torpor")
    made = os.path.join(t.dir, "made.img")
    t.keep_until_passed(made)
    tool(t, t.build.torpor, "make", "--elf", core, "-o", made)
    tool(t, t.build.torpor, "verify", made)
    with open(made, "rb") as f:
        second.write_partition("torpor", 0, f.read())
    first.write_partition("torpor", 0, bytes(65536))  # only the copy is left
    first.set_env(torpor_args=f"serial=0x3f8 area=partuuid:{second.table['torpor'].guid}")
    story.resume()
    story.verify()
    t.check(image.state(first)[0] == "none", "the first disk has an image again")
    t.check(image.state(second)[0] in ("LAUNCHED", "CONSUMED"), "the copy may be resumed again")
    story.end()
