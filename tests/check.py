#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that `make check` runs after the build, in order; one line a part, counts at the end.

    check.py --unit NAME... --fuzz NAME... --qemu PATTERN... [--fuzz-seconds N] [--jobs N]
    check.py --only-unit --unit NAME...     what `make unit` runs

Ends with "N passed, N failed"; a part that printed no result counts as a failure.
"""

import argparse
import os
import re
import subprocess
import sys
import time

import environment  # noqa: F401  (by being imported)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Total:
    def __init__(self):
        self.passed = self.failed = 0
        self.bad = []

    def add(self, name, passed, failed, output=""):
        self.passed += passed
        self.failed += failed
        print(f"{'PASS' if passed and not failed else 'FAIL'} {name}: {passed} passed, {failed} failed",
              flush=True)
        if failed or not passed:
            self.bad.append(name)
            print(output, flush=True)

    def end(self, started):
        """The last lines, and the exit status."""
        print(f"took {time.monotonic() - started:.0f} s")
        if self.bad:
            print(f"failed: {', '.join(self.bad)}")
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.passed and not self.failed else 1


def run(command, **kw):
    """Exit status and output; -1 for what does not end in time."""
    try:
        p = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, **kw)
    except subprocess.TimeoutExpired as e:
        return -1, (e.stdout or b"").decode(errors="replace") + f"\nkilled after {e.timeout:g} s"
    except OSError as e:
        return -1, str(e)
    return p.returncode, p.stdout.decode(errors="replace")


def unit(total, names):
    for name in names:
        code, out = run([f"out/unit/{name}"], timeout=900)
        passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", out))
        failed = sum(int(n) for n in re.findall(r"\[  FAILED  \].*? (\d+) test", out))
        if not passed or (code and not failed):
            failed += 1
        said = re.sub(r"^\[ (?:RUN  |      OK) +\] .*\n", "", out, flags=re.MULTILINE)
        total.add(f"unit {name}", passed, failed, said)
        for note in re.findall(r"^note: (.*)$", out, re.MULTILINE):
            print(f"    {note}", flush=True)


def fuzz(total, names, seconds):
    for name in names:
        corpus = f"tests/fuzz/corpus/{name}"
        work = os.path.join(TOP, "out/fuzz/work", name)
        os.makedirs(work, exist_ok=True)
        command = [f"out/fuzz/{name}", f"-max_total_time={seconds}", "-timeout=20",
                   f"-artifact_prefix=out/fuzz/work/{name}-", work]
        if os.path.isdir(os.path.join(TOP, corpus)):
            command.append(corpus)
        code, out = run(command, timeout=seconds * 4 + 120)
        runs = re.search(r"Done (\d+) runs", out)
        good = code == 0 and runs is not None
        total.add(f"fuzz {name} ({runs.group(1) if runs else 'no'} runs)", int(good), int(not good), out[-3000:])


def style(total):
    code, out = run(["git", "ls-files", "*.c", "*.h"])
    files = out.split() if code == 0 else []
    if files:
        code, out = run(["clang-format", "--dry-run", "-Werror"] + files)
    good = code == 0 and bool(files)
    total.add("style (.clang-format)", int(good), int(not good), out[-3000:])
    bad = [f for f in files if not f.startswith("tests/") and
           re.search(r'#include [<"](tests/|fake_|cmocka)', open(os.path.join(TOP, f)).read())]
    total.add("nothing includes tests", int(not bad), int(bool(bad)), " ".join(bad))
    license(total)


def license(total):
    code, out = run(["git", "ls-files", "*.[chS]", "*.asm", "*.inc", "*.ld", "*.py", "*.sh", "*.mk", "*.pml",
                     "Makefile", ".ci/run", "tests/qemu/guest"])
    files = out.split() if code == 0 else []
    bad = [f for f in files if "SPDX-License-Identifier: GPL-2.0-or-later" not in
           "".join(open(os.path.join(TOP, f)).readlines()[:2])]
    total.add("each source names its license", int(bool(files) and not bad), int(not files or bool(bad)),
              " ".join(bad))


def docs(total):
    """Manual pages, HACKING.md and README.md against the programs."""
    code, out = run([sys.executable, "tests/docs.py"], timeout=120)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", out, re.MULTILINE)
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    total.add("documents", passed, failed or int(code != 0), out[-3000:])


def command(total):
    """The command as it is built, started in odd ways."""
    code, out = run([sys.executable, "tests/command.py"], timeout=600)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", out, re.MULTILINE)
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    total.add("the command, however it is started", passed, failed or int(code != 0), out[-3000:])


def golden(total):
    """Images by an independent encoder, through the command; by the python3 that the packages are for."""
    code, out = run(["/usr/bin/python3", "tests/golden/check.py", "out/torpor", "out/golden"], timeout=600)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", out, re.MULTILINE)
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    total.add("golden images", passed, failed or int(code != 0), out[-3000:])


def corpus(total):
    """Maps and tables of machines as they are (tests/corpus/run.py); what is not there is skipped, and said so."""
    code, out = run([sys.executable, "tests/corpus/run.py"], timeout=600)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", out, re.MULTILINE)
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    total.add("corpus of machines", passed, failed or int(code != 0), out[-6000:])
    for line in re.findall(r"^.*: skipped: .*$", out, re.MULTILINE):
        print(f"    {line}", flush=True)


def model(total):
    """The protocol: properties, mutations, traces of the real code."""
    code, out = run(["/usr/bin/python3", "tests/model/run.py", "out/model"], timeout=900)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", out, re.MULTILINE)
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    total.add("model", passed, failed or int(code != 0), out[-6000:])


def qemu(total, jobs, patterns):
    p = subprocess.Popen([sys.executable, "tests/qemu/run.py", "--again", "-j", str(jobs)] + patterns, cwd=TOP,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    counts = None
    for line in p.stdout:
        print(line, end="", flush=True)
        counts = re.fullmatch(r"(\d+) passed, (\d+) failed\n", line) or counts
    p.wait()
    passed, failed = (int(counts.group(1)), int(counts.group(2))) if counts else (0, 1)
    if p.returncode and not failed:
        failed = 1
    total.add("whole machines", passed, failed)


def main():
    parser = argparse.ArgumentParser(description="everything that make check runs")
    parser.add_argument("--unit", nargs="*", default=[])
    parser.add_argument("--only-unit", action="store_true")
    parser.add_argument("--fuzz", nargs="*", default=[])
    parser.add_argument("--fuzz-seconds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--qemu", nargs="*", default=[])
    args = parser.parse_args()
    started = time.monotonic()
    total = Total()
    if args.only_unit:
        unit(total, args.unit)
        return total.end(started)
    style(total)
    docs(total)
    unit(total, args.unit)
    command(total)
    golden(total)
    corpus(total)
    model(total)
    fuzz(total, args.fuzz, args.fuzz_seconds)
    if args.qemu:
        qemu(total, args.jobs, args.qemu)
    return total.end(started)


if __name__ == "__main__":
    sys.exit(main())
