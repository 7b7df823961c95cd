#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The golden images through the product's own command: check.py TORPOR DIRECTORY (made by make.py).

Every image must be read by the decoder of this folder and by `torpor` alike: good and with the same
content, or refused by the right name. Ends with "N passed, N failed"."""

import io
import os
import subprocess
import sys

import yaml

import decode
import encode
import images
import state_stream


class Checks:
    def __init__(self, torpor):
        self.torpor, self.passed, self.failed = torpor, 0, 0

    def that(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAIL {what}")

    def run(self, *args):
        p = subprocess.run([self.torpor, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           text=True, timeout=60, check=False)
        return p.returncode, p.stdout, p.stderr


def own_view(data):
    """What this folder's decoder finds: {"node/object": (kind, length, bytes or None)}, or the
    text of its refusal."""
    try:
        reader = decode.Reader(encode.Area(io.BytesIO(data), len(data)))
        found = {}
        for s in reader.streams:
            content = [reader.content(s.kind, c) for c in reader.chunks(s)]
            found[f"{s.node}/{s.name}"] = (s.kind, s.length,
                                           b"".join(content) if s.kind == encode.BYTES else None)
        return found
    except decode.Refused as e:
        return str(e)


def state_as_yaml(data):
    """The tree that a dump of this stream must be when a YAML parser has read it."""
    def value(field, v):
        return v.hex() if field.kind == state_stream.BYTES else v

    tree = {}
    for o in state_stream.decode(data):
        tree[o.name] = [{f.name: value(f, e[f.name][0]) if f.count == 1 else
                         [value(f, v) for v in e[f.name]] for f in o.fields} for e in o.elements]
    return tree


def check_dump(c, name, path, own):
    code, out, err = c.run("dump", path)
    c.that(code == 0, f"{name}: dump: {err}")
    tree = yaml.safe_load(out)
    dumped = {f"{node['name']}/{o['name']}": o for node in tree["nodes"]
              for o in node.get("objects") or []}
    c.that(set(dumped) == set(own), f"{name}: dump has {sorted(dumped)}, not {sorted(own)}")
    for key, (kind, length, content) in own.items():
        o = dumped[key]
        if kind == encode.PAGES:
            c.that(o["type"] == "pages" and o["frames"] == length, f"{name}: dump of {key}: {o}")
        elif content[:8] == state_stream.MAGIC:
            want = state_as_yaml(content)
            c.that(o["state"] == want, f"{name}: dump of {key}: {o['state']}, not {want}")
            code, out, err = c.run("dump", path, key)
            c.that(code == 0 and yaml.safe_load(out) == want, f"{name}: dump of {key} alone: {err}")
        else:
            good = o["type"] == "bytes" and o["bytes"] == length and \
                bytes.fromhex(o.get("begins", "")) == content[:32]
            c.that(good, f"{name}: dump of {key}: {o}")


def status_of(refused):
    """As torpor.8 has it: missing, empty, not for this version, damaged."""
    return {"no image area": 4, "area is empty": 5, "unknown major version": 1,
            "feature that is unknown": 1}.get(refused, 6)


def check_image(c, name, directory):
    _, refused, _ = images.IMAGES[name]
    path = os.path.join(directory, name + ".img")
    with open(path, "rb") as f:
        data = f.read()
    own = own_view(data)
    bad_stream = refused and "state stream" in refused
    c.that(isinstance(own, str) == bool(refused and not bad_stream), f"{name}: own decoder: {own}")
    code, out, err = c.run("verify", path)
    if refused:
        c.that(code == status_of(refused) and refused in err, f"{name}: verify: {code}, {out}{err}")
        if not bad_stream:
            return
        code, out, err = c.run("dump", path)
        c.that(code == status_of(refused) and yaml.safe_load(out), f"{name}: dump: {code} {err}")
        return
    c.that(code == 0 and "good" in out, f"{name}: verify: {code}, {err}")
    code, out, err = c.run("info", path)
    c.that(code == 0 and all(key in out for key in own), f"{name}: info: {code}, {out}{err}")
    check_dump(c, name, path, own)


def main():
    c = Checks(sys.argv[1])
    for name in images.IMAGES:
        check_image(c, name, sys.argv[2])
    print(f"{c.passed} passed, {c.failed} failed")
    return 0 if c.passed and not c.failed else 1


if __name__ == "__main__":
    sys.exit(main())
