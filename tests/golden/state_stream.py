# SPDX-License-Identifier: GPL-2.0-or-later
"""State streams (FORMAT.md, section 10), written and read from their description tables alone."""

import struct

MAGIC = b"TORPSTAT"
U, S, X, TEXT, BYTES = 1, 2, 3, 4, 5
REQUIRED, CRITICAL = 1, 2
HEAD, OBJECT_HEAD, FIELD_BYTES = 32, 64, 48


class Refused(Exception):
    """The stream breaks a rule of the page."""


class Field:
    """A column of the description table. offset: None lets Object.layout choose."""

    def __init__(self, name, kind, size, count=1, flags=0, offset=None):
        self.name, self.kind, self.size, self.count = name, kind, size, count
        self.flags, self.offset = flags, offset

    def bytes(self):
        return self.size * self.count

    def pack(self, values):
        values = values if isinstance(values, (list, tuple)) else [values]
        if self.kind in (TEXT, BYTES):
            parts = [(v.encode() if isinstance(v, str) else v).ljust(self.size, b"\0")
                     for v in values]
        else:
            parts = [v.to_bytes(self.size, "little", signed=self.kind == S) for v in values]
        data = b"".join(parts)
        if len(data) > self.bytes():
            raise ValueError(f"{self.name}: {len(data)} bytes for {self.bytes()}")
        return data.ljust(self.bytes(), b"\0")

    def unpack(self, data):
        values = []
        for i in range(self.count):
            part = data[i * self.size:(i + 1) * self.size]
            if self.kind == TEXT:
                if part[-1]:
                    raise Refused(f"{self.name}: text does not end in a zero")
                values.append(part.split(b"\0")[0].decode("latin-1"))
            elif self.kind == BYTES:
                values.append(part)
            else:
                values.append(int.from_bytes(part, "little", signed=self.kind == S))
        return values


class Object:
    """elements: dicts of name -> value or list of values; what is not named is zero."""

    def __init__(self, name, version, fields, elements, element_bytes=None):
        self.name, self.version, self.fields = name, version, fields
        self.elements, self.element_bytes = elements, element_bytes

    def layout(self):
        """Places fields that have no offset yet, one behind the other; returns element_bytes."""
        end = 0
        for field in self.fields:
            if field.offset is None:
                field.offset = end
            end = max(end, field.offset + field.bytes())
        return self.element_bytes or max(end, 1)

    def encode(self):
        element_bytes = self.layout()
        table = b"".join(struct.pack("<32sHHIII", f.name.encode(), f.kind, f.flags, f.offset,
                                     f.size, f.count) for f in self.fields)
        body = b""
        for values in self.elements:
            element = bytearray(element_bytes)
            for f in self.fields:
                if f.name in values:
                    element[f.offset:f.offset + f.bytes()] = f.pack(values[f.name])
            body += bytes(element)
        size = OBJECT_HEAD + len(table) + len(body)
        padded = -(-size // 8) * 8
        head = struct.pack("<32sIIIIQQ", self.name.encode(), self.version, len(self.fields),
                           element_bytes, len(self.elements), padded, 0)
        return (head + table + body).ljust(padded, b"\0")


def encode(objects):
    body = b"".join(o.encode() for o in objects)
    return struct.pack("<8sIIQQ", MAGIC, 1, len(objects), HEAD + len(body), 0) + body


def _name(raw):
    text = raw.rstrip(b"\0")
    if not 1 <= len(text) <= 31 or any(not 0x21 <= c <= 0x7e for c in text):
        raise Refused("not a name")
    return text.decode()


def _fields(data, n, element_bytes):
    fields = []
    for i in range(n):
        name, kind, flags, offset, size, count = struct.unpack_from("<32sHHIII", data,
                                                                    i * FIELD_BYTES)
        if kind not in (U, S, X, TEXT, BYTES) or flags & ~3 or count == 0 or size == 0:
            raise Refused("field")
        if kind in (U, S, X) and size not in (1, 2, 4, 8):
            raise Refused("size of an integer")
        if offset > element_bytes or size * count > element_bytes - offset:
            raise Refused("field outside its element")
        fields.append(Field(_name(name), kind, size, count, flags, offset))
    if sum(f.bytes() for f in fields) > element_bytes:
        raise Refused("fields longer than the element")
    return fields


def decode(data):
    """The objects of a stream, in order."""
    if len(data) < HEAD or data[:8] != MAGIC:
        raise Refused("magic")
    _, version, n_objects, total, reserved = struct.unpack_from("<8sIIQQ", data)
    if version != 1 or reserved or total > len(data):
        raise Refused("head of the stream")
    objects, at = [], HEAD
    for _ in range(n_objects):
        if total - at < OBJECT_HEAD:
            raise Refused("objects end early")
        name, version, n_fields, element_bytes, n_elements, size, reserved = struct.unpack_from(
            "<32sIIIIQQ", data, at)
        want = OBJECT_HEAD + n_fields * FIELD_BYTES + n_elements * element_bytes
        if n_fields > 512 or not 1 <= element_bytes <= 65536 or reserved or \
                size != -(-want // 8) * 8 or size > total - at:
            raise Refused("head of an object")
        fields = _fields(data[at + OBJECT_HEAD:at + size], n_fields, element_bytes)
        first = at + OBJECT_HEAD + n_fields * FIELD_BYTES
        elements = []
        for i in range(n_elements):
            element = data[first + i * element_bytes:first + (i + 1) * element_bytes]
            elements.append({f.name: f.unpack(element[f.offset:f.offset + f.bytes()])
                             for f in fields})
        objects.append(Object(_name(name), version, fields, elements, element_bytes))
        at += size
    if at != total:
        raise Refused("objects do not end where the stream ends")
    return objects
