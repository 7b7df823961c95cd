"""What a test case gets: its directory, machines that are switched off at its end, and checks."""

import os
import shutil
import subprocess

import disk
import guest
import initramfs
from vm import Vm, VmError

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
OUT = os.path.join(ROOT, "out/qemu")
PRODUCT = {name: os.path.join(ROOT, "out", name) for name in ("torpor", "torpor.mb2", "torpor.efi")}
CASES = {}


class Failure(Exception):
    """A check did not hold."""


def case(name, product=False):
    """Registers a function of one Case as a test. product: it needs Torpor itself in out/."""
    def register(function):
        if name in CASES:
            raise ValueError(f"two cases are named {name}")
        CASES[name] = (function, product)
        return function
    return register


class Build:
    """What all cases share: the kernel, and the initramfs with Torpor's command if it is built."""

    def __init__(self):
        os.makedirs(OUT, exist_ok=True)
        self.kernel = subprocess.run([os.path.join(ROOT, "tests/qemu/kernel.sh")], text=True,
                                     stdout=subprocess.PIPE, check=True).stdout.strip()
        self.missing = [path for path in PRODUCT.values() if not os.path.exists(path)]
        torpor = PRODUCT["torpor"]
        self.initrd = initramfs.build(os.path.join(OUT, ".build"),
                                      torpor if os.path.exists(torpor) else None)
        self.loaders = [PRODUCT[name] for name in ("torpor.mb2", "torpor.efi")
                        if os.path.exists(PRODUCT[name])]


class Case:
    def __init__(self, name, build):
        self.name, self.build = name, build
        self.dir = os.path.join(OUT, name)
        self.notes = []  # facts worth a line in the report
        self._machines, self._big = [], []
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)

    def disk(self, name="disk", **options):
        """A new test disk (disk.build)."""
        path = os.path.join(self.dir, name + ".img")
        self._big.append(path)
        return disk.build(path, self.build.kernel, self.build.initrd, self.build.loaders, **options)

    def copy(self, original, name):
        path = os.path.join(self.dir, name + ".img")
        self._big.append(path)
        return original.copy(path)

    def machine(self, *disks, name="vm", **options):
        """A Vm (off) with these disks, and the Guest to talk to."""
        machine = Vm(os.path.join(self.dir, name), drives=[d.drive() for d in disks], **options)
        self._machines.append(machine)
        return machine, guest.Guest(machine)

    def boot(self, *disks, **options):
        """A machine that has booted Linux up to its agent."""
        machine, g = self.machine(*disks, **options)
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
        if passed:
            for path in self._big:
                if os.path.exists(path):
                    os.remove(path)


__all__ = ["Build", "CASES", "Case", "Failure", "OUT", "VmError", "case"]
