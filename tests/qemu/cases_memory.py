# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that comes, goes and fails: what Linux has plugged in, given back or given up is neither saved
nor missed."""

import re
import time

from harness import TORPOR, case
from story import Story
from vm import SLOW

MIB = 1 << 20
FAILED = 0x30000000  # of 1 GiB: free in a guest that has just booted, or easily made so


def _until(what, probe, timeout_s=60):
    end = time.monotonic() + timeout_s * SLOW
    while not probe():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not in {timeout_s} s")
        time.sleep(0.2)


@case("save-plugged-memory", product=TORPOR)
def plugged_memory(t):
    """A DIMM that was plugged in: refused by name while Linux uses it, left alone when it is offline."""
    story = Story(t, "seabios-grub", t.disk(), extra=["-m", "slots=2,maxmem=4G"])
    story.work(64)
    # Else the kernel puts things there that cannot be moved away again.
    story.guest.run("echo online_movable > /sys/devices/system/memory/auto_online_blocks")
    qmp = story.machine.qmp
    qmp.command("object-add", **{"qom-type": "memory-backend-ram", "id": "m0", "size": 256 * MIB})
    qmp.command("device_add", driver="pc-dimm", id="d0", memdev="m0")
    _until("a DIMM that Linux uses", lambda: re.search(
        r"^1[0-9a-f]{8}-1[0-9a-f]{8} : System RAM", story.guest.run("cat /proc/iomem"), re.MULTILINE))
    said = story.guest.run(story.save_command("poweroff"), status=1)
    t.check(re.search(r"0x1[0-9a-f]{8}-0x1[0-9a-f]{8} \(/proc/iomem: System RAM\).*plugged in", said),
            f"another reason was given: {said}")
    t.note(f"refused: {said.strip()[:100]}...")
    story.guest.run("(for m in /sys/devices/system/memory/memory*; do "
                    "[ $((0x$(cat $m/phys_index))) -lt 32 ] || echo offline > $m/state || exit 1; done)")
    story.cycle()
    story.end()


@case("save-memory-given-back", product=TORPOR)
def memory_given_back(t):
    """A balloon is inflated, a frame has failed. virtio-balloon takes its pages back when devices stop,
    and the kernel uses them: they are in the image. The failed frame is not."""
    story = Story(t, "seabios-grub", t.disk(), extra=["-device", "virtio-balloon-pci,id=balloon"])
    story.work(128)
    qmp = story.machine.qmp
    story.guest.run(f"echo {FAILED} > /sys/devices/system/memory/hard_offline_page")
    story.guest.run("grep -q '^HardwareCorrupted: *4 kB' /proc/meminfo")
    qmp.command("balloon", value=600 * MIB)
    _until("an inflated balloon", lambda: qmp.command("query-balloon")["actual"] <= 600 * MIB)
    result = story.guest.run(story.save_command("continue") + " -v", 300)  # what the writer said
    t.check(f"writer: left out: {FAILED:#x}-{FAILED + 4096:#x}" in result,
            f"the failed frame is not left out:\n{result}")
    t.check("does not say which of its frames" not in result, result)
    _until("an inflated balloon", lambda: qmp.command("query-balloon")["actual"] <= 600 * MIB)
    story.cycle()
    story.end()
