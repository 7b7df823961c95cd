#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmlinux_pid.py VMLINUX: makes room in the debug information's struct pid for one element of its array.

crash 8.0.2 (Debian 12) takes the size of struct pid for all that it has to read of one. In kernels
where `numbers` is a flexible array (6.1.y as Debian has it) this ends before the array, and `ps`
shows next to nothing, of any dump of such a kernel. The code of the kernel is not touched.
"""

import re
import subprocess
import sys

UPID_BYTES = 16  # sizeof(struct upid): what one element adds


def readelf(vmlinux, *options):
    return subprocess.Popen(["readelf", "-W", *options, vmlinux], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def debug_info_offset(vmlinux):
    for line in readelf(vmlinux, "-S"):
        fields = line.partition("]")[2].split()
        if fields[:1] == [".debug_info"]:
            return int(fields[3], 16)
    raise SystemExit(f"{vmlinux}: no debug information")


def sizes_of_pid(vmlinux):
    """(place in .debug_info, size) of DW_AT_byte_size in every struct pid."""
    name = None
    for line in readelf(vmlinux, "--debug-dump=info"):
        if "Abbrev Number" in line:
            name = "" if "DW_TAG_structure_type" in line else None
        elif name is None:
            continue
        elif "DW_AT_name" in line:
            name = line.rsplit(None, 1)[-1]
        elif name == "pid" and "DW_AT_byte_size" in line:
            place, size = re.match(r"\s*<([0-9a-f]+)>.*\D(\d+)\s*$", line).groups()
            yield int(place, 16), int(size)


def main(vmlinux):
    start = debug_info_offset(vmlinux)
    with open(vmlinux, "r+b") as f:
        for place, size in sizes_of_pid(vmlinux):
            f.seek(start + place)
            if f.read(1) != bytes([size]):
                raise SystemExit(f"{vmlinux}: struct pid's size is not one byte")
            f.seek(start + place)
            f.write(bytes([size + UPID_BYTES]))


if __name__ == "__main__":
    main(sys.argv[1])
