# SPDX-License-Identifier: GPL-2.0-or-later
"""An encoder of Torpor images, written from image-format/FORMAT.md alone (numbers in brackets are
its sections). It shares no code with the product, and places things as differently as it may."""

import struct

import lz4.block
import xxhash

BLOCK, FRAME, DATA_START = 4096, 4096, 65536
HEADER_MAGIC = b"\x89TORPOR\n"
EMPTY, VALID, LOADING, LAUNCHED, CONSUMED = range(5)
PAGES, BYTES = 1, 2
RAW, LZ4, FILL = 0, 1, 2
MAX_BLOCK_BYTES, MAX_RUN, MAX_STORED = 65536, 256, 1048576


def xxh64(data):
    return xxhash.xxh64_intdigest(data, 0)


def align(n, to):
    return -(-n // to) * to


class Records:
    """Sizes of the tables' records [5]; more than the page says: as a newer writer would do."""

    def __init__(self, more=0):
        self.node, self.object, self.block, self.chunk = 48 + more, 64 + more, 24 + more, 40 + more


class Area:
    """A file, or part of one, that holds an area."""

    def __init__(self, file, area_bytes, start=0):
        self.file, self.bytes, self.start = file, area_bytes, start

    def put(self, offset, data):
        if offset < 0 or offset + len(data) > self.bytes:
            raise ValueError(f"{len(data)} bytes at {offset}: outside the area")
        self.file.seek(self.start + offset)
        self.file.write(data)

    def get(self, offset, n):
        self.file.seek(self.start + offset)
        return self.file.read(min(n, max(self.bytes - offset, 0)))


class Places:
    """Where the next piece goes. gap: bytes left out before each piece (multiple of 8)."""

    def __init__(self, first=DATA_START, gap=0):
        self.end, self.gap = first, gap

    def take(self, n, to):
        offset = align(self.end + self.gap, to)
        self.end = offset + n
        return offset


class Image:
    """add_pages and add_bytes in order of the nodes, then finish."""

    def __init__(self, area, places=None, records=None, compat=0, minor=0, reserved=0):
        self.area, self.places = area, places or Places()
        self.records = records or Records()
        self.compat, self.minor, self.reserved = compat, minor, reserved
        self.nodes = []    # [name, [objects]]
        self.blocks = []   # of all objects, in their order

    def begin_node(self, name):
        self.nodes.append((name, []))

    def add_pages(self, name, chunks, records_a_block=1638):
        """chunks: (first frame, codec, content), for a fill (first frame, FILL, count, word)."""
        length, rows = 0, []
        for first, codec, *rest in chunks:
            if codec == FILL:
                count, word = rest
                rows.append((first, count, codec, word, 0, 0))
            else:
                count = len(rest[0]) // FRAME
                rows.append(self._store(first, count, codec, rest[0], BLOCK))
            length += count
        self._object(name, PAGES, length, rows, records_a_block)

    def add_bytes(self, name, chunks, records_a_block=1638):
        """chunks: (codec, content), one after the other."""
        length, rows = 0, []
        for codec, content in chunks:
            rows.append(self._store(length, len(content), codec, content, 8))
            length += len(content)
        self._object(name, BYTES, length, rows, records_a_block)

    def _store(self, first, count, codec, content, raw_align):
        stored = lz4.block.compress(content, store_size=False) if codec == LZ4 else content
        offset = self.places.take(len(stored), 8 if codec == LZ4 else raw_align)
        self.area.put(offset, stored)
        return first, count, codec, offset, len(stored), xxh64(content)

    def _object(self, name, kind, length, rows, records_a_block):
        first_block = len(self.blocks)
        for i in range(0, len(rows), records_a_block):
            part = rows[i:i + records_a_block]
            data = b"".join(self._record("<QIHHQIIQ", self.records.chunk, first, count, codec, 0,
                                         place, stored, self.reserved, digest)
                            for first, count, codec, place, stored, digest in part)
            assert len(data) <= MAX_BLOCK_BYTES
            offset = self.places.take(align(len(data), BLOCK), BLOCK)
            self.area.put(offset, data)
            self.blocks.append((offset, len(part), xxh64(data)))
        self.nodes[-1][1].append((name, kind, length, len(rows), first_block,
                                  len(self.blocks) - first_block))

    def _record(self, layout, size, *values):
        data = struct.pack(layout, *values)
        return data + b"\xa5" * (size - len(data))

    def root(self):
        """The bytes of the root [5]."""
        r, objects, nodes = self.records, b"", b""
        n_objects = 0
        for name, members in self.nodes:
            nodes += self._record("<32sIIQ", r.node, name.encode(), n_objects, len(members), 0)
            n_objects += len(members)
            for member, kind, length, n_chunks, first, n_blocks in members:
                objects += self._record("<32sIIQQII", r.object, member.encode(), kind, 0, length,
                                        n_chunks, first, n_blocks)
        blocks = b"".join(self._record("<QIIQ", r.block, offset, n, self.reserved, digest)
                          for offset, n, digest in self.blocks)
        head = struct.pack("<8sHHHHIIII", b"TORPROOT", r.node, r.object, r.block, r.chunk,
                           len(self.nodes), n_objects, len(self.blocks), self.reserved)
        return head + nodes + objects + blocks

    def finish(self, generation=5, state=VALID, attempts=0, copy=0, label="golden", **more):
        """Root, and the two headers as section 8 leaves them: the other one EMPTY and older."""
        root = self.root()
        offset = self.places.take(align(len(root), BLOCK), BLOCK)
        self.area.put(offset, root)
        fields = dict(root_offset=offset, root_bytes=len(root), root_hash=xxh64(root),
                      used_bytes=align(self.places.end, BLOCK), compat=self.compat,
                      minor=self.minor, reserved=self.reserved, label=label)
        fields.update(more)
        self.area.put((1 - copy) * BLOCK, header(self.area.bytes, generation - 1, EMPTY, label=label,
                                                 area_uuid=fields.get("area_uuid", UUID_AREA)))
        self.area.put(copy * BLOCK, header(self.area.bytes, generation, state, attempts, **fields))


UUID_AREA, UUID_IMAGE = bytes(range(0xa0, 0xb0)), bytes(range(0xc0, 0xd0))


def header(area_bytes, generation, state, attempts=0, root_offset=0, root_bytes=0, root_hash=0,
           used_bytes=0, label="", created=1767225600, compat=0, incompat=0, major=1, minor=0,
           header_bytes=512, reserved=0, area_uuid=UUID_AREA, image_uuid=UUID_IMAGE):
    """One copy [3]: its block of 4096 bytes."""
    data = struct.pack("<8sHHIQQQII16s16sQQIIQQQ64s", HEADER_MAGIC, major, minor, header_bytes,
                       compat, incompat, generation, state, attempts, area_uuid, image_uuid,
                       area_bytes, root_offset, root_bytes, reserved, root_hash, used_bytes,
                       created, label.encode())
    data += struct.pack("<Q", reserved).ljust(312, b"\0")
    assert len(data) == 504
    return (data + struct.pack("<Q", xxh64(data))).ljust(BLOCK, b"\0")
