# SPDX-License-Identifier: GPL-2.0-or-later
"""setup, arm, disarm and setup --remove with the power cut at each write, whatever was not flushed lost or done in
another order. What GRUB then reads, by its own drivers and so with no journal, is the old or the new, never half a
file; what a command that has returned has promised is there; and Linux, which replays the journal, can remove it."""

import hashlib
import os
import subprocess

import grub
import write_log
from gpt import MIB
from harness import PRODUCT, TORPOR, case

BOOT_MIB, VAR_MIB = 8, 8  # mke2fs makes no journal below
SETUP = "torpor setup --loader-dir /esp --loader-args 'serial=0x3f8{}'"
STEPS = [SETUP.format(""), "torpor arm", "torpor disarm", "torpor arm", SETUP.format(" strict=1"), "torpor arm",
         "torpor setup --remove"]
FILES = ["custom.cfg", "grubenv", "torpor/torpor.mb2", "torpor/torpor.efi", "torpor/facts"]
FACTS = "torpor/facts"
STATES_EVERY = 5
REMOVED_MAX = 24  # of all cuts, as many are booted into and removed: evenly spread
# What fsck.vfat found without a name is its own to leave.
LIST = "cd {0} && find . -type d ! -name lost+found | sort; find . -type f ! -name 'FSCK*.REC' | sort | xargs md5sum; cd /"


class Victim:
    """A disk with /boot and /var, and what is in /boot."""

    def __init__(self, t, kind, mount):
        self.t, self.kind, self.mount = t, kind, mount
        self.disk = t.bare_disk("victim", [("data", BOOT_MIB), ("esp", VAR_MIB)])
        self.boot, self.var = self.disk.table["data"], self.disk.table["esp"]
        self._fill()

    def _fill(self):
        files = {"grub.cfg": grub.CONFIG.encode(), "custom.cfg": b"# mine\n",
                 "grubenv": grub.environment({"saved_entry": "linux"})}
        tree = os.path.join(self.t.dir, "tree")
        os.makedirs(os.path.join(tree, "grub"))
        os.makedirs(os.path.join(tree, "var/lib"))
        for name, content in files.items():
            with open(os.path.join(tree, "grub", name), "wb") as f:
                f.write(content)
        ext4 = ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d"]
        if self.kind == "ext4":
            os.rename(os.path.join(tree, "grub"), os.path.join(tree, "boot"))
            os.makedirs(os.path.join(tree, "b"))
            os.rename(os.path.join(tree, "boot"), os.path.join(tree, "b/grub"))
            self.disk.make("data", *ext4, os.path.join(tree, "b"))
        else:
            self.disk.make("data", "mkfs.vfat", "-F", "16", "-s", "1")
            at = f"{self.disk.path}@@{self.boot.start}"
            subprocess.run(["mcopy", "-s", "-i", at, os.path.join(tree, "grub"), "::"], check=True)
        self.disk.make("esp", *ext4, os.path.join(tree, "var"))

    def mounted(self, device):
        """The shell command that mounts both partitions of this disk, or of a whole disk's copy in a file."""
        return (f"mount -t {self.kind} {self.mount} {device.format(1)} /boot && "
                f"mount -t ext4 {device.format(2)} /var")


def grub_view(path, name):
    """A file of the image as GRUB reads it; None: it is not there."""
    done = subprocess.run(["grub-fstest", path, "cat", f"(loop0)/grub/{name}"], capture_output=True, check=False)
    return None if done.returncode else done.stdout


class Watch:
    """Runs the steps on the recorded disk; then looks at each cut."""

    def __init__(self, t, victim):
        self.t, self.victim = t, victim
        self.recorder = write_log.Recorder(victim.disk, os.path.join(t.dir, "writes.log"))
        t.keep_until_passed(self.recorder.log)
        self.slots = os.path.join(t.dir, "slots.img")
        t.keep_until_passed(self.slots)
        with open(self.slots, "wb") as f:
            f.truncate(REMOVED_MAX * len(self.recorder.base) + MIB)
        more = ["-drive", f"if=none,id=slots,format=raw,file={self.slots}",
                "-device", "virtio-blk-pci,drive=slots,serial=slots"]
        self.machine, self.guest = t.boot(t.disk(area_mib=0), extra=[*self.recorder.options, *more])
        self.states, self.ends, self.versions = [], [], []

    def record(self):
        self.guest.run("swapon /dev/vda4; mkdir -p /boot /var; mount /dev/disk/esp /esp; "
                       + self.victim.mounted("/dev/vdb{}") + " && sync && sync")
        self.before = self.listing()
        self._step_done()
        for step in STEPS:
            self.guest.run(step)
            self._step_done()
        self.guest.run("umount /boot /var && sync")

    def listing(self):
        return self.guest.run(LIST.format("/boot") + "; " + LIST.format("/var"))

    def _step_done(self):
        """Where in the log, and what the files are now, to Linux."""
        self.ends.append(len(self.recorder.entries()))
        names = " ".join(f"/boot/grub/{name}" for name in FILES)
        found = self.guest.run(f"md5sum {names} 2> /dev/null", status=None)
        sums = dict(reversed(line.split(None, 1)) for line in found.splitlines())
        self.versions.append({name: sums.get(f"/boot/grub/{name}") for name in FILES})

    # ---- each cut ----

    def look(self):
        entries = self.recorder.entries()
        path = os.path.join(self.t.dir, "cut.img")
        boot, looked, faults = self.victim.boot, set(), []
        for n, (end, image) in enumerate(write_log.cuts(self.recorder.base, entries, self.ends[0])):
            if n % STATES_EVERY == 0:
                self.states.append((end, bytes(image)))
            done = sum(e <= end for e in self.ends) - 1
            content = memoryview(image)[boot.start:boot.start + boot.size]
            key = hashlib.sha1(content).digest() + bytes([done])
            if key in looked:  # another partition's write was lost
                continue
            looked.add(key)
            with open(path, "wb") as f:
                f.write(content)
            fault = self._judge(path, done)
            if fault:
                faults.append(f"cut {n}, write {end}: {fault}")
        os.remove(path)
        self.t.note(f"{self.victim.kind} {self.victim.mount}: {n + 1} power cuts in {len(entries) - self.ends[0]} writes "
                    f"and flushes; in {len(looked)} of them GRUB's partition differs: {len(faults)} wrong")
        self.t.check(not faults, "\n".join(faults[:12]))

    def _judge(self, path, done):
        """What is wrong with GRUB's view when `done` steps have returned and the next one may be at work."""
        allowed = self.versions[done:done + 2]
        now = {}
        for name in FILES:
            content = grub_view(path, name)
            now[name] = None if content is None else hashlib.md5(content).hexdigest()
            if now[name] in [v[name] for v in allowed]:
                continue
            if name == FACTS and content and len(allowed) > 1 and self._refused(path, content):
                continue
            return (f"after {done} steps ({(['nothing'] + STEPS)[done]}): {name} is neither the old nor the new, but "
                    f"{'not there' if content is None else str(len(content)) + ' bytes'}")
        if len(allowed) > 1 and "arm" in STEPS[done].split() and allowed[0]["grubenv"] != allowed[1]["grubenv"]:
            if now["grubenv"] == allowed[1]["grubenv"] and now[FACTS] != allowed[1][FACTS]:
                return f"after {done} steps: armed, and the facts are not there yet"
        return None

    def _refused(self, path, content):
        """Facts that are half written: their hash says so."""
        with open(path + ".facts", "wb") as f:
            f.write(content)
        done = subprocess.run([PRODUCT["torpor"], "facts", path + ".facts"], capture_output=True, check=False)
        os.remove(path + ".facts")
        return done.returncode != 0

    # ---- Linux after it ----

    def _checked(self, image):
        """As a distribution's boot leaves it. FAT has no journal: whatever was being written may have lost its
        clusters, and Linux mounts it read-only at the first sight of that."""
        if self.victim.kind != "vfat":
            return image
        boot, path = self.victim.boot, os.path.join(self.t.dir, "fsck.img")
        with open(path, "wb") as f:
            f.write(image[boot.start:boot.start + boot.size])
        done = subprocess.run(["fsck.vfat", "-a", "-w", path], capture_output=True, text=True, check=False)
        self.t.check(done.returncode in (0, 1), f"fsck.vfat: {done.returncode}\n{done.stdout}{done.stderr}")
        with open(path, "rb") as f:
            image = image[:boot.start] + f.read() + image[boot.start + boot.size:]
        os.remove(path)
        return image

    def remove(self):
        """Removed from some of them, each mounted as Linux would at the next boot."""
        size = len(self.recorder.base)
        states = self.states
        states = [states[i * len(states) // REMOVED_MAX] for i in range(min(REMOVED_MAX, len(states)))]
        with open(self.slots, "r+b") as f:
            for i, (_, image) in enumerate(states):
                f.seek(i * size)
                f.write(self._checked(image))
        for i, (end, _) in enumerate(states):
            loops = "; ".join(f"losetup -o {i * size + p.start} /dev/loop{n} /dev/vdc"
                              for n, p in ((1, self.victim.boot), (2, self.victim.var)))
            self.guest.run(f"{loops}; {self.victim.mounted('/dev/loop{}')}")
            said = self.guest.run("torpor setup --remove 2>&1", status=None)
            left = self.listing()
            self.guest.run("umount /boot /var; losetup -d /dev/loop1; losetup -d /dev/loop2")
            self.t.check(left == self.before, f"cut at write {end}: --remove leaves something:\n{said}\n{self.before}\n\n{left}")
        self.t.note(f"setup --remove after {len(states)} of them: as before")


def _cuts(name, kind, mount=""):
    @case(name, product=TORPOR)
    def run(t):
        watch = Watch(t, Victim(t, kind, mount))
        watch.record()
        watch.look()
        watch.remove()
        watch.machine.stop()


_cuts("cuts-ext4", "ext4")
_cuts("cuts-ext4-data-journal", "ext4", "-o data=journal")
_cuts("cuts-fat", "vfat")
