"""Looks into a kernel's own hibernation image on the swap partition of a test disk, only as far as
damaging it on purpose needs, and at the loader's count of attempts (contract/ledger.h). Offsets are
bytes from the start of the partition."""

import collections
import hashlib
import struct

import image

PAGE = 4096
LEDGER_MAGIC = b"Tledger1"
SWAP_SIGNATURE, IMAGE_SIGNATURE = b"SWAPSPACE2", b"S1SUSPEND\0"
NOCOMPRESS = 2

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


def flip_data(disk):
    """Turns one bit in the middle of the stored data around."""
    stored = slots(disk)
    image.flip(disk, stored[len(stored) // 2] * PAGE + 1000, "swap")


def attempts(disk):
    """That the loader has counted; 0 without a count."""
    magic, _, n, check = struct.unpack_from("<8sQII", disk.read_partition("swap", 0, 24))
    return n if magic == LEDGER_MAGIC and check == n ^ 0xffffffff else 0


def digest(disk):
    """Of everything that the image consists of."""
    h = hashlib.sha256(disk.read_partition("swap", 0, PAGE))
    for page in slots(disk):
        h.update(disk.read_partition("swap", page * PAGE, PAGE))
    return h.hexdigest()
