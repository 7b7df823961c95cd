# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks into a Torpor image on a test disk, only as far as damaging it on purpose needs. Offsets
are those of image-format/FORMAT.md, bytes from the start of the area."""

import collections
import struct

MAGIC = b"\x89TORPOR\n"
HEADER_STRIDE = 4096
STATES = ["EMPTY", "VALID", "LOADING", "LAUNCHED", "CONSUMED"]
RAW, LZ4 = 0, 1

Header = collections.namedtuple("Header", "offset generation state attempts root_offset")
Chunk = collections.namedtuple("Chunk", "first count codec offset stored_bytes")


def headers(disk):
    """Both copies, as far as they have our magic; the one that counts is the last."""
    found = []
    for copy in range(2):
        data = disk.read_partition("torpor", copy * HEADER_STRIDE, 512)
        if data[:8] == MAGIC:
            generation, state, attempts = struct.unpack_from("<QII", data, 32)
            root_offset, = struct.unpack_from("<Q", data, 88)
            name = STATES[state] if state < len(STATES) else "damaged"
            found.append(Header(copy * HEADER_STRIDE, generation, name, attempts, root_offset))
    return sorted(found, key=lambda h: h.generation)


def state(disk):
    """("VALID", attempts) and so on."""
    found = headers(disk)
    return (found[-1].state, found[-1].attempts) if found else ("none", 0)


def index_offset(disk):
    """Of the first index block of the memory object."""
    return _memory_blocks(disk)[0][0]


def stored_chunk(disk):
    """A chunk in the middle of the memory that has bytes on the disk."""
    stored = []
    for offset, n_chunks, chunk_bytes in _memory_blocks(disk):
        data = disk.read_partition("torpor", offset, n_chunks * chunk_bytes)
        for i in range(n_chunks):
            first, count, codec, _, place, size = struct.unpack_from("<QIHHQI", data,
                                                                     i * chunk_bytes)
            if codec in (RAW, LZ4):
                stored.append(Chunk(first, count, codec, place, size))
    return stored[len(stored) // 2]


def flip(disk, offset, partition="torpor"):
    """Turns one bit of the partition around."""
    byte, = disk.read_partition(partition, offset, 1)
    disk.write_partition(partition, offset, bytes([byte ^ 0x10]))


def _memory_blocks(disk):
    """[(offset, chunks, bytes of a chunk record)] of the object "memory"."""
    root = headers(disk)[-1].root_offset
    data = disk.read_partition("torpor", root, 1 << 20)
    node_bytes, object_bytes, block_bytes, chunk_bytes, n_nodes, n_objects = struct.unpack_from(
        "<HHHHII", data, 8)
    objects = 32 + n_nodes * node_bytes
    blocks = objects + n_objects * object_bytes
    for i in range(n_objects):
        record = data[objects + i * object_bytes:][:object_bytes]
        if record[:32].rstrip(b"\0") == b"memory":
            first, n = struct.unpack_from("<II", record, 56)
            return [(*struct.unpack_from("<QI", data, blocks + (first + k) * block_bytes),
                     chunk_bytes) for k in range(n)]
    raise ValueError("the image has no object named memory")
