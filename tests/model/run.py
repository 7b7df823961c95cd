#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol as a model: properties hold, mutations do not, and the real code does what the model does.

    run.py OUT          all of it; a line a setting, mutation and trace; ends with "N passed, N failed"
    run.py OUT NAME...  only settings, mutations (MUT_...) and traces of these names

OUT/trace is the program that tells what the real code writes (trace.c).

README.md of this folder says how to read a counterexample.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import environment  # noqa: E402,F401  (by being imported)

HERE = os.path.dirname(os.path.abspath(__file__))

# What is searched whole, each to the end. Own images and stock ones are also looked at apart: that is quicker.
SETTINGS = {
    "own": dict(DOORS=1, KINDS=1, FORCES=0, SECTORS=0),
    "own-sectors": dict(DOORS=1, KINDS=1, FORCES=0, SECTORS=1),
    "own-forced": dict(DOORS=1, KINDS=1, FORCES=1, SECTORS=0),
    "stock": dict(DOORS=1, KINDS=2, FORCES=1, SECTORS=0),
    "grub": dict(DOORS=6, KINDS=1, FORCES=0, SECTORS=0),
    "grub-stock": dict(DOORS=6, KINDS=2, FORCES=1, SECTORS=0),
    "bios-always": dict(DOORS=8, KINDS=1, FORCES=0, SECTORS=0),
    "bios-always-stock": dict(DOORS=8, KINDS=2, FORCES=0, SECTORS=0),
    "both": dict(DOORS=1, KINDS=3, FORCES=0, SECTORS=0),
}
WHAT = {
    "own": "own images, an EFI entry that comes first",
    "own-sectors": "the same, a header sector goes bad",
    "own-forced": "the same, with force=1 once",
    "stock": "stock images, an EFI entry that comes first, force=1 once",
    "grub": "own images, GRUB's choice for one boot",
    "grub-stock": "stock images, GRUB's choice for one boot, force=1 once",
    "bios-always": "own images, the loader is the default entry under BIOS",
    "bios-always-stock": "stock images, the loader is the default entry under BIOS",
    "both": "both kinds on one disk",
}
LIMIT_S = 900  # far above what any run takes


class Total:
    def __init__(self):
        self.passed = self.failed = 0

    def add(self, good, text):
        self.passed += good
        self.failed += not good
        print(f"{'PASS' if good else 'FAIL'} {text}", flush=True)


def mutations():
    """Number, name, properties that may break, setting; from mutations.pml."""
    line = re.compile(r"#define (MUT_\w+)\s+MUT\((\d+)\)\s*/\* ([\d,]+) ([\w-]+)")
    with open(os.path.join(HERE, "mutations.pml")) as f:
        return [(int(n), name, set(p.split(",")), setting) for name, n, p, setting in line.findall(f.read())]


def build(out, name, switches):
    """A program that searches the model, in a folder of its own."""
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    for file in os.listdir(HERE):
        if file.endswith(".pml"):
            shutil.copy(os.path.join(HERE, file), folder)
    for command in (["spin", "-a", *switches, "protocol.pml"],
                    ["gcc", "-O0", "-w", "-DSAFETY", "-DCOLLAPSE", "-DNOFAIR", "-DNOBOUNDCHECK", "-o", "pan", "pan.c"]):
        p = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            sys.exit(f"{' '.join(command)}: {p.stdout}")
    return os.path.join(folder, "pan")


def search(pan, name, settings):
    """Property that does not hold ("" none, None: not searched to the end), number of states, seconds."""
    folder = os.path.join(os.path.dirname(pan), name)
    os.makedirs(folder, exist_ok=True)
    begun = time.monotonic()
    env = dict(os.environ, **{k: str(v) for k, v in settings.items()})
    p = subprocess.run([pan, "-m100000", "-w22"], cwd=folder, env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
    seconds = time.monotonic() - begun
    states = re.search(r"(\d+) states, stored", p.stdout)
    broken = re.search(r"assertion violated \(+(\d)&&", p.stdout)
    whole = "errors: 0" in p.stdout and "max search depth too small" not in p.stdout
    return (broken.group(1) if broken else "" if whole else None), int(states.group(1)) if states else 0, seconds


def follow(pan, name, events):
    """How many events of this trace the model can follow; all of them: the real code did what the model does."""
    folder = os.path.dirname(pan)
    path = os.path.join(folder, f"{name}.trace")
    with open(path, "w") as f:
        f.write("".join(f"{event}\n" for event in events))
    env = dict(os.environ, TRACE=path, FORCES="0", SECTORS="0")
    p = subprocess.run([pan, "-E", "-m20000", "-w16"], cwd=folder, env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
    followed = re.search(r"followed (\d+) events", p.stdout)
    whole = "assertion violated (event!=0)" in p.stdout
    n = int(followed.group(1)) if followed else -1
    return n if whole == (n == len(events)) else -1


def wrong_traces(events):
    """The same, with one event of the code left out, or exchanged with a neighbour. What fails, and when power
    returns, is not the code's doing. A judge that was not asked, and a write that fails, is also a boot whose own
    save fails. A trace may end anywhere."""
    mine = [event not in ("reset", "fails") and not (event.startswith("facts") and after == "fails")
            for event, after in zip(events, events[1:] + [""])]
    for i in range(len(events) - 1):
        if mine[i]:
            yield f"without event {i + 1} ({events[i]})", events[:i] + events[i + 1:]
        if events[i] != events[i + 1] and (mine[i] or mine[i + 1]):
            yield f"event {i + 1} after {i + 2}", events[:i] + [events[i + 1], events[i]] + events[i + 2:]


def is_the_same(wrong, right):
    return wrong == right[:len(wrong)]


def check_traces(total, out, pan, trace, pool, wanted):
    names = subprocess.run([trace], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    for name in names:
        if wanted and name not in wanted:
            continue
        begun = time.monotonic()
        p = subprocess.run([trace, name], stdout=subprocess.PIPE, text=True,
                           env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        events = p.stdout.splitlines()
        n = follow(pan, name, events) if not p.returncode and events else -1
        stopped = f", which stops before event {n + 1} ({events[n]})" if 0 <= n < len(events) else ""
        total.add(n == len(events), f"trace {name}: {len(events)} events of the real code, "
                  f"{max(n, 0)} followed by the model{stopped}")
        wrong = [w for w in wrong_traces(events) if not is_the_same(w[1], events)]
        jobs = [(what, e, pool.submit(follow, pan, f"{name}-{i}", e)) for i, (what, e) in enumerate(wrong)]
        accepted = [what for what, e, job in jobs if job.result() == len(e)]
        total.add(bool(wrong) and not accepted, f"trace {name}: {len(wrong)} wrong ones, {len(accepted)} followed"
                  f"{': ' if accepted else ''}{'; '.join(accepted)}; {time.monotonic() - begun:.1f} s")


def counterexample(folder, settings):
    switches = " ".join(f"-D{k}={v}" for k, v in settings.items())
    return f"cd {os.path.dirname(folder)}; spin -t -k {os.path.basename(folder)}/protocol.pml.trail {switches} protocol.pml"


def main():
    out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "out/model")
    wanted = sys.argv[2:]
    total = Total()
    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        building = [pool.submit(build, out, "protocol", ["-DCHECK"]),
                    pool.submit(build, out, "follower", ["-DCHECK", "-DTRACE"])]
        pan, follower = (b.result() for b in building)
    print(f"built in {time.monotonic() - begun:.1f} s", flush=True)
    jobs = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, settings in SETTINGS.items():
            if not wanted or name in wanted:
                jobs.append((name, None, settings, pool.submit(search, pan, name, settings)))
        for number, name, properties, setting in mutations():
            settings = dict(SETTINGS[setting], MUTATION=number)
            if not wanted or name in wanted:
                jobs.append((name, properties, settings, pool.submit(search, pan, name, settings)))
        for name, properties, settings, job in jobs:
            broken, states, seconds = job.result()
            cost = f"{states} states, {seconds:.1f} s"
            if properties is None:
                total.add(broken == "", f"{name}: {WHAT[name]}: "
                          f"{'all properties hold' if broken == '' else f'property {broken} does not hold'}; {cost}")
            else:
                total.add(broken in properties, f"{name}: "
                          f"{f'breaks property {broken}' if broken else 'nothing found'}; {cost}")
            if broken and properties is None or broken and broken not in (properties or ()):
                print("    " + counterexample(os.path.join(os.path.dirname(pan), name), settings), flush=True)
        check_traces(total, out, follower, os.path.join(out, "trace"), pool, wanted)
    print(f"took {time.monotonic() - begun:.1f} s")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
