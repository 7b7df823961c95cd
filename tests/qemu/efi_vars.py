# SPDX-License-Identifier: GPL-2.0-or-later
"""The variable store of OVMF, in a file that is its flash: to be filled while the machine is off, to the last
bytes, which no running system may do (UEFI PI 1.7, 3.2.1; edk2, VariableFormat.h)."""

import struct

VOLUME_HEADER_LENGTH = 48  # u16, in the header of the firmware volume
STORE = struct.Struct("<16sIBBHI")  # GUID, size of all, format, state
VARIABLE = struct.Struct("<HBBIQ16sIII16s")  # 0x55aa, state, attributes, ..., bytes of name, of data, GUID
START, ADDED = 0x55aa, 0x3f
NON_VOLATILE_BOOT_RUNTIME = 7
GUID = bytes(range(16))
DATA_MAX = 30000


def _padded(n):
    return (n + 3) & ~3


def _variables(content, at, end):
    """Those that count, as bytes; the firmware would drop the others itself."""
    while at + VARIABLE.size <= end:
        start, state, _, _, _, _, _, name, data, _ = VARIABLE.unpack_from(content, at)
        if start != START:
            return
        size = VARIABLE.size + name + data
        if state == ADDED:
            yield content[at:at + size]
        at += _padded(size)


def _variable(name, n):
    name = (name + "\0").encode("utf-16-le")
    return VARIABLE.pack(START, ADDED, 0, NON_VOLATILE_BOOT_RUNTIME, 0, bytes(16), 0, len(name), n, GUID) + name + bytes(n)


def fill(path):
    """Until there is no room for a variable with eight bytes. How many bytes were free."""
    with open(path, "r+b") as f:
        content = f.read()
        store = struct.unpack_from("<H", content, VOLUME_HEADER_LENGTH)[0]
        end = store + STORE.unpack_from(content, store)[1]
        begin = store + STORE.size
        body = b"".join(v.ljust(_padded(len(v)), b"\xff") for v in _variables(content, begin, end))
        free, n = end - begin - len(body), 0
        least = len(_variable("F00", 8))
        left = free
        while left >= least:
            v = _variable(f"F{n:02}", min(left - least + 8, DATA_MAX))
            body += v.ljust(_padded(len(v)), b"\xff")
            left, n = end - begin - len(body), n + 1
        f.seek(begin)
        f.write(body[:end - begin].ljust(end - begin, b"\xff"))
    return free
