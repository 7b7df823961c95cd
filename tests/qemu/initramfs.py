# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initramfs: busybox, the agent, test programs, and programs of the host with their
libraries. A cpio archive (newc) written here, so that no root and no device files are needed."""

import lzma
import os
import re
import stat
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "guest")
DIRECTORIES = ("bin dev etc lib lib64 mnt proc root run sbin sys tmp usr usr/bin usr/lib "
               "usr/sbin").split()


class Archive:
    def __init__(self):
        self.files = {}  # path: (mode, content, device)
        for d in DIRECTORIES:
            self.files[d] = (stat.S_IFDIR | 0o755, b"", (0, 0))
        self.files["dev/console"] = (stat.S_IFCHR | 0o600, b"", (5, 1))

    def add(self, path, host_path, mode=0o755):
        with open(host_path, "rb") as f:
            self._make_parents(path)
            self.files[path] = (stat.S_IFREG | mode, f.read(), (0, 0))

    def add_bytes(self, path, content):
        self._make_parents(path)
        self.files[path] = (stat.S_IFREG | 0o644, content, (0, 0))

    def add_text(self, path, text):
        self.add_bytes(path, text.encode())

    def link(self, path, target):
        self._make_parents(path)
        self.files.setdefault(path, (stat.S_IFLNK | 0o777, target.encode(), (0, 0)))

    def add_program(self, host_path, path):
        """A program of the host, and the shared libraries that it needs."""
        self.add(path, host_path)
        text = subprocess.run(["ldd", host_path], capture_output=True, text=True,
                              check=False).stdout
        for library in re.findall(r"(/\S+\.so\S*)", text):
            self.add(library.lstrip("/"), os.path.realpath(library))

    def _make_parents(self, path):
        parts = path.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            self.files.setdefault("/".join(parts[:i]), (stat.S_IFDIR | 0o755, b"", (0, 0)))

    def cpio(self):
        out = bytearray()
        for inode, (path, (mode, content, device)) in enumerate(sorted(self.files.items()), 1):
            out += _member(path, mode, content, device, inode)
        out += _member("TRAILER!!!", 0, b"", (0, 0), 0)
        return bytes(out)


def _member(path, mode, content, device, inode):
    name = path.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    head += b"\0" * (-len(head) % 4)
    return head + content + b"\0" * (-len(content) % 4)


def compile_guest_program(name, out_dir):
    """tests/qemu/guest/NAME.c as a static program in out_dir, unless it is there and newer."""
    source, program = os.path.join(GUEST, name + ".c"), os.path.join(out_dir, name)
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-g0", "-Wall", "-Wextra", "-Wshadow", "-Wvla",
                        "-Wmissing-prototypes", "-Werror", "-static", "-s", "-o", program + ".new",
                        source], check=True)
        os.replace(program + ".new", program)
    return program


# What the test disks need of a kernel whose drivers are modules.
MODULES = ("crc32c_generic virtio_pci virtio_blk nvme ahci sd_mod ext4 vfat nls_cp437 nls_ascii "
           "efivarfs lz4 lz4_compress").split()


def add_modules(archive, kernel_dir):
    """MODULES of an unpacked kernel package and all they need; init loads them in this order. What a
    kernel has built in, or under another name, is not among its modules."""
    version, = os.listdir(os.path.join(kernel_dir, "lib/modules"))
    base = os.path.join(kernel_dir, "lib/modules", version)
    needs = {}  # name: paths, itself first
    with open(os.path.join(base, "modules.dep"), encoding="ascii") as f:
        for line in f:
            path, _, others = line.partition(":")
            name = os.path.basename(path).removesuffix(".xz").removesuffix(".ko")
            needs[name.replace("-", "_")] = [path, *others.split()]
    order = []
    for name in MODULES:
        order += [path for path in reversed(needs.get(name, [])) if path not in order]
    for path in order:
        host_path = os.path.join(base, path)
        if path.endswith(".xz"):
            with lzma.open(host_path) as f:
                archive.add_bytes("lib/modules/" + path.removesuffix(".xz"), f.read())
        else:
            archive.add("lib/modules/" + path, host_path, 0o644)
    archive.add_text("etc/modules",
                     "".join(f"/lib/modules/{path.removesuffix('.xz')}\n" for path in order))


def build(out_dir, torpor=None, kernel_dir=None):
    """Writes out_dir/initrd and returns its path. torpor: the product's command, when there is one.
    kernel_dir: an unpacked kernel package whose modules are needed."""
    os.makedirs(out_dir, exist_ok=True)
    archive = Archive()
    archive.add("bin/busybox", "/bin/busybox")
    for applet in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True,
                                 check=True).stdout.split():
        archive.link("bin/" + applet, "busybox")
    archive.add("init", os.path.join(GUEST, "init"))
    archive.add("bin/agent", os.path.join(GUEST, "agent"))
    for name in ("workload", "jump-probe", "diskspeed"):
        archive.add("bin/" + name, compile_guest_program(name, out_dir))
    for program in ("/usr/bin/efibootmgr", "/usr/bin/grub-editenv", "/usr/bin/chattr",
                    "/usr/sbin/kexec"):
        archive.add_program(os.path.realpath(program), program.lstrip("/"))
    if kernel_dir:
        add_modules(archive, kernel_dir)
    if torpor:
        archive.add("bin/torpor", torpor)
    initrd = os.path.join(out_dir, "initrd")
    lz4 = subprocess.run(["lz4", "-l", "-9", "-c"], input=archive.cpio(), stdout=subprocess.PIPE,
                         check=True).stdout
    with open(initrd + ".new", "wb") as f:
        f.write(lz4)
    os.replace(initrd + ".new", initrd)
    return initrd
