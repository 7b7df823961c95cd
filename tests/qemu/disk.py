# SPDX-License-Identifier: GPL-2.0-or-later
"""The test disk: boots Linux by SeaBIOS+GRUB, by OVMF+GRUB, and directly by EFI entries; made
without root. Partitions: bios (GRUB's core), esp (kernel, initrd, GRUB, the loaders), data (ext4),
torpor (image area), swap."""

import os
import shutil
import subprocess

import gpt
import grub
import vm

LINUX_ARGS = "console=ttyS0 no_console_suspend panic=-1 agent=ttyS1"


class Disk:
    def __init__(self, path, table, kind, sector_bytes, env):
        self.path, self.table, self.kind = path, table, kind
        self.sector_bytes, self._env = sector_bytes, env

    def drive(self, kind=None, serial=""):
        return vm.drive(self.path, kind or self.kind, self.sector_bytes, serial)

    def copy(self, path):
        """Another disk with the same content; sparse."""
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.path, path], check=True)
        return Disk(path, self.table, self.kind, self.sector_bytes, dict(self._env))

    def set_env(self, **variables):
        """GRUB's variables for the boots to come: next_entry ("linux", "resume", "resume-efi"; for
        one boot), linux_args, torpor_args. The machine is off."""
        self._env.update(variables)
        kept = {k: v for k, v in self._env.items() if v}
        self.put("/boot/grub/grubenv", grub.environment(kept))
        self._env.pop("next_entry", None)

    def torpor_args(self):
        """The loader's command line in GRUB's entries."""
        return self._env["torpor_args"]

    def linux_args(self):
        return self._env["linux_args"]

    def put(self, path, content):
        """Writes a file to the ESP. The machine is off."""
        subprocess.run(["mcopy", "-D", "o", "-i", self._esp(), "-", "::" + path], input=content,
                       check=True)

    def get(self, path):
        """Reads a file of the ESP. The machine is off."""
        return subprocess.run(["mcopy", "-n", "-i", self._esp(), "::" + path, "-"], check=True,
                              stdout=subprocess.PIPE).stdout

    def read_partition(self, name, offset, size):
        with open(self.path, "rb") as f:
            f.seek(self.table[name].start + offset)
            return f.read(size)

    def write_partition(self, name, offset, content):
        with open(self.path, "r+b") as f:
            f.seek(self.table[name].start + offset)
            f.write(content)

    def extract(self, name, path):
        """The partition as a file of its own, sparse."""
        p = self.table[name]
        _run("dd", f"if={self.path}", f"of={path}", "bs=1M", f"skip={p.start // gpt.MIB}",
             f"count={p.size // gpt.MIB}", "conv=sparse", "status=none")
        return path

    def make(self, name, *command):
        """Runs a mkfs or mkswap on the partition, as a file of its own whose path comes last."""
        p, path = self.table[name], f"{self.path}.{name}"
        with open(path, "wb") as f:
            f.truncate(p.size)
        _run(*command, path)
        _run("dd", f"if={path}", f"of={self.path}", "bs=1M", f"seek={p.start // gpt.MIB}",
             "conv=notrunc,sparse", "status=none")
        os.remove(path)

    def fsck(self):
        """Raises when the data partition is not a clean ext4. The machine is off."""
        path = self.extract("data", self.path + ".fsck")
        try:
            done = subprocess.run(["e2fsck", "-f", "-n", path], capture_output=True, text=True,
                                  check=False)
            if done.returncode != 0:
                raise vm.VmError(f"e2fsck -fn: exit status {done.returncode}\n{done.stdout}")
        finally:
            os.remove(path)

    def _esp(self):
        return f"{self.path}@@{self.table['esp'].start}"


def build(path, kernel, initrd, loaders=(), area_mib=1024, swap_mib=768, data_mib=512,
          kind="virtio", sector_bytes=512, torpor_args="serial=0x3f8", linux_args="", esp_mib=64,
          mbr=None):
    """loaders: host paths of torpor.mb2 and torpor.efi, as far as there are any. mbr: the disk signature, where
    there is to be no GUID partition table; only for BIOS, and without an area."""
    parts = [("bios", 1), ("esp", esp_mib), ("data", data_mib), ("torpor", area_mib),
             ("swap", swap_mib)]
    table = gpt.create(path, [p for p in parts if p[1]], sector_bytes)
    work = path + ".work"
    os.makedirs(work)
    try:
        disk = Disk(path, table, kind, sector_bytes, {"torpor_args": torpor_args,
                                                      "linux_args": f"{LINUX_ARGS} {linux_args}"})
        _make_esp(disk, work, kernel, initrd, loaders)
        if sector_bytes == 512:
            core = os.path.join(work, "core.img")
            grub.mkimage("i386-pc", core, "gpt" if mbr is None else "msdos")
            grub.install_bios(path, core, table["bios"].start, table["bios"].size)
        _make_data(disk, work)
        if swap_mib:
            disk.make("swap", "mkswap", "-q", "-L", "swap")
        if mbr is not None:
            gpt.to_mbr(path, table, mbr)
    finally:
        shutil.rmtree(work)
    return disk


def _make_esp(disk, work, kernel, initrd, loaders):
    esp = disk.table["esp"]
    fat = "32" if disk.sector_bytes == 512 else "16"  # by the count of clusters
    _run("mkfs.vfat", "-F", fat, "-S", str(disk.sector_bytes), "-s", "1", "-n", "ESP", "--offset",
         str(esp.start // disk.sector_bytes), disk.path, str(esp.size // 1024))
    _run("mmd", "-i", disk._esp(), "::/EFI", "::/EFI/BOOT", "::/boot", "::/boot/grub")
    grub_efi, config = os.path.join(work, "BOOTX64.EFI"), os.path.join(work, "grub.cfg")
    grub.mkimage("x86_64-efi", grub_efi)
    with open(config, "w", encoding="ascii") as f:
        f.write(grub.CONFIG)
    files = {grub_efi: "/EFI/BOOT/BOOTX64.EFI", config: "/boot/grub/grub.cfg", kernel: "/vmlinuz",
             initrd: "/initrd"}
    files.update({loader: "/" + os.path.basename(loader) for loader in loaders})
    for source, target in files.items():
        _run("mcopy", "-i", disk._esp(), source, "::" + target)
    disk.set_env()


def _make_data(disk, work):
    """ext4, populated from a directory."""
    data, tree = disk.table["data"], os.path.join(work, "data")
    os.makedirs(tree)
    with open(os.path.join(tree, "hello"), "w", encoding="ascii") as f:
        f.write("the data partition\n")
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "data", "-d", tree, "-E",
         f"offset={data.start},nodiscard", disk.path, f"{data.size // 1024}k")


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
