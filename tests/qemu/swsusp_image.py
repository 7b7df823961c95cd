# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks into a kernel's own hibernation image on the swap partition of a test disk, only as far as
damaging it on purpose needs, and at the loader's count of attempts (abi/attempts.h). Offsets are
bytes from the start of the partition."""

import collections
import hashlib
import struct

import image

PAGE = 4096
ATTEMPTS_MAGIC = b"Tledger1"
SWAP_SIGNATURE, IMAGE_SIGNATURE = b"SWAPSPACE2", b"S1SUSPEND\0"
NOCOMPRESS = 2
IMAGE_PAGES = 416  # in the stream's first page

Header = collections.namedtuple("Header", "map_page flags signature")


def header(disk):
    data = disk.read_partition("swap", 0, PAGE)
    return Header(*struct.unpack_from("<QI", data, 4064), data[4086:])


def has_image(disk):
    return header(disk).signature == IMAGE_SIGNATURE


def slots(disk):
    """Pages of the partition, in the order of the stream."""
    found, map_page = [], header(disk).map_page
    while map_page:
        data = disk.read_partition("swap", map_page * PAGE, PAGE)
        *entries, map_page = struct.unpack("<512Q", data)
        found += [e for e in entries if e]
    return found


StreamHeader = collections.namedtuple("StreamHeader",
                                      "jump_address jump_address_phys e820_crc image_pages pages")


def stream_header(disk):
    """The first page of the stream, which is never compressed (swsusp/README.md)."""
    data = disk.read_partition("swap", slots(disk)[0] * PAGE, PAGE)
    return StreamHeader(*struct.unpack_from("<QQ", data), *struct.unpack_from("<I", data, 32),
                       *struct.unpack_from("<QQ", data, IMAGE_PAGES))


def write_info(disk, offset, content):
    """Into the first page of the stream; no checksum covers it."""
    disk.write_partition("swap", slots(disk)[0] * PAGE + offset, content)


def memory(disk, phys, n):
    """n bytes of one frame of an uncompressed image; b"" where it has no such frame."""
    places, h = slots(disk), stream_header(disk)
    listed = h.pages - h.image_pages - 1
    pfns, k = [], 0
    for place in places[1:1 + listed]:
        pfns += struct.unpack("<512Q", disk.read_partition("swap", place * PAGE, PAGE))
    for pfn in pfns:
        if pfn >> 63:  # the end, or (Linux 6.7) a frame of zeros, which is not stored
            continue
        if pfn == phys // PAGE:
            return disk.read_partition("swap", places[1 + listed + k] * PAGE + phys % PAGE, n)
        k += 1
    return b""


def flip_data(disk):
    """Turns one bit in the middle of the stored data around."""
    stored = slots(disk)
    image.flip(disk, stored[len(stored) // 2] * PAGE + 1000, "swap")


def attempts(disk):
    """That the loader has counted; 0 without a count."""
    magic, _, n, check = struct.unpack_from("<8sQII", disk.read_partition("swap", 0, 24))
    return n if magic == ATTEMPTS_MAGIC and check == n ^ 0xffffffff else 0


def digest(disk):
    """Of everything that the image consists of."""
    h = hashlib.sha256(disk.read_partition("swap", 0, PAGE))
    for page in slots(disk):
        h.update(disk.read_partition("swap", page * PAGE, PAGE))
    return h.hexdigest()
