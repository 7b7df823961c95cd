# SPDX-License-Identifier: GPL-2.0-or-later
"""A GUID partition table on a file, for disks of any sector size (sgdisk: only 512 on files)."""

import collections
import os
import re
import struct
import uuid
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))


def _area_type_guid():
    with open(os.path.join(HERE, "../../image-format/area.h"), encoding="ascii") as f:
        return re.search(r'#define AREA_TYPE_GUID "([0-9a-f-]{36})"', f.read()).group(1)


TYPE_GUID = {
    "bios": "21686148-6449-6e6f-744e-656564454649",
    "esp": "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
    "data": "0fc63daf-8483-4772-8e79-3d69d8477de4",
    "torpor": _area_type_guid(),
    "swap": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
}
MIB = 1 << 20
ENTRIES, ENTRY_BYTES = 128, 128

# number from 1; start and size in bytes
Partition = collections.namedtuple("Partition", "number name guid start size")


def create(path, parts, sector_bytes=512, first=MIB):
    """Writes a new sparse disk at path with one partition for each (name, MiB), in this order, the
    first one at this byte; name is a key of TYPE_GUID and becomes the partition's label.
    Returns {name: Partition}."""
    table, start = {}, first
    for number, (name, mib) in enumerate(parts, 1):
        table[name] = Partition(number, name, uuid.uuid4(), start, mib * MIB)
        start += mib * MIB
    size = start + MIB
    with open(path, "wb") as f:
        f.truncate(size)
        _write(f, size // sector_bytes, sector_bytes, uuid.uuid4(), table.values())
    return table


MBR_TYPE = {"bios": 0xda, "esp": 0x0c, "data": 0x83, "swap": 0x82}
MBR_SIGNATURE_AT = 0x1b8


def to_mbr(path, table, signature):
    """The same partitions, of a table of MBR's instead, under the same numbers: four at most, none of
    Torpor's. Boot code stays; of the GUID partition table nothing is left. 512-byte sectors."""
    size, n_sectors = os.path.getsize(path), 1 + ENTRIES * ENTRY_BYTES // 512
    entries = b"".join(struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", MBR_TYPE[p.name], b"\xfe\xff\xff",
                                   p.start // 512, p.size // 512) for p in table.values())
    if len(entries) > 64:
        raise ValueError("an MBR has four partitions")
    with open(path, "r+b") as f:
        for start in (512, size - n_sectors * 512):
            f.seek(start)
            f.write(bytes(n_sectors * 512))
        f.seek(446)
        f.write(entries.ljust(64, b"\0") + b"\x55\xaa")
    set_mbr_signature(path, signature)


def set_mbr_signature(path, signature):
    with open(path, "r+b") as f:
        f.seek(MBR_SIGNATURE_AT)
        f.write(struct.pack("<I", signature))


def _write(f, n_sectors, sector_bytes, disk_guid, parts):
    entries = b"".join(_entry(p, sector_bytes) for p in parts).ljust(ENTRIES * ENTRY_BYTES, b"\0")
    array_sectors = len(entries) // sector_bytes
    first, last = 2 + array_sectors, n_sectors - 2 - array_sectors
    f.seek(0)
    f.write(_protective_mbr(n_sectors))
    for lba, other, array in ((1, n_sectors - 1, 2), (n_sectors - 1, 1, last + 1)):
        header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, lba, other,
                             first, last, disk_guid.bytes_le, array, ENTRIES, ENTRY_BYTES,
                             zlib.crc32(entries))
        header = header[:16] + struct.pack("<I", zlib.crc32(header)) + header[20:]
        f.seek(lba * sector_bytes)
        f.write(header)
        f.seek(array * sector_bytes)
        f.write(entries)


def _entry(p, sector_bytes):
    first, end = p.start // sector_bytes, (p.start + p.size) // sector_bytes
    return struct.pack("<16s16sQQQ72s", uuid.UUID(TYPE_GUID[p.name]).bytes_le, p.guid.bytes_le,
                       first, end - 1, 0, p.name.encode("utf-16-le"))


def _protective_mbr(n_sectors):
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1,
                        min(n_sectors - 1, 0xffffffff))
    return entry.rjust(446 + 16, b"\0").ljust(510, b"\0") + b"\x55\xaa"
