# SPDX-License-Identifier: GPL-2.0-or-later
"""The long stories of `make soak`; a few turns of each as cases like all others.

TORPOR_SOAK_CUTS, TORPOR_SOAK_CYCLES: how many turns; TORPOR_SOAK_SEED: repeats the random moments."""

import os
import random
import time

import image
from harness import TORPOR, VmError, case
from story import NO_RESUME, Story

CUTS = int(os.environ.get("TORPOR_SOAK_CUTS", "3"))
CYCLES = int(os.environ.get("TORPOR_SOAK_CYCLES", "3"))
SEED = int(os.environ.get("TORPOR_SOAK_SEED", "0")) or random.SystemRandom().getrandbits(32)


def tell(t, text):
    """A line at once, and in the case's own log: a soak takes hours."""
    print(f"    {t.name}: {text}", flush=True)
    with open(os.path.join(t.dir, "soak.log"), "a", encoding="utf-8") as f:
        f.write(text + "\n")


# Why the loader boots on, by the state in the header.
REASONS = {"EMPTY": "the image area is empty", "CONSUMED": "resumed before"}


class Load:
    """Files on the data partition that are written all the time, each with its hash beside it."""

    LOOP = ("mkdir -p /data/load; touch /run/load; i=0; while [ -e /run/load ]; do "
            "i=$((i+1)); f=/data/load/$((i % 12)); "
            "dd if=/dev/urandom of=$f bs=16k count=$((i % 40 + 1)) 2> /dev/null && "
            "md5sum $f > $f.md5 || touch /data/load/failed; done")

    def __init__(self, guest):
        self.guest = guest
        guest.run("mkdir -p /data/still && for i in 1 2 3 4 5 6 7 8; do "
                  "dd if=/dev/urandom of=/data/still/$i bs=64k count=16 2> /dev/null; done; "
                  "md5sum /data/still/* > /data/still.md5; sync", timeout_s=120)
        self.start()

    def start(self):
        self.guest.run(f"({self.LOOP}) > /dev/null 2>&1 & load=$!")

    def check(self):
        """What was written before and during a save has its hash, read from the disk."""
        self.guest.run("rm /run/load; wait $load; [ ! -e /data/load/failed ] && sync && "
                       "echo 3 > /proc/sys/vm/drop_caches && md5sum -cs /data/still.md5 && "
                       "for f in /data/load/*.md5; do md5sum -cs $f || exit 1; done", timeout_s=240)
        self.start()

    def end(self):
        self.guest.run("rm -f /run/load; wait $load")


@case("soak-cycles", product=TORPOR)
def soak_cycles(t):
    """Save, power cycle, resume, again and again in one guest with load on its ext4."""
    story = Story(t, "seabios-grub", t.disk())
    story.work(32)
    load = Load(story.guest)
    for i in range(CYCLES):
        started = time.monotonic()
        story.cycle()
        load.check()
        tell(t, f"cycle {i + 1} of {CYCLES}: resumed, all hashes right ({time.monotonic() - started:.0f} s)")
    load.end()
    story.end()
    t.note(f"{CYCLES} cycles, e2fsck -f clean")


class Cuts:
    """A guest that is killed while it saves. What the disk then says of itself decides what the next
    boot must do: a complete image is resumed, anything else is not."""

    def __init__(self, t):
        self.t, self.rnd = t, random.Random(SEED)
        self.story = Story(t, "seabios-grub", t.disk(), on_reset="reset")
        self.story.work(16)
        started = time.monotonic()
        self.story.save()
        self.save_s = time.monotonic() - started
        self.story.resume()
        self.story.verify()
        self.resumed = self.booted_on = 0

    def kill_in_save(self):
        story, after_s = self.story, self.rnd.uniform(0, 1.25 * self.save_s)
        story.job = story.guest.start(story.save_command("poweroff"))
        time.sleep(after_s)
        story.machine.kill()
        return after_s

    def boot_on(self, state):
        """The loader says why not, and Linux boots; its journal makes the file system right."""
        story = self.story
        reason = story.machine.wait_for(NO_RESUME, 120).group(1)
        self.t.check(REASONS.get(state, "") in reason, f"image {state}, but: {reason}")
        story.guest.wait_ready(180)
        story.work(16)
        return reason

    def turn(self):
        story = self.story
        after_s = self.kill_in_save()
        state, _ = image.state(story.disk)
        story.choose_resume()
        story.machine.start()
        if state in ("VALID", "LOADING"):
            story.finish()
            story.verify()
            self.resumed += 1
            return f"killed after {after_s:.2f} s, image {state}: resumed"
        self.booted_on += 1
        return f"killed after {after_s:.2f} s, image {state}: booted on: {self.boot_on(state)}"


@case("soak-power-cuts", product=TORPOR)
def soak_power_cuts(t):
    """QEMU killed at random moments of a real save: the next boot resumes the whole image or boots on,
    as the header on the disk says, and the file system is clean at the end."""
    tell(t, f"seed {SEED} (TORPOR_SOAK_SEED repeats it)")
    cuts = Cuts(t)
    tell(t, f"a whole save takes {cuts.save_s:.1f} s")
    for i in range(CUTS):
        try:
            tell(t, f"cut {i + 1} of {CUTS}: {cuts.turn()}")
        except VmError:
            tell(t, f"cut {i + 1} of {CUTS}: failed")
            raise
    cuts.story.end()
    t.note(f"seed {SEED}: {CUTS} cuts: {cuts.resumed} resumed, {cuts.booted_on} booted on, "
           "e2fsck -f clean")
