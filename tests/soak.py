#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make soak` runs: the long things. A table of the fuzzers' coverage, then whole machines.

    soak.py [--fuzz NAME...] [--seconds N] [--cuts N] [--cycles N] [--seed N]

--seconds: for each fuzzer. --cuts: power cuts in a real save; --cycles: saves and resumes of one guest
(0: leave it out). Ends with "N passed, N failed"; logs are in out/fuzz and out/qemu.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

import environment  # noqa: F401  (by being imported)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def covered(name, inputs):
    """(lines run, lines) of the product's files that the fuzzer gets into, over all these inputs."""
    program, raw = f"out/cover/{name}", f"out/cover/{name}.profraw"
    env = {**os.environ, "LLVM_PROFILE_FILE": raw}
    quiet = {"cwd": TOP, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    subprocess.run([program, "-runs=0", *inputs], env=env, check=True, **quiet)
    subprocess.run(["llvm-profdata", "merge", "-o", f"{program}.profdata", raw], check=True,
                   **quiet)
    out = subprocess.run(["llvm-cov", "export", "-summary-only",
                          f"-instr-profile={program}.profdata", program], check=True, **quiet).stdout
    os.remove(os.path.join(TOP, raw))
    run = total = 0
    for f in json.loads(out)["data"][0]["files"]:
        lines = f["summary"]["lines"]
        if lines["covered"] and "/tests/" not in "/" + os.path.relpath(f["filename"], TOP):
            run, total = run + lines["covered"], total + lines["count"]
    return run, total


def fuzz(name, seconds):
    """A row of the table, and whether it passed."""
    corpus, seeds = f"out/fuzz/corpus/{name}", f"tests/fuzz/corpus/{name}"
    os.makedirs(os.path.join(TOP, corpus), exist_ok=True)
    inputs = [corpus] + ([seeds] if os.path.isdir(os.path.join(TOP, seeds)) else [])
    command = [f"out/fuzz/{name}", f"-max_total_time={seconds}", "-timeout=20",
               f"-artifact_prefix=out/fuzz/{name}-", *inputs]
    log = os.path.join(TOP, f"out/fuzz/{name}.log")
    with open(log, "w", encoding="utf-8") as f:
        code = subprocess.run(command, cwd=TOP, stdout=f, stderr=f, check=False).returncode
    with open(log, encoding="utf-8", errors="replace") as f:
        done = re.findall(r"^#(\d+)\s.* cov: (\d+) ft: (\d+) corp: (\d+)", f.read(), re.MULTILINE)
    if code or not done:
        return f"| {name} | FAILED, exit status {code}: {log} |", False
    runs, edges, features, kept = done[-1]
    run, total = covered(name, inputs)
    percent = 100 * run // total if total else 0
    return (f"| {name} | {runs} | {edges} | {features} | {kept} | {run} of {total} ({percent} %) |",
            True)


def fuzz_all(names, seconds):
    print(f"\n{seconds} s for each fuzzer. Lines: of the product's files that it gets into.\n\n"
          "| fuzzer | runs | edges | features | inputs kept | lines run |\n|---|---|---|---|---|---|",
          flush=True)
    results = []
    for name in names:
        row, good = fuzz(name, seconds)
        print(row, flush=True)
        results.append(good)
    return results


def machine(case, **env):
    """One long case; its lines come as it goes on."""
    print(f"\n{case}", flush=True)
    env = {**os.environ, **{k: str(v) for k, v in env.items()}}
    p = subprocess.run([sys.executable, "tests/qemu/run.py", case], cwd=TOP, env=env, check=False)
    return p.returncode == 0


def main():
    parser = argparse.ArgumentParser(description="the long tests")
    parser.add_argument("--fuzz", nargs="*", default=[])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="0: a new one, which is printed")
    args = parser.parse_args()
    started = time.monotonic()
    results = fuzz_all(args.fuzz, args.seconds) if args.fuzz else []
    if args.cuts:
        results.append(machine("soak-power-cuts", TORPOR_SOAK_CUTS=args.cuts,
                               TORPOR_SOAK_SEED=args.seed))
    if args.cycles:
        results.append(machine("soak-cycles", TORPOR_SOAK_CYCLES=args.cycles))
    print(f"\ntook {time.monotonic() - started:.0f} s")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
