#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Decodes an image and encodes it again, differently: rewrite.py FILE OFFSET BYTES.

The area lies in FILE at OFFSET. Its image is read by this folder's decoder (every hash checked), the
area is wiped, and this folder's encoder writes the same content into it: other chunk sizes, codecs
and places, the index before the data of the next object, more nodes, state streams whose fields have
another order, other widths and unknown neighbours. What a loader must find in it is the same."""

import random
import sys
import tempfile

import decode
import encode
import state_stream as ss
from encode import BYTES, FILL, FRAME, LZ4, PAGES, RAW


def keep(file, chunks):
    """Content goes to a spool file; returns the list of (first, count, codec, word or place)."""
    kept = []
    for first, count, codec, content in chunks:
        if codec == FILL:
            kept.append((first, count, FILL, int.from_bytes(content, "little")))
        else:
            kept.append((first, count, RAW, file.tell()))
            file.write(content)
    return kept


def read_all(area, spool):
    reader = decode.Reader(area)
    streams = []
    for s in reader.streams:
        if s.kind == PAGES:
            chunks = ((c.first, c.count, c.codec, reader.content(s.kind, c))
                      for c in reader.chunks(s))
            streams.append((s, keep(spool, chunks)))
        else:
            streams.append((s, reader.bytes_of(s)))
    return reader.header, streams


def runs(kept, rnd):
    """Frames cut anew: pieces of 1 to 97 frames; now and then a fill chunk is split in two."""
    for first, count, codec, value in kept:
        done = 0
        while done < count:
            n = min(count - done, rnd.randint(1, 97))
            if codec == FILL:
                n = count - done if rnd.random() < 0.8 else rnd.randint(1, count - done)
            yield first + done, n, codec, value if codec == FILL else value + done * FRAME
            done += n


def encode_frames(kept, spool, rnd):
    """Chunks for the encoder: raw, LZ4 whether it pays or not, fills also as LZ4."""
    for first, n, codec, value in runs(kept, rnd):
        if codec == FILL:
            if n <= 16 and rnd.random() < 0.5:
                yield first, LZ4, value.to_bytes(8, "little") * (n * FRAME // 8)
            else:
                yield first, FILL, n, value
            continue
        spool.seek(value)
        yield first, rnd.choice((RAW, LZ4)), spool.read(n * FRAME)


def other_description(data):
    """The same state as another version would describe it."""
    if data[:8] != ss.MAGIC:
        return data
    objects = []
    for o in ss.decode(data):
        fields = [ss.Field(f.name, f.kind if f.kind in (ss.TEXT, ss.BYTES) else ss.U,
                           f.size if f.kind in (ss.TEXT, ss.BYTES) else 8, f.count, f.flags)
                  for f in reversed(o.fields)]
        fields.insert(len(fields) // 2, ss.Field("of_tomorrow", ss.S, 2))
        elements = [{**e, "of_tomorrow": -1} for e in o.elements]
        objects.append(ss.Object(o.name, o.version + 1, fields, elements))
    return ss.encode([ss.Object("unknown", 1, [ss.Field("x", ss.X, 8)], [{"x": 1}]), *objects])


def pieces(data, rnd):
    while data:
        n = rnd.randint(1, 5000)
        yield rnd.choice((RAW, LZ4)), data[:n]
        data = data[n:]


def write_all(area, header, streams, spool, rnd):
    im = encode.Image(area, places=encode.Places(first=encode.DATA_START + 40960),
                      records=encode.Records(more=8), minor=1, compat=1)
    im.begin_node("another")
    im.add_bytes("note", [(LZ4, b"not of this kernel")])
    node = None
    for stream, content in streams:
        if stream.node != node:
            node = stream.node
            im.begin_node(node)
        if stream.kind == PAGES:
            im.add_pages(stream.name, encode_frames(content, spool, rnd), records_a_block=1000)
        else:
            im.add_bytes(stream.name, pieces(other_description(content), rnd))
    im.finish(generation=header.generation + 1, copy=1, area_uuid=header.area_uuid,
              image_uuid=header.image_uuid, created=header.created, label="rewritten")


def wipe(area):
    piece = bytes(1 << 20)
    for offset in range(0, area.bytes, len(piece)):
        area.put(offset, piece[:area.bytes - offset])


def main():
    path, start, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path, "r+b") as file, tempfile.TemporaryFile() as spool:
        area = encode.Area(file, size, start)
        header, streams = read_all(area, spool)
        wipe(area)
        write_all(area, header, streams, spool, random.Random(1))
    frames = sum(s.length for s, _ in streams if s.kind == PAGES)
    print(f"rewritten: {frames} frames, {sum(s.kind == BYTES for s, _ in streams)} byte streams")


if __name__ == "__main__":
    main()
