# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk whose writes are recorded one by one (QEMU's blklogwrites, in dm-log-writes' format), and what is on it
when the power is cut: all that was flushed, and any part of the rest."""

import json
import random
import struct

SECTOR = 512
FLUSH = 1
DISCARD = 4
RANDOM_SUBSETS = 4  # of what one flush would have made durable, beside the regular ones


class Recorder:
    """QEMU options for the disk, and its log; the image file itself is written, too."""

    def __init__(self, disk, log):
        self.log = log
        with open(disk.path, "rb") as f:
            self.base = f.read()
        with open(log, "wb") as f:
            f.truncate(256 << 20)
        node = {"driver": "blklogwrites", "node-name": "recorded",
                "file": {"driver": "file", "filename": disk.path},
                "log": {"driver": "file", "filename": log}}
        self.options = ["-blockdev", json.dumps(node), "-device",
                        "virtio-blk-pci,disable-legacy=on,disable-modern=off,drive=recorded,serial=recorded"]

    def entries(self):
        """All writes until now: (offset, data), or None for a flush."""
        found, at = [], SECTOR  # behind the superblock, which is written at the end only
        with open(self.log, "rb") as f:
            while True:
                f.seek(at)
                sector, count, flags, _ = struct.unpack("<QQQQ", f.read(32))
                if not (sector or count or flags):
                    return found
                at += SECTOR
                if count and not flags & DISCARD:
                    found.append((sector * SECTOR, f.read(0) or self._data(f, at, count)))
                    at += count * SECTOR
                elif count:
                    found.append((sector * SECTOR, bytes(count * SECTOR)))
                if flags & FLUSH:
                    found.append(None)

    @staticmethod
    def _data(f, at, count):
        f.seek(at)
        return f.read(count * SECTOR)


def _subsets(n, rng):
    """Of writes 0 to n - 1, in their order: what a disk may have done of them when its power fails. None, all, all up to
    one, one alone, all but one, and any."""
    seen = set()
    whole = range(n)
    for i in range(n + 1):
        seen.add(tuple(whole[:i]))
        if i < n:
            seen.add((i,))
            seen.add(tuple(k for k in whole if k != i))
    for _ in range(RANDOM_SUBSETS if n > 2 else 0):
        seen.add(tuple(k for k in whole if rng.random() < 0.5))
    return sorted(seen)


def cuts(base, entries, first, seed=0):
    """Yields (end, image): a disk after a power cut when all of entries[:end] had been written or were about to be.
    What comes before `first` is on the disk. Each image once."""
    rng = random.Random(seed)
    stable = bytearray(base)
    for entry in entries[:first]:
        if entry:
            stable[entry[0]:entry[0] + len(entry[1])] = entry[1]
    at = first
    while at < len(entries):
        end = at
        while end < len(entries) and entries[end] is not None:
            end += 1
        pending = entries[at:end]
        for subset in _subsets(len(pending), rng):
            image = bytearray(stable)
            for k in subset:
                offset, data = pending[k]
                image[offset:offset + len(data)] = data
            yield end, image
        for offset, data in pending:
            stable[offset:offset + len(data)] = data
        at = end + 1
