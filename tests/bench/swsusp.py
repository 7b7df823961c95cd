# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own hibernation, as the thing to compare with: saved to the swap partition, resumed
by the kernel after its boot (resume= on the command line)."""

import collections
import time

Cycle = collections.namedtuple("Cycle", "save_s resume_s")


def disk_options():
    """What the test disk needs for it: disk.build(..., **disk_options()) as /dev/vda."""
    return {"swap_mib": 1024, "linux_args": "resume=/dev/vda5"}


def cycle(guest, mode="shutdown", timeout_s=300):
    """Hibernates a running guest and resumes it. save_s: from the command to power off. resume_s:
    from power on until the process that gave the command runs again."""
    machine = guest.vm
    guest.run(f"grep -q /dev/vda5 /proc/swaps || swapon /dev/vda5; echo {mode} > /sys/power/disk")
    started = time.monotonic()
    job = guest.start("echo disk > /sys/power/state")
    machine.wait_end(timeout_s)
    save_s = time.monotonic() - started
    machine.start()
    result = guest.finish(job, timeout_s)
    resume_s = machine.seconds_on()
    if result.status != 0:
        raise RuntimeError(f"hibernation: exit status {result.status}: {result.output}")
    return Cycle(save_s, resume_s)
