# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking at a guest from inside: is everything that ran before still right?"""

import re

from harness import Failure


def start_workload(guest, memory_mib=256, directory="/data"):
    """Starts the workload, and leaves something in the agent's shell to find again."""
    guest.run(f"workload start {directory} {memory_mib}", timeout_s=300)
    guest.run("kept=in-this-shell")
    return workload_beats(guest)


def workload_beats(guest):
    """{worker: turns so far}."""
    lines = re.findall(r"^(\w+) \d+ (\d+) \d+$", guest.run("workload state"), re.MULTILINE)
    return {name: int(beats) for name, beats in lines}


def verify(guest, beats_before, cpus=2, efi=False):
    """Everything that can be verified in a guest that went on, at any later time: the workload from
    end to end, and that it has gone on; all CPUs; the shell; disks; the kernel's complaints; EFI
    variables. Returns the new beats."""
    found = guest.run("workload check 240 || echo not all answer and go on", timeout_s=300)
    if found:
        raise Failure(f"workload: {found}")
    beats = workload_beats(guest)
    standing = [name for name in beats_before if beats.get(name, 0) <= beats_before[name]]
    if standing:
        raise Failure(f"workload: stands still: {' '.join(standing)}")
    if guest.run('echo "$kept"') != "in-this-shell":
        raise Failure("the agent's shell is another one")
    online = guest.run("grep -c ^processor /proc/cpuinfo")
    if int(online) != cpus:
        raise Failure(f"{online} of {cpus} CPUs are online")
    guest.run("echo 3 > /proc/sys/vm/drop_caches; grep -q partition /data/hello && "
              "dd if=/dev/urandom of=/data/fresh bs=64k count=32 2> /dev/null && sync && "
              "echo 3 > /proc/sys/vm/drop_caches && md5sum /data/fresh > /data/fresh.md5 && "
              "echo 3 > /proc/sys/vm/drop_caches && md5sum -c /data/fresh.md5 > /dev/null")
    bad = guest.run(r"dmesg | grep -E 'BUG|Oops|WARNING:|Call Trace|I/O error|EXT4-fs error' || :")
    if bad:
        raise Failure(f"the kernel complains:\n{bad}")
    if efi:
        variables(guest)
    return beats


def variables(guest):
    """EFI runtime services: reads the boot entries, writes a variable and reads it back."""
    entries = guest.run("efibootmgr")
    if "BootOrder" not in entries:
        raise Failure(f"efibootmgr reads no variables:\n{entries}")
    name = "/sys/firmware/efi/efivars/TorporTest-0c8a1e0e-52a5-4b21-8a3d-9a3e6e6f3c11"
    # The files of efivarfs are immutable until one says otherwise.
    guest.run(f"! [ -e {name} ] || {{ chattr -i {name} && rm {name}; }} && "
              rf"printf '\007\000\000\000ok' > {name} && [ $(tail -c 2 {name}) = ok ]")
    return entries
