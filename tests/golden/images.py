# SPDX-License-Identifier: GPL-2.0-or-later
"""The golden images: name -> how it is made, and what today's programs must say to it."""

import io
import random

import encode
import state_stream as ss
from encode import CONSUMED, EMPTY, FILL, LAUNCHED, LOADING, LZ4, RAW, VALID
from state_stream import BYTES, CRITICAL, REQUIRED, S, TEXT, U, X, Field

AREA_BYTES = 2 << 20
IMAGES = {}


def image(name, refused=None, area_bytes=AREA_BYTES):
    """refused: what `torpor verify` says about it; None: it is good."""
    def register(make):
        IMAGES[name] = (make, refused, area_bytes)
        return make
    return register


def build(name):
    """The bytes of an area."""
    make, _, area_bytes = IMAGES[name]
    file = io.BytesIO(bytes(area_bytes))
    make(encode.Area(file, area_bytes))
    return file.getvalue()


def noise(n, seed):
    return random.Random(seed).randbytes(n)


def text(n, seed):
    """Compressible."""
    rnd = random.Random(seed)
    words = [b"torpor ", b"sleeps ", b"and ", b"wakes ", b"up ", b"as it was. "]
    return b"".join(rnd.choices(words, k=n // 2))[:n]


def few_of_each(im):
    im.begin_node("demo")
    im.add_pages("memory", [(16, FILL, 3, 0), (32, LZ4, text(4096, 1)), (33, RAW, noise(8192, 2)),
                            (35, FILL, 1, 0x0123456789abcdef), (1 << 32, LZ4, noise(4096, 3)),
                            ((1 << 40) - 1, RAW, noise(4096, 4))])
    im.add_bytes("note", [(RAW, b"hello"), (LZ4, text(5000, 5)), (RAW, noise(1, 6))])


# ---- the store ----

@image("plain")
def plain(area):
    im = encode.Image(area)
    few_of_each(im)
    im.finish()


@image("header-copy-1")
def header_copy_1(area):
    im = encode.Image(area)
    few_of_each(im)
    im.finish(generation=(1 << 63) - 1, state=LOADING, attempts=1, copy=1)


@image("other-copy-torn")
def other_copy_torn(area):
    plain(area)
    area.put(4096 + 100, b"\xff")


@image("largest-and-smallest", area_bytes=8 << 20)
def largest_and_smallest(area):
    im = encode.Image(area)
    im.begin_node("n")
    im.add_pages("p", [(0, RAW, noise(1 << 20, 1)), (256, LZ4, text(1 << 20, 2)),
                       (512, FILL, 0xffffffff, 1), ((1 << 40) - 1, FILL, 1, (1 << 64) - 1)])
    im.add_bytes("b", [(RAW, noise(1 << 20, 3)), (LZ4, text(1 << 20, 4)), (LZ4, b"x")])
    im.finish(label="x" * 63)


@image("many-blocks-and-gaps")
def many_blocks_and_gaps(area):
    """Index blocks of 1 and 2 records, and room between all pieces."""
    im = encode.Image(area, places=encode.Places(gap=8 * 1000))
    for i in range(4):
        im.begin_node("~" * 30 + "!" if i == 3 else f"node{i}")
        im.add_pages("pages", [(k * (i + 1), (RAW, LZ4)[k % 2], text(4096, k)) for k in range(9)],
                     records_a_block=1 + i % 2)
        im.add_bytes("bytes", [(LZ4, text(100 + k, k)) for k in range(5)], records_a_block=2)
    im.finish()


class Downwards(encode.Places):
    """Every piece before the one before it."""

    def __init__(self, top):
        super().__init__()
        self.end = self.next = top

    def take(self, n, to):
        self.next = (self.next - n) // to * to
        return self.next


@image("back-to-front")
def back_to_front(area):
    im = encode.Image(area, places=Downwards(area.bytes))
    few_of_each(im)
    im.finish()


@image("full-index-blocks")
def full_index_blocks(area):
    im = encode.Image(area)
    im.begin_node("n")
    im.add_pages("p", [(2 * i, FILL, 1, i) for i in range(4000)])
    im.finish()


@image("nothing-in-it")
def nothing_in_it(area):
    im = encode.Image(area)
    im.begin_node("no-objects")
    im.begin_node("no-chunks")
    im.add_pages("pages", [])
    im.add_bytes("bytes", [])
    im.finish(label="")


@image("no-nodes")
def no_nodes(area):
    encode.Image(area).finish()


@image("newer-minor")
def newer_minor(area):
    """What a later version may add: reserved fields with a meaning, compat bits, longer records."""
    im = encode.Image(area, records=encode.Records(more=24), compat=1 << 63, minor=7,
                      reserved=0x77)
    few_of_each(im)
    im.finish()


@image("reusable")
def reusable(area):
    im = encode.Image(area, compat=1)
    few_of_each(im)
    im.finish(state=LAUNCHED, attempts=1)


@image("launched")
def launched(area):
    im = encode.Image(area)
    few_of_each(im)
    im.finish(state=LAUNCHED, attempts=1)


@image("consumed")
def consumed(area):
    im = encode.Image(area)
    few_of_each(im)
    im.finish(state=CONSUMED, attempts=1)


def with_header(name, refused, **fields):
    @image(name, refused)
    def make(area):
        im = encode.Image(area)
        few_of_each(im)
        im.finish(**fields)


with_header("next-major", "unknown major version", major=2)
with_header("incompat-bit", "feature that is unknown", incompat=1 << 40)
with_header("no-state", "header state", state=5)
with_header("generation-too-high", "header generation", generation=1 << 63)
with_header("label-of-escapes", "header label", label="a\x1b[2J")
with_header("reserved", "header reserved", reserved=1)
with_header("used-beyond-area", "header used bytes", used_bytes=AREA_BYTES + 4096)
with_header("root-too-long", "header root bytes", root_bytes=(1 << 20) + 1)
with_header("root-outside", "header root offset", root_offset=AREA_BYTES)
with_header("root-hash", "root hash", root_hash=1)


@image("damaged", "header is damaged")
def damaged(area):
    plain(area)
    for copy in range(2):
        area.put(copy * 4096 + 504, b"12345678")


@image("no-area", "no image area")
def no_area(_):
    pass


@image("empty", "area is empty")
def empty(area):
    for copy in range(2):
        area.put(copy * 4096, encode.header(area.bytes, 2 - copy, EMPTY))


@image("damaged-content", "image data is damaged")
def damaged_content(area):
    plain(area)
    offset = area.file.getvalue().index(b"hello")
    area.put(offset, b"J")


# ---- state streams: a kernel's node, its description in several versions ----

def cpu_fields():
    wide = "stack jump_back entry cr0 cr3 cr4 efer pat apic_base gdt_base".split()
    return [Field(n, X, 8, flags=REQUIRED) for n in wide] + [
        Field("gdt_limit", X, 4, flags=REQUIRED), Field("apic_id", U, 4, flags=REQUIRED),
        Field("cpuid_1_eax", X, 4, flags=REQUIRED), Field("vendor", TEXT, 16, flags=REQUIRED)]


CPU = {n: 0x1000 * i + 0xfff for i, n in enumerate(
    "stack jump_back entry cr0 cr3 cr4 efer pat apic_base gdt_base".split(), 1)}
CPU.update(gdt_limit=127, apic_id=3, cpuid_1_eax=0x800f12, vendor="AuthenticAMD")
LEDGER_NAMES = "pages pages_fill pages_raw pages_lz4 bytes_stored total_us wait_us".split()
LEDGER = {n: 100 + i for i, n in enumerate(LEDGER_NAMES)}
MEMORY = [{"start": 0, "end": 0x9fc00, "type": 1}, {"start": 1 << 20, "end": 1 << 34, "type": 2}]


def memory_fields():
    return [Field("start", X, 8, flags=REQUIRED), Field("end", X, 8, flags=REQUIRED),
            Field("type", U, 4, flags=REQUIRED)]


def kernel(area, *objects, codec=LZ4):
    """An image whose "cpu" stream holds these objects."""
    im = encode.Image(area)
    im.begin_node("kernel")
    im.add_pages("memory", [(1, RAW, noise(4096, 1))])
    im.add_bytes("cpu", [(codec, ss.encode(objects))])
    im.finish(label="6.1.0-golden")


def changed(fields, **by_name):
    """Fields with some of them replaced (None: removed)."""
    return [by_name.get(f.name, f) for f in fields if by_name.get(f.name, f) is not None]


def described(name, version, cpu=None, values=None, **more):
    @image(f"state-{name}")
    def make(area):
        ledger = more.get("ledger") or [Field(n, U, 8) for n in LEDGER_NAMES]
        kernel(area, *more.get("before", []),
               ss.Object("cpu", version, cpu or cpu_fields(), [{**CPU, **(values or {})}]),
               ss.Object("memory", version, more.get("memory") or memory_fields(), MEMORY),
               ss.Object("ledger", version, ledger,
                         [{n: v for n, v in LEDGER.items() if n in [f.name for f in ledger]}]))


# As today's writer describes it.
described("v1", 1)
# Fields that no reader requires are gone; arrays and integers as narrow as they can be.
described("v0-older", 0,
          cpu=changed(cpu_fields(), apic_id=Field("apic_id", U, 1, flags=REQUIRED),
                      gdt_limit=Field("gdt_limit", X, 2, flags=REQUIRED),
                      vendor=Field("vendor", TEXT, 13, flags=REQUIRED)),
          ledger=[Field("pages", U, 2), Field("wait_us", U, 1)])
# Another order, wider, other kinds of integer, unknown fields and objects before and between.
described("v2-newer", 2,
          cpu=[Field("microcode", X, 8), Field("vendor", TEXT, 64, flags=REQUIRED)] + [
              Field(f.name, S if f.name == "apic_id" else U, 8, flags=REQUIRED)
              for f in reversed(cpu_fields()) if f.name != "vendor"] +
          [Field("msr_list", X, 8, count=40), Field("notes", BYTES, 7)],
          values={"microcode": 0xa2, "msr_list": list(range(40)), "notes": b"\0\xff\"\\\n:#"},
          memory=[Field("type", U, 8, flags=REQUIRED), Field("node", S, 2),
                  Field("end", U, 8, flags=REQUIRED), Field("start", X, 8, flags=REQUIRED)],
          before=[ss.Object("true", 9, [Field("null", TEXT, 30), Field("5", S, 8, count=2),
                                        Field("-a:b#", U, 1)],
                            [{"null": "no: \"yes\" # \\ \x01 \xff", "5": [-1, -(1 << 63)]}]),
                  ss.Object("nothing", 1, [Field("a", U, 1)], [])])
# With holes between fields, and elements that begin at odd addresses.
described("v3-holes", 3, cpu=[Field(f.name, f.kind, f.size, f.count, f.flags, offset=3 + 23 * i)
                              for i, f in enumerate(cpu_fields())])
# Cut into chunks within the magic.
@image("state-v1-in-pieces")
def in_pieces(area):
    im = encode.Image(area)
    data = ss.encode([ss.Object("cpu", 1, cpu_fields(), [CPU])])
    im.begin_node("kernel")
    im.add_bytes("cpu", [(RAW, data[:3]), (LZ4, data[3:40]), (RAW, data[40:])])
    im.finish()


# ACPI tables, and NVS memory in an object of its own, which a reader may pass over.
TABLE_FIELDS = [Field("signature", TEXT, 8, flags=REQUIRED), Field("phys", X, 8, flags=REQUIRED),
                Field("length", U, 4, flags=REQUIRED), Field("has_hash", U, 4, flags=REQUIRED),
                Field("hash", X, 8, flags=REQUIRED)]
TABLES = [{"signature": "DSDT", "phys": 0x7fe0000, "length": 8000, "has_hash": 1, "hash": 0x1234567890abcdef},
          {"signature": "FACS", "phys": 0x800000, "length": 64, "has_hash": 0, "hash": 0}]


@image("state-v4-nvs")
def tables_and_nvs(area):
    im = encode.Image(area)
    im.begin_node("kernel")
    im.add_pages("memory", [(1, RAW, noise(4096, 1))])
    im.add_pages("nvs", [(0x800, LZ4, text(8192, 2)), (0x8fe, FILL, 2, 0)])
    im.add_bytes("cpu", [(LZ4, ss.encode([ss.Object("cpu", 4, cpu_fields(), [CPU]),
                                          ss.Object("table", 1, TABLE_FIELDS, TABLES)]))])
    im.finish(label="6.1.0-golden")


# What must be refused, and the name that must be given.
described("refused-cr4", 4, cpu=changed(cpu_fields(), cr4=None))
described("refused-shadow_stack", 4,
          cpu=cpu_fields() + [Field("shadow_stack", X, 8, flags=CRITICAL)],
          values={"shadow_stack": 1})
described("refused-gdt_limit", 4,
          cpu=changed(cpu_fields(), gdt_limit=Field("gdt_limit", X, 8, flags=REQUIRED)),
          values={"gdt_limit": 1 << 32})
described("refused-apic_id", 4,
          cpu=changed(cpu_fields(), apic_id=Field("apic_id", S, 4, flags=REQUIRED)),
          values={"apic_id": -1})
described("refused-vendor", 4,
          cpu=changed(cpu_fields(), vendor=Field("vendor", BYTES, 16, flags=REQUIRED)))


@image("state-refused-stream", "not a good state stream")
def refused_stream(area):
    im = encode.Image(area)
    im.begin_node("kernel")
    im.add_bytes("cpu", [(RAW, ss.encode([ss.Object("cpu", 1, cpu_fields(), [CPU])])[:-8])])
    im.finish()
