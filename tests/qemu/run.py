#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs whole-machine tests in QEMU.

    run.py [-j N] [-l] [--again] [PATTERN...]   shell patterns of case names; all cases without any

--again: what failed runs once more, alone, when all others are done; both results are printed, the
second one counts, and the first one's logs are kept in out/qemu/NAME.first/. An emulated machine on a busy host has hiccups of its own.

Prints PASS or FAIL for each case (with the seconds from power on until the saved system's processes
went on, of the last resume), a table of the matrix-* cases, and the number of both at the end; the
exit status is 0 only when something ran and nothing failed. Logs are in out/qemu/NAME/ (of failed cases with their disks).
TORPOR_TEST_SLOW=2 doubles every time-out.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import signal
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))

import harness  # noqa: E402
import cases_boot  # noqa: E402,F401  (registers its cases)
import cases_cuts  # noqa: E402,F401
import cases_debian  # noqa: E402,F401
import cases_debian_changes  # noqa: E402,F401
import cases_disks  # noqa: E402,F401  (registers its cases)
import cases_export  # noqa: E402,F401
import cases_facts  # noqa: E402,F401
import cases_file  # noqa: E402,F401  (registers its cases)
import cases_filesystems  # noqa: E402,F401  (registers its cases)
import cases_faults  # noqa: E402,F401  (registers its cases)
import cases_hibernate  # noqa: E402,F401  (registers its cases)
import cases_matrix  # noqa: E402
import cases_memory  # noqa: E402,F401  (registers its cases)
import cases_refuse  # noqa: E402,F401  (registers its cases)
import cases_save  # noqa: E402,F401  (registers its cases)
import cases_setup  # noqa: E402,F401
import cases_soak  # noqa: E402,F401
import cases_stock  # noqa: E402,F401
import cases_stock_refuse  # noqa: E402,F401
import cases_toy  # noqa: E402,F401
import vm  # noqa: E402

print_lock = threading.Lock()
interrupted = threading.Event()


def interrupt(*_):
    interrupted.set()
    vm.kill_all()


def run_case(name, build):
    """Returns whether it passed."""
    function, product = harness.CASES[name]
    started = time.monotonic()
    case = harness.Case(name, build)
    error = None
    try:
        missing = [name for name in product if name in build.missing]
        if missing:
            raise harness.Failure("not built: " + " ".join(missing))
        if interrupted.is_set():
            raise harness.Failure("interrupted")
        function(case)
    except (harness.Failure, harness.VmError) as e:
        error = str(e)
    except Exception:  # a mistake in the case itself
        error = traceback.format_exc()
    case.close(error is None)
    with print_lock:
        if error is None:
            resume = f", resumed in {case.power_on_s:.1f} s" if case.power_on_s else ""
            print(f"PASS {name} ({time.monotonic() - started:.0f} s{resume})", flush=True)
        else:
            first, _, rest = error.strip().partition("\n")
            print(f"FAIL {name}: {first}", flush=True)
            print("".join(f"    {line}\n" for line in rest.splitlines()), end="")
            print(f"    logs: {os.path.relpath(case.dir)}", flush=True)
        for note in case.notes:
            print(f"    {note}", flush=True)
    return error is None


def keep_first(directory):
    """The logs of a first try that failed stay, without its disks."""
    first = directory + ".first"
    shutil.rmtree(first, ignore_errors=True)
    shutil.copytree(directory, first, ignore=shutil.ignore_patterns("*.img"))


def main():
    parser = argparse.ArgumentParser(description="whole-machine tests in QEMU")
    parser.add_argument("-j", type=int, default=1, metavar="N", help="cases at the same time")
    parser.add_argument("-l", action="store_true", help="list the cases")
    parser.add_argument("--again", action="store_true", help="a second try for what failed")
    parser.add_argument("patterns", nargs="*", default=["*"])
    args = parser.parse_args()
    for pattern in args.patterns:
        if not fnmatch.filter(harness.CASES, pattern):
            parser.error(f"no case is named {pattern}")
    names = [n for n in harness.CASES if any(fnmatch.fnmatch(n, p) for p in args.patterns)]
    if args.l:
        print("\n".join(names))
        return 0
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    build = harness.Build()
    assert build.kernel  # before any case's clock runs
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        results = dict(zip(names, pool.map(lambda name: run_case(name, build), names)))
    for name in [name for name in names if args.again and not results[name]]:
        print(f"AGAIN {name}", flush=True)
        keep_first(os.path.join(harness.OUT, name))
        results[name] = run_case(name, build)
    cases_matrix.report(results)
    passed = sum(results.values())
    print(f"{passed} passed, {len(names) - passed} failed")
    return 0 if names and passed == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
