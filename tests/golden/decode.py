# SPDX-License-Identifier: GPL-2.0-or-later
"""A decoder of Torpor images, written from image-format/FORMAT.md alone (numbers in brackets are
its sections). Refuses what the page refuses, and checks every hash that it meets."""

import collections
import struct

import lz4.block

from encode import (BLOCK, BYTES, DATA_START, FILL, FRAME, HEADER_MAGIC, LZ4, MAX_BLOCK_BYTES,
                    MAX_RUN, MAX_STORED, PAGES, RAW, align, xxh64)

Header = collections.namedtuple("Header", "copy major minor header_bytes compat incompat "
                                "generation state attempts area_uuid image_uuid area_bytes "
                                "root_offset root_bytes reserved root_hash used_bytes created label")
Stream = collections.namedtuple("Stream", "node name kind length blocks")
Chunk = collections.namedtuple("Chunk", "first count codec place stored_bytes hash")
MINOR = 0


class Refused(Exception):
    """The image breaks a rule of the page; the text says which."""


def need(condition, what):
    if not condition:
        raise Refused(what)


def _text(raw, least, most, lowest):
    text = raw.rstrip(b"\0")
    good = least <= len(text) <= most and all(lowest <= c <= 0x7e for c in text)
    return text.decode() if good else None


def _name(raw):
    name = _text(raw, 1, 31, 0x21)
    need(name is not None, "name")
    return name


def read_header(area):
    """The header that counts [3], judged in the order that the page has."""
    found, magics = [], 0
    for copy in range(2):
        data = area.get(copy * BLOCK, 512)
        magics += data[:8] == HEADER_MAGIC
        if len(data) == 512 and data[:8] == HEADER_MAGIC and \
                xxh64(data[:504]) == struct.unpack_from("<Q", data, 504)[0]:
            values = struct.unpack_from("<8xHHIQQQII16s16sQQIIQQQ64s", data)
            found.append((Header(copy, *values), data))
    need(found, "damaged" if magics else "no area")
    h, data = max(found, key=lambda f: (f[0].generation, -f[0].copy))
    need(h.major == 1, "version_major")
    need(h.incompat == 0, "incompat")
    need(h.header_bytes == 512, "header_bytes")
    need(0 < h.generation < 1 << 63, "generation")
    need(h.state <= 4, "state")
    need(h.area_bytes % BLOCK == 0 and h.area_bytes >= DATA_START, "area_bytes")
    need(_text(h.label, 0, 63, 0x20) is not None, "label")
    need(h.minor > MINOR or h.reserved == 0, "reserved at 100")
    need(h.minor > MINOR or not any(data[192:504]), "reserved at 192")
    if h.state:
        need(h.used_bytes % BLOCK == 0 and h.used_bytes <= h.area_bytes, "used_bytes")
        need(32 <= h.root_bytes <= 1048576, "root_bytes")
        need(h.root_offset % BLOCK == 0 and h.root_offset >= DATA_START and
             h.root_offset <= h.used_bytes and h.root_bytes <= h.used_bytes - h.root_offset,
             "root_offset")
        need(h.used_bytes <= area.bytes, "truncated")
    return h


class Reader:
    """streams: every object of the image, in order."""

    def __init__(self, area):
        self.area, self.header = area, read_header(area)
        need(self.header.state, "empty")
        self.newer = self.header.minor > MINOR
        self._read_root()

    def _read_root(self):
        h = self.header
        root = self.area.get(h.root_offset, h.root_bytes)
        need(len(root) == h.root_bytes and xxh64(root) == h.root_hash, "root hash")
        magic, *sizes = struct.unpack_from("<8sHHHH", root)
        n_nodes, n_objects, n_blocks, reserved = struct.unpack_from("<IIII", root, 16)
        need(magic == b"TORPROOT", "root magic")
        need(all(least <= size <= 1024 and size % 8 == 0
                 for size, least in zip(sizes, (48, 64, 24, 40))), "record sizes")
        node_bytes, object_bytes, block_bytes, self.chunk_bytes = sizes
        objects_at = 32 + n_nodes * node_bytes
        blocks_at = objects_at + n_objects * object_bytes
        need(blocks_at + n_blocks * block_bytes == h.root_bytes, "tables")
        need(self.newer or reserved == 0, "root reserved")

        blocks = [self._block(root, blocks_at + i * block_bytes) for i in range(n_blocks)]
        objects, next_block = [], 0
        for i in range(n_objects):
            name, kind, flags, length, n_chunks, first, n = struct.unpack_from(
                "<32sIIQQII", root, objects_at + i * object_bytes)
            need(kind in (PAGES, BYTES), "object type")
            need(flags == 0, "object flags")
            need(first == next_block and n <= n_blocks - first, "object blocks")
            need(kind == BYTES or length <= 1 << 40, "object length")
            own = blocks[first:first + n]
            need(sum(count for _, count, _ in own) == n_chunks, "object chunks")
            objects.append((_name(name), kind, length, own))
            next_block += n
        need(next_block == n_blocks, "blocks of no object")

        self.streams, self.nodes, next_object = [], [], 0
        for i in range(n_nodes):
            name, first, n, flags = struct.unpack_from("<32sIIQ", root, 32 + i * node_bytes)
            need(flags == 0, "node flags")
            need(first == next_object and n <= n_objects - first, "node objects")
            self.nodes.append(_name(name))
            self.streams += [Stream(_name(name), *o) for o in objects[first:first + n]]
            next_object += n
        need(next_object == n_objects, "objects of no node")

    def _block(self, root, at):
        offset, n, reserved, digest = struct.unpack_from("<QIIQ", root, at)
        size, used = n * self.chunk_bytes, self.header.used_bytes
        need(n > 0 and size <= MAX_BLOCK_BYTES, "block chunks")
        need(offset % BLOCK == 0 and DATA_START <= offset <= used and
             align(size, BLOCK) <= used - offset, "block offset")
        need(self.newer or reserved == 0, "block reserved")
        return offset, n, digest

    def find(self, node, name):
        return next(s for s in self.streams if (s.node, s.name) == (node, name))

    def chunks(self, stream):
        """Every chunk record of a stream, checked [6]."""
        end = total = 0
        for offset, n, digest in stream.blocks:
            data = self.area.get(offset, n * self.chunk_bytes)
            need(xxh64(data) == digest, "index hash")
            for i in range(n):
                first, count, codec, flags, place, stored, reserved, content_hash = \
                    struct.unpack_from("<QIHHQIIQ", data, i * self.chunk_bytes)
                chunk = Chunk(first, count, codec, place, stored, content_hash)
                need(flags == 0, "chunk flags")
                need(self.newer or reserved == 0, "chunk reserved")
                self._judge(stream.kind, chunk, end)
                end, total = first + count, total + count
                yield chunk
        need(total == stream.length, "length")

    def _judge(self, kind, c, end):
        need(c.count > 0, "chunk count")
        need(c.codec in (RAW, LZ4, FILL), "codec")
        if kind == PAGES:
            need(c.first >= end and c.first + c.count <= 1 << 40, "frames")
            need(c.codec == FILL or c.count <= MAX_RUN, "chunk count")
            length = c.count * FRAME
        else:
            need(c.first == end and c.count <= 1048576, "chunk place in the stream")
            need(c.codec != FILL, "codec")
            length = c.count
        if c.codec == FILL:
            need(c.stored_bytes == 0, "stored_bytes")
            need(c.hash == 0, "hash of a fill")
            return
        if c.codec == RAW:
            need(c.stored_bytes == length, "stored_bytes")
            need(c.place % (BLOCK if kind == PAGES else 8) == 0, "chunk offset")
        else:
            need(0 < c.stored_bytes <= min(MAX_STORED, length + length // 255 + 16),
                 "stored_bytes")
            need(c.place % 8 == 0, "chunk offset")
        used = self.header.used_bytes
        need(DATA_START <= c.place <= used and c.stored_bytes <= used - c.place, "chunk offset")

    def content(self, kind, c):
        """The bytes of a chunk; of a fill the word, once."""
        if c.codec == FILL:
            return struct.pack("<Q", c.place)
        length = c.count * (FRAME if kind == PAGES else 1)
        data = self.area.get(c.place, c.stored_bytes)
        if c.codec == LZ4:
            try:
                data = lz4.block.decompress(data, uncompressed_size=length)
            except lz4.block.LZ4BlockError:
                raise Refused("LZ4") from None
            need(len(data) == length, "LZ4")
        need(xxh64(data) == c.hash, "content hash")
        return data

    def bytes_of(self, stream):
        return b"".join(self.content(BYTES, c) for c in self.chunks(stream))
