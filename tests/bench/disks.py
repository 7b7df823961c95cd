# SPDX-License-Identifier: GPL-2.0-or-later
"""Sequential transfers of 1 GiB by Torpor's disk drivers (tests/qemu/toy) and by Linux's in the
same machine (tests/qemu/guest/diskspeed.c): blocks of 1 MiB, as many under way, boots in turns.
QEMU keeps the disk's file in the host's page cache, so the drivers and the emulation are what is
measured."""

import os
import statistics

import cases_toy
import harness

MIB = 1024
DEPTH = 16
AREA_OFFSET = 65536  # IMG_DATA_START
DIRECTIONS = ("read", "write")
REPEAT = 5  # in each boot; their median counts


def _megabytes_per_s(us):
    return MIB * 1048576 / us


def _fill(disk):
    """No block of the file is allocated while it is measured."""
    block = os.urandom(1 << 20)
    for i in range(MIB):
        disk.write_partition("torpor", AREA_OFFSET + (i << 20), block)


def _medians(measure_one):
    speeds = {direction: [] for direction in DIRECTIONS}
    for _ in range(REPEAT):
        for direction in DIRECTIONS:
            speeds[direction].append(_megabytes_per_s(measure_one(direction)))
    return {direction: statistics.median(speeds[direction]) for direction in DIRECTIONS}


def _linux(machine, guest):
    machine.start()
    guest.wait_ready()
    guest.run(f"echo {DEPTH} > /proc/sys/vm/nr_hugepages && "
              f"[ $(cat /proc/sys/vm/nr_hugepages) = {DEPTH} ]")
    found = _medians(lambda direction: int(guest.run(
        f"diskspeed {direction} $(readlink -f /dev/disk/torpor) {AREA_OFFSET} {MIB} {DEPTH}",
        timeout_s=300).split()[4]))
    guest.poweroff()
    return found


def _torpor(machine, disk):
    disk.set_env(next_entry="toy")
    machine.start()
    found = _medians(lambda direction: int(machine.wait_for(
        rf"toy: {direction} {MIB} MiB in (\d+) us", 300).group(1)))
    machine.wait_end(60)
    return found


def measure(build, kind, turns):
    """[(Torpor, Linux)] of each turn, both {"read": MB/s, "write": MB/s}. kind: of vm.drive."""
    t = harness.Case(f"bench-disks-{kind}", build)
    try:
        disk = cases_toy.toy_disk(t, "poweroff", kind=kind, data_mib=16)
        transfers = " ".join(f"{direction} {MIB}" for direction in DIRECTIONS * REPEAT)
        disk.set_env(toy_args=f"{cases_toy.LOADER} -- depth {DEPTH} {transfers}")
        _fill(disk)
        machine, guest = t.machine(disk)
        found = []
        for turn in range(turns):
            if turn % 2 == 0:
                linux, torpor = _linux(machine, guest), _torpor(machine, disk)
            else:
                torpor, linux = _torpor(machine, disk), _linux(machine, guest)
            found.append((torpor, linux))
        return found
    finally:
        t.close(True)


def rows(found, spread):
    """For a table: spread makes "median (least to most)" of numbers."""
    lines = []
    for direction in DIRECTIONS:
        torpor, linux = ([pair[who][direction] for pair in found] for who in (0, 1))
        lines += [(f"{direction}, Torpor", spread(torpor, "{:.0f} MB/s")),
                  (f"{direction}, Linux", spread(linux, "{:.0f} MB/s")),
                  (f"{direction}, Torpor / Linux",
                   spread([a / b for a, b in zip(torpor, linux)], "{:.2f}"))]
    return lines
