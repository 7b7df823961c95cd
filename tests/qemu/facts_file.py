# SPDX-License-Identifier: GPL-2.0-or-later
"""The file of facts that torpor arm left on a test disk (abi/facts.h), to be looked at and to be made
wrong on purpose. Everything is patched in its place and sealed again, so that nothing but the thing meant
is wrong."""

import os
import struct
import sys

import swsusp_image

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden"))
import state_stream  # noqa: E402  (from the folder next door)

PATH = "/boot/grub/torpor/facts"  # on the ESP: BIOS and GRUB
HEAD = struct.Struct("<QIIQQ")
E820_CRC = 32  # in the stream's first page


P1, P2, P3 = 0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9
P4, P5, MASK = 0x85ebca77c2b2ae63, 0x27d4eb2f165667c5, 2**64 - 1


def _rotate(x, n):
    return (x << n | x >> 64 - n) & MASK


def _round(acc, lane):
    return _rotate(acc + lane * P2 & MASK, 31) * P1 & MASK


def xxh64(data):
    """XXH64, seed 0, of 32 bytes or more or of less."""
    at, h = 0, P5
    if len(data) >= 32:
        v = [P1 + P2 & MASK, P2, 0, -P1 & MASK]
        while at + 32 <= len(data):
            v = [_round(a, lane) for a, lane in zip(v, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(_rotate(a, n) for a, n in zip(v, (1, 7, 12, 18))) & MASK
        for a in v:
            h = (h ^ _round(0, a)) * P1 + P4 & MASK
    h = h + len(data) & MASK
    while at + 8 <= len(data):
        h = _rotate(h ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4 & MASK
        at += 8
    if at + 4 <= len(data):
        h = _rotate(h ^ struct.unpack_from("<I", data, at)[0] * P1 & MASK, 23) * P2 + P3 & MASK
        at += 4
    for byte in data[at:]:
        h = _rotate(h ^ byte * P5 & MASK, 11) * P1 & MASK
    for shift, factor in ((33, P2), (29, P3)):
        h = (h ^ h >> shift) * factor & MASK
    return h ^ h >> 32


def read(disk):
    return disk.get(PATH)


def write(disk, content):
    disk.put(PATH, content)


def _objects(content):
    _, _, n, _, _ = HEAD.unpack_from(content)
    return {o.name: o.elements for o in state_stream.decode(content[HEAD.size:HEAD.size + n])}


def memory(content):
    """(start, end, type) of the map."""
    return [(e["start"][0], e["end"][0], e["type"][0]) for e in _objects(content)["memory"]]


def fact(content, name):
    return _objects(content)["facts"][0][name][0]


def replace(content, old, new):
    """The first place of these bytes in the stream; sealed again."""
    at = content.index(old, HEAD.size)
    content = content[:at] + new + content[at + len(old):]
    magic, version, n, _, _ = HEAD.unpack_from(content)
    head = struct.pack("<QIIQ", magic, version, n, xxh64(content[HEAD.size:HEAD.size + n]))
    return head + struct.pack("<Q", xxh64(head)) + content[HEAD.size:]


def set_image_crc(disk, crc):
    """The checksum of the memory map in the image: of another map than it was."""
    swsusp_image.write_info(disk, E820_CRC, struct.pack("<I", crc))
