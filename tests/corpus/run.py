#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What real firmware says: placement, pairs of boots and ACPI tables, judged on a corpus of machines.

    run.py

The small made-up maps of this folder always run. The corpus of real machines is ../shared/corpus beside the
checkout, or the folder that TORPOR_CORPUS names: maps/*.txt, acpi/machines.jsonl. What is not there is said to be
skipped. Ends with "N passed, N failed".
"""

import glob
import json
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import environment  # noqa: E402,F401  (by being imported)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, "out")


class Total:
    def __init__(self):
        self.passed = self.failed = 0

    def one(self, good, text):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAIL {text}")


def program_bytes():
    """x86/program.h: what the loader needs where it runs."""
    with open(os.path.join(OUT, "loader.bin"), "rb") as f:
        return struct.unpack_from("<Q", f.read(16), 8)[0]


def program(total, title, name, arguments=(), text=None):
    """One of our C programs; its own counts when it ends with some."""
    p = subprocess.run([os.path.join(OUT, "corpus", name), *arguments], input=text, text=True, errors="replace",
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", p.stdout, re.MULTILINE)
    if text is None:
        print(f"{title}:")
        print(re.sub(r"^\d+ passed, \d+ failed\n", "", p.stdout, flags=re.MULTILINE), end="")
        if counts:
            total.passed += int(counts.group(1))
            total.failed += int(counts.group(2))
    if (text is None and not counts) or p.returncode not in (0, 1):
        total.one(False, f"{title}: {name} ended with {p.returncode}: {p.stdout[-2000:]}")
    return p.stdout


def pairs(files):
    """Boots of one machine, each as the saved one and as this one: NAME.1 NAME.2, NAME.before NAME.after."""
    groups = {}
    for f in files:
        groups.setdefault(os.path.basename(f)[:-len(".txt")].rpartition(".")[0], []).append(f)
    return [(a, b) for base, g in sorted(groups.items()) if base for a in g for b in g if a != b]


def maps(total, title, folder):
    files = sorted(glob.glob(os.path.join(glob.escape(folder), "*.txt")))
    if not files:
        print(f"{title}: skipped: no maps in {folder}")
        return
    size = str(program_bytes())
    program(total, f"{title}: {len(files)} maps, 10 images each", "maps", [size, *files])
    two = pairs(files)
    if two:
        program(total, f"{title}: {len(two)} pairs of boots, 10 images each", "maps",
                [size, "-p", *[f for pair in two for f in pair]])
        program(total, f"{title}: {len(two)} pairs of boots, judged by facts", "pairs", [f for pair in two for f in pair])


# ---- ACPI tables ----

def enabled_processors(apic):
    """ACPI 6.4, 5.2.12: local APIC and local x2APIC structures with the enabled flag."""
    n, at = 0, 44
    while at + 2 <= len(apic) and apic[at + 1] >= 2:
        entry = apic[at:at + apic[at + 1]]
        if entry[0] == 0 and len(entry) >= 8:
            n += entry[4] & 1
        if entry[0] == 9 and len(entry) >= 16:
            n += entry[8] & 1
        at += apic[at + 1]
    return n


def judge_acpi(total, machine, fields):
    wanted = machine.get("s5_by_acpica")
    name = f"ACPI tables of {machine['machine']}"
    if fields[0] != "err 0":
        total.one(False, f"{name}: {' '.join(fields)}")
        return
    if wanted:
        pair = f"s5 1 {wanted[0]} {wanted[1] if len(wanted) > 1 else 0}"
        total.one(fields[1] == pair, f"{name}: _S5 by ACPICA {pair}, by us {fields[1]}")
    else:
        total.one(True, name)
    if machine.get("apic"):
        n = min(enabled_processors(bytes.fromhex(machine["apic"])), 32)
        total.one(fields[2] == f"cpus {n}", f"{name}: {n} processors are enabled, by us {fields[2]}")


def acpi(total, path):
    if not os.path.exists(path):
        print(f"ACPI tables: skipped: {path} is missing")
        return
    machines = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            try:
                m = json.loads(line)
                m["line"] = "\t".join([re.sub(r"\s", " ", m["machine"])] +
                                      [m.get(k) or "-" for k in ("facp", "apic", "mcfg", "s5_aml")])
                machines.append(m)
            except (ValueError, KeyError, TypeError) as e:
                total.one(False, f"{path} line {number}: {e!r}")
    out = program(total, "ACPI tables", "acpi", text="".join(m["line"] + "\n" for m in machines)).splitlines()
    before = total.failed
    for m, line in zip(machines, out):
        judge_acpi(total, m, line.split("\t")[1:])
    total.one(len(out) == len(machines), f"ACPI tables: {len(machines)} machines given, {len(out)} judged")
    print(f"ACPI tables: {len(machines)} machines, {total.failed - before} of their values not as ACPICA evaluates them")


def main():
    total = Total()
    corpus = os.environ.get("TORPOR_CORPUS") or os.path.join(os.path.dirname(TOP), "shared", "corpus")
    maps(total, "made-up", os.path.join(HERE, "made-up"))
    if os.path.isdir(corpus):
        maps(total, "real", os.path.join(corpus, "maps"))
        acpi(total, os.path.join(corpus, "acpi", "machines.jsonl"))
    else:
        print(f"real machines: skipped: there is no {corpus} (TORPOR_CORPUS names another folder)")
    print(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
