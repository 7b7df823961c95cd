#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an heir would trip over, counted: information, not a gate. For what make has built in out/.

    metrics.py [-v]      -v: names, too, where only numbers are printed otherwise
"""

import argparse
import os
import re
import statistics
import subprocess
from collections import defaultdict

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LONG_FILE = 400  # lines


def lines_of(path):
    return open(path, encoding="utf-8", errors="replace").read().split("\n")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         stdout=subprocess.PIPE, text=True, check=True)
    return [f for f in out.stdout.split() if os.path.exists(f)]


def is_test(path):
    return path.startswith("tests/")


def function_lengths(path):
    """(lines from the signature to the closing brace, name) of each function."""
    start = name = None
    for i, line in enumerate(lines_of(path)):
        signature = re.match(r"[A-Za-z_]", line) and re.search(r"(\w+)\(", line)
        if signature and not line.endswith(";"):
            start, name = i, signature.group(1)
        if line == "}" and start is not None:
            yield i - start + 1, name
            start = None


def symbols(path):
    """Global functions and data that an object defines, and what it wants."""
    out = subprocess.run(["nm", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    defined, functions, wanted = set(), set(), set()
    for line in out.splitlines():
        kind, name = line[17:18], line[19:]
        if kind == "U":
            wanted.add(name)
        elif kind in "TDBRCVW":
            defined.add(name)
            if kind == "T":
                functions.add(name)
    return defined, functions, wanted


def objects(kind):
    """Source path: symbols, of the objects below out/KIND whose source is there."""
    found = {}
    for folder, _, names in os.walk(f"out/{kind}"):
        for name in names:
            source = os.path.relpath(os.path.join(folder, name), f"out/{kind}")[:-2]
            if name.endswith(".c.o") and os.path.exists(source) and not is_test(source):
                found[source] = symbols(os.path.join(folder, name))
    return found


def components(edges):
    """Sets of nodes that reach each other (Tarjan), those of more than one node."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in edges[v]:
            if w not in index:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            at = stack.index(v)
            part = stack[at:]
            del stack[at:]
            if len(part) > 1:
                found.append(sorted(part))

    for v in sorted(edges):
        if v not in index:
            visit(v)
    return found


def cycles(program):
    definers = defaultdict(list)
    for source, (defined, _, _) in program.items():
        for name in defined:
            definers[name].append(source)
    edges = {source: {definers[n][0] for n in wanted if len(definers.get(n, [])) == 1} - {source}
             for source, (_, _, wanted) in program.items()}
    return components(edges)


def uncommented(path):
    """Prototypes and structs of a header with no comment: neither above them nor beside them. One comment is good for
    the lines up to the next empty one."""
    bare, covered, inside = [], False, False
    lines = lines_of(path)
    i = 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            covered = False
        if "/*" in line:
            covered = True
        if re.match(r"^[A-Za-z_][^#=]*\(|^(struct|enum|union) \w+ \{", line) and \
                not re.match(r"^(static |extern |_Static|static_assert)", line):
            whole = line
            while not re.search(r"[;{]\s*(/\*.*)?$", whole) and i + 1 < len(lines):
                i += 1
                whole += " " + lines[i].strip()
            name = re.search(r"(\w+) ?[({]", whole)
            body_comment = False
            if whole.rstrip().endswith("{"):
                while i + 1 < len(lines) and not lines[i].startswith("}"):
                    i += 1
                    body_comment |= "/*" in lines[i]
            if not covered and "/*" not in whole and not body_comment and name:
                bare.append(name.group(1))
        i += 1
    return bare


def linked_by_suites():
    """Sources that a unit suite links, by make's own word."""
    out = subprocess.run(["make", "-pnqrR", "unit-build"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True).stdout
    linked = set()
    for line in out.splitlines():
        if line.startswith("out/unit/") and ":" in line:
            for word in line.split(":", 1)[1].split():
                linked.add(re.sub(r"^out/(san/[^/]+|plain)/(.*\.c)\.o$", r"\2", word))
    return linked


def opens_with_comment(path):
    for line in lines_of(path):
        if line.strip() and "SPDX-License-Identifier" not in line:
            return line.startswith(("/*", "//"))
    return False


def say(title, names, verbose, total=None):
    of = f" of {total}" if total is not None else ""
    print(f"{title}: {len(names)}{of}")
    if verbose:
        for name in names:
            print(f"    {name}")


def main():
    parser = argparse.ArgumentParser(description="information about the sources")
    parser.add_argument("-v", action="store_true", dest="verbose")
    verbose = parser.parse_args().verbose
    os.chdir(TOP)
    sources = tracked("*.c")
    product = [f for f in sources if not is_test(f)]
    headers = [f for f in tracked("*.h") if not is_test(f)]

    for title, files in (("product", product), ("tests", [f for f in sources if is_test(f)])):
        lengths = sorted((n, name, f) for f in files for n, name in function_lengths(f))
        if lengths:
            n = [length for length, _, _ in lengths]
            p90 = n[len(n) * 9 // 10]
            print(f"functions of {title}: {len(n)}; lines: median {statistics.median(n):g}, "
                  f"p90 {p90}, max {n[-1]} ({lengths[-1][1]}, {lengths[-1][2]})")
    sizes = [(len(lines_of(f)) - 1, f) for f in sources + tracked("*.h")]
    say(f"files over {LONG_FILE} lines", [f"{n} {f}" for n, f in sorted(sizes, reverse=True) if n > LONG_FILE], True)

    programs = {kind: objects(kind) for kind in ("host", "metal", "efi")}
    found = []
    for program in programs.values():
        found += [c for c in cycles(program) if c not in found]
    say("cycles between files", [" ".join(c) for c in sorted(found)], True)

    bare = [(f, uncommented(f)) for f in headers]
    say("headers with a prototype or struct without contract",
        [f"{f}: {' '.join(names)}" for f, names in bare if names], verbose, len(headers))

    public = {f: functions for program in programs.values() for f, (_, functions, _) in program.items()}
    rooms = defaultdict(lambda: [0, 0, []])
    for f in sorted(public):
        stem = os.path.basename(f)[:-2]
        for name in sorted(public[f] - {"main"}):
            room = rooms[f.split("/")[0]]
            room[1] += 1
            if name != stem and not name.startswith(stem + "_"):
                room[0] += 1
                room[2].append(f"{f}: {name}")
    print("public functions without their file's name as prefix: " +
          ", ".join(f"{room} {n} of {all_}" for room, (n, all_, _) in sorted(rooms.items())))
    if verbose:
        for _, _, names in rooms.values():
            print("".join(f"    {name}\n" for name in names), end="")

    linked = linked_by_suites()
    say(".c files that no unit suite links", [f for f in product if f not in linked], True, len(product))
    say(".c files without an opening comment", [f for f in sources if not opens_with_comment(f)], verbose, len(sources))


if __name__ == "__main__":
    main()
