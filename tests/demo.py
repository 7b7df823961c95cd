#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make demo: both stories on the terminal, in QEMU. First a stock Debian kernel that hibernates by itself
and is resumed by the loader, without a second Linux; meanwhile the kernel of the second story is built, once on a
machine. That one is Torpor's own: Linux boots, a program counts, `torpor save`, power off, GRUB's "resume" entry,
the program goes on counting."""

import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "qemu"))

import harness  # noqa: E402

COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /run/count; sleep 0.2; done"


def say(text):
    print(f"\n\033[1m== {text}\033[0m", flush=True)


def show(text, keep):
    for line in text.splitlines():
        if re.search(keep, line):
            print("   " + re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line), flush=True)


def count(guest):
    return int(guest.run("cat /run/count"))


def begin(t, **disk_options):
    disk = t.disk(**disk_options)
    machine, guest = t.boot(disk)
    print("   " + guest.run("uname -sr; nproc; free -m | sed -n 2p").replace("\n", "\n   "))
    guest.run(f"({COUNTER}) > /dev/null 2>&1 &")
    time.sleep(2)
    say("A program is counting")
    for _ in range(3):
        print(f"   count is {count(guest)}", flush=True)
        time.sleep(0.5)
    return disk, machine, guest


def go_on(guest, before):
    say("The program goes on counting where it was")
    for _ in range(3):
        now = count(guest)
        print(f"   count is {now} (was {before} at the save)", flush=True)
        time.sleep(0.5)
    if not before <= now < before + 1000:
        raise SystemExit("demo: FAILED: the counter was lost")


def own_story(build):
    t = harness.Case("demo", build)
    try:
        say("Linux 6.1 with CONFIG_KEXEC_JUMP boots in QEMU (SeaBIOS, GRUB)")
        disk, machine, guest = begin(t)
        before = count(guest)
        say("torpor save --to /dev/vda4 --then poweroff")
        job = guest.start("torpor save --to /dev/vda4 --then poweroff")
        machine.wait_end(300)
        print("   the machine is off", flush=True)
        say("Power on; GRUB's entry \"resume\" starts the loader")
        disk.set_env(next_entry="resume")
        machine.start()
        result = guest.finish(job, 300)
        show(machine.console.text(), r"^loader: ")
        say(f"{machine.seconds_on():.1f} s after power on; torpor says")
        print("   " + result.output.replace("\n", "\n   "))
        if result.status:
            raise SystemExit("demo: FAILED")
        go_on(guest, before)
    finally:
        t.close(True)


def stock_story(build):
    t = harness.Case("demo-stock", build)
    try:
        say("Debian's own kernel, unmodified, hibernates by itself: echo disk > /sys/power/state")
        disk, machine, guest = begin(t, swap_mib=1024, **build.stock())
        before = count(guest)
        guest.run("swapon /dev/vda5")
        job = guest.start("echo disk > /sys/power/state")
        machine.wait_end(300)
        print("   the machine is off", flush=True)
        say("Power on; the same loader reads the kernel's image")
        disk.set_env(next_entry="resume")
        machine.start()
        result = guest.finish(job, 300)
        show(machine.console.text(), r"^(loader|stock): ")
        say(f"{machine.seconds_on():.1f} s after power on")
        if result.status:
            raise SystemExit("demo: FAILED")
        go_on(guest, before)
    finally:
        t.close(True)


def main():
    started = time.monotonic()
    kernel = subprocess.Popen(["nice", "-n", "19", os.path.join(HERE, "qemu/kernel.sh")], start_new_session=True,
                              stdout=subprocess.DEVNULL)
    try:
        build = harness.Build()
        stock_story(build)
        say(f"That was the first story, {time.monotonic() - started:.0f} s after its beginning")
        if kernel.poll() is None:
            print("   the kernel of the second one is still being built (minutes, once on a machine)", flush=True)
        kernel.wait()
        own_story(build)
    finally:
        if kernel.poll() is None:
            os.killpg(kernel.pid, signal.SIGTERM)
    say("Done. `make check` runs the tests; README.md says how to use it on a real machine.")


if __name__ == "__main__":
    main()
