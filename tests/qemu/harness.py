# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test case gets: its directory, machines that are switched off at its end, and checks."""

import glob
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import environment  # noqa: E402,F401  (by being imported)
import disk  # noqa: E402
import gpt  # noqa: E402
import guest  # noqa: E402
import initramfs  # noqa: E402
from vm import Vm, VmError  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
OUT = os.path.join(ROOT, "out/qemu")
PRODUCT = {name: os.path.join(ROOT, "out", name) for name in ("torpor", "torpor.mb2", "torpor.efi")}
CASES = {}


class Failure(Exception):
    """A check did not hold."""


LOADERS = ("torpor.mb2", "torpor.efi")
TORPOR = ("torpor", *LOADERS)


def case(name, product=()):
    """Registers a function of one Case as a test. product: what it needs in out/."""
    def register(function):
        if name in CASES:
            raise ValueError(f"two cases are named {name}")
        CASES[name] = (function, product)
        return function
    return register


def _script(*command):
    """The line that a script of this folder prints."""
    return subprocess.run([os.path.join(ROOT, "tests/qemu", command[0]), *command[1:]], text=True,
                          stdout=subprocess.PIPE, check=True).stdout.strip()


class Build:
    """What all cases share: the kernel, and the initramfs with Torpor's command if it is built."""

    def __init__(self):
        os.makedirs(OUT, exist_ok=True)
        self._kernel = None
        self.missing = [name for name, path in PRODUCT.items() if not os.path.exists(path)]
        self.torpor = None if "torpor" in self.missing else PRODUCT["torpor"]
        self.initrd = initramfs.build(os.path.join(OUT, ".build"), self.torpor)
        self._stock, self._lock = {}, threading.Lock()
        self.loaders = [PRODUCT[name] for name in LOADERS if name not in self.missing]

    @property
    def kernel(self):
        """The test kernel; the first time on a machine it is built here, which takes minutes."""
        with self._lock:
            self._kernel = self._kernel or _script("kernel.sh")
            return self._kernel

    def own_kernel(self, suite):
        """The test kernel built from another Debian release's source, as options of Case.disk."""
        with self._lock:
            return {"kernel": _script("kernel.sh", suite)}

    def stock(self, package="linux-image-amd64", suite=""):
        """Kernel and initramfs of an unmodified distribution kernel, as options of Case.disk."""
        with self._lock:
            key = package + suite
            if key not in self._stock:
                directory = _script("stock_kernel.sh", package, suite)
                kernel, = glob.glob(os.path.join(directory, "boot/vmlinuz-*"))
                out = os.path.join(OUT, ".build", key)
                self._stock[key] = {
                    "kernel": kernel, "initrd": initramfs.build(out, self.torpor, directory)}
        return self._stock[key]


class Case:
    def __init__(self, name, build):
        self.name, self.build = name, build
        self.dir = os.path.join(OUT, name)
        self.notes = []  # facts worth a line in the report
        self.power_on_s = 0  # of the last resume: from power on to the process running again
        self._machines, self._big, self._others = [], [], []
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)

    def disk(self, name="disk", **options):
        """A new test disk (disk.build)."""
        options = {"initrd": self.build.initrd, **options}
        if "kernel" not in options:
            options["kernel"] = self.build.kernel
        return disk.build(self._image(name), loaders=self.build.loaders, **options)

    def bare_disk(self, name, parts, kind="virtio", sector_bytes=512, first=gpt.MIB):
        """A disk with empty partitions, [(name, MiB)], and nothing to boot. first: byte at which the
        first of them begins."""
        path = self._image(name)
        return disk.Disk(path, gpt.create(path, parts, sector_bytes, first), kind, sector_bytes, {})

    def _image(self, name):
        path = os.path.join(self.dir, name + ".img")
        if path in self._big:
            path = os.path.join(self.dir, f"{name}{len(self._big) + 1}.img")
        self._big.append(path)
        return path

    def keep_until_passed(self, *paths):
        """Large files that are removed when the case has passed."""
        self._big.extend(paths)

    def closed_at_end(self, thing):
        """thing.close() is called at the end of the case."""
        self._others.append(thing)
        return thing

    def copy(self, original, name):
        return original.copy(self._image(name))

    def machine(self, *disks, name="vm", **options):
        """A Vm (off) with these disks, and the Guest to talk to."""
        taken = len([m for m in self._machines if os.path.basename(m.dir).startswith(name)])
        directory = os.path.join(self.dir, name + (str(taken + 1) if taken else ""))
        machine = Vm(directory, drives=[d.drive() for d in disks], **options)
        self._machines.append(machine)
        return machine, guest.Guest(machine)

    def boot(self, *disks, more_disks=(), **options):
        """A machine that has booted Linux up to its agent."""
        machine, g = self.machine(*disks, *more_disks, **options)
        machine.start()
        g.wait_ready()
        return machine, g

    def check(self, condition, message):
        if not condition:
            raise Failure(message)

    def note(self, text):
        self.notes.append(text)

    def close(self, passed):
        """Disk images are kept only when the case failed."""
        for machine in self._machines:
            machine.stop()
        for thing in self._others:
            thing.close()
        if passed:
            for path in self._big:
                if os.path.exists(path):
                    os.remove(path)


__all__ = ["Build", "CASES", "Case", "Failure", "LOADERS", "OUT", "TORPOR", "VmError", "case"]
