# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian as its installer leaves it, as a test disk: systemd, initramfs-tools, an unmodified kernel, GRUB
for BIOS and for UEFI installed by grub-install, swap in /etc/fstab, DHCP. Made once for each list of packages
and kept outside the tree; what the tests need beside it is an agent on the second serial port.

    debian.py [SUITE]   makes it and prints its path
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid

import disk
import gpt
import guest
import story
import vm

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "guest/agent"), encoding="ascii") as _f:
    AGENT = _f.read()
with open(__file__, encoding="ascii") as _f:
    KEY = hashlib.sha256((_f.read() + AGENT).encode()).hexdigest()[:12]  # of what runs, whatever is edited meanwhile
KERNEL = "linux-image-amd64"
# Packages of one suite only. systemd-boot is there, but not installed to the ESP.
SUITES = {"bookworm": [], "trixie": ["systemd-boot"]}
# Beside what is essential. Nothing here knows of Torpor.
PACKAGES = ("systemd-sysv dbus libpam-systemd udev kmod initramfs-tools zstd e2fsprogs dosfstools "
            "grub2-common grub-pc-bin grub-efi-amd64-bin efibootmgr iproute2 procps util-linux "
            "busybox-static").split()
PARTS = [("bios", 1), ("esp", 200), ("data", 2600), ("swap", 1100)]  # data: the root
# As in many container images: half of the files that nobody reads here.
DPKG_OPTIONS = [f"path-exclude=/usr/share/{d}/*" for d in ("doc", "man", "info", "locale")]
LINUX_ARGS = "console=ttyS0 no_console_suspend panic=-1 agent=ttyS1"

AGENT_UNIT = """\
[Unit]
Description=Commands of the test, from the second serial port
After=multi-user.target
[Service]
ExecStart=/bin/bash /usr/local/bin/agent /dev/ttyS1
Environment=HOME=/root
Restart=always
RestartSec=1
StandardOutput=journal+console
[Install]
WantedBy=multi-user.target
"""

# As Debian's installer and packages leave them, but for the console.
GRUB_DEFAULT = f"""\
GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=quiet
GRUB_CMDLINE_LINUX="{LINUX_ARGS}"
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_DISABLE_OS_PROBER=true
"""

NETWORK = """\
[Match]
Name=en*
[Network]
DHCP=ipv4
"""


def _run(*command, **kw):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def _mirror():
    """The machine's own."""
    sites = _run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").split()
    return next(s for s in sites if s.rstrip("/").endswith("/debian"))


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("TORPOR_CACHE") or os.path.join(base, "torpor")


class DebianDisk(disk.Disk):
    """A copy of an installed system; GRUB's variables are its own business."""

    def copy(self, path):
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.path, path], check=True)
        return DebianDisk(path, self.table, self.kind, self.sector_bytes, {})


def installed(suite="bookworm"):
    """The installed system, to be copied: never booted itself. Who comes second waits for the first."""
    path = os.path.join(cache(), f"debian-{suite}-{KEY}")
    os.makedirs(cache(), exist_ok=True)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            work = tempfile.mkdtemp(prefix=f"debian-{suite}.", dir=cache())
            try:
                _install(suite, work)
                os.chmod(work, 0o755)
                os.rename(work, path)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    with open(os.path.join(path, "table.json"), encoding="ascii") as f:
        table = {p[1]: gpt.Partition(*p) for p in json.load(f)}
    return DebianDisk(os.path.join(path, "disk.img"), table, "virtio", 512, {})


class _Overlay:
    """Files that come on top of the packages, as a tar file; all of root's."""

    def __init__(self, path):
        self._tar = tarfile.open(path, "w")

    def write(self, path, content, mode=0o644):
        self._add(path, mode, io.BytesIO(content.encode()), size=len(content.encode()))

    def link(self, path, target):
        self._add(path, 0o777, type=tarfile.SYMTYPE, linkname=target)

    def folder(self, path):
        self._add(path, 0o755, type=tarfile.DIRTYPE)

    def _add(self, path, mode, content=None, **facts):
        info = tarfile.TarInfo("." + path)
        info.mode, info.mtime = mode, int(time.time())
        for name, value in facts.items():
            setattr(info, name, value)
        self._tar.addfile(info, content)

    def close(self):
        self._tar.close()


def _configure(overlay, ids):
    overlay.write("/etc/fstab", f"UUID={ids['root']} / ext4 errors=remount-ro 0 1\n"
                  "LABEL=ESP /boot/efi vfat umask=0077 0 1\n"
                  f"UUID={ids['swap']} none swap sw 0 0\n")
    overlay.write("/etc/hostname", "debian\n")
    overlay.write("/etc/hosts", "127.0.0.1 localhost debian\n")
    overlay.write("/etc/default/grub", GRUB_DEFAULT)
    overlay.write("/etc/initramfs-tools/conf.d/resume", f"RESUME=UUID={ids['swap']}\n")
    overlay.write("/etc/systemd/network/wired.network", NETWORK)
    overlay.write("/etc/systemd/system/agent.service", AGENT_UNIT)
    overlay.write("/usr/local/bin/agent", AGENT, 0o755)
    overlay.folder("/data")
    overlay.write("/data/hello", "the data partition\n")
    overlay.folder("/boot/efi")
    wants = "/etc/systemd/system/multi-user.target.wants"
    overlay.link(f"{wants}/agent.service", "/etc/systemd/system/agent.service")
    overlay.link(f"{wants}/systemd-networkd.service", "/lib/systemd/system/systemd-networkd.service")
    for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "serial-getty@ttyS1.service"):
        overlay.link(f"/etc/systemd/system/{unit}", "/dev/null")


def _install(suite, work):
    root, image, boot = (os.path.join(work, name) for name in ("root", "disk.img", "boot"))
    ids = {name: str(uuid.uuid4()) for name in ("root", "swap")}
    tar, overlay = os.path.join(work, "root.tar"), os.path.join(work, "overlay.tar")
    with contextlib.closing(_Overlay(overlay)) as files:
        _configure(files, ids)
    # The kernel comes last: its initramfs is made once only, and with what was configured.
    _run("mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=Acquire::Languages \"none\"",
         *(f"--dpkgopt={option}" for option in DPKG_OPTIONS), f"--include={','.join(PACKAGES + SUITES[suite])}",
         f"--customize-hook=tar-in {overlay} /",
         "--customize-hook=chroot \"$1\" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "
         f"--no-install-recommends install {KERNEL}",
         f"--customize-hook=copy-out /boot {work}", suite, tar, f"deb {_mirror()} {suite} main")
    os.makedirs(root)
    table = gpt.create(image, PARTS)
    with open(os.path.join(work, "table.json"), "w", encoding="ascii") as f:
        json.dump([[p.number, p.name, str(p.guid), p.start, p.size] for p in table.values()], f)
    esp, data = table["esp"], table["data"]
    _run("mkfs.vfat", "-F", "32", "-s", "1", "-n", "ESP", "--offset", str(esp.start // 512), image,
         str(esp.size // 1024))
    as_root = [] if os.geteuid() == 0 else ["fakeroot"]
    _run(*as_root, "sh", "-ec", "tar -xf \"$1\" -C \"$2\" --numeric-owner; shift; exec mke2fs -q -F -t ext4 -L root "
         "-d \"$@\"", "sh", tar, root, "-U", ids["root"], "-E", f"offset={data.start},nodiscard", image,
         f"{data.size // 1024}k")
    made = disk.Disk(image, table, "virtio", 512, {})
    made.make("swap", "mkswap", "-q", "-U", ids["swap"])
    _first_boot(work, boot, made, ids)
    for path in (root, boot):
        shutil.rmtree(path)
    os.remove(tar)


def _first_boot(work, boot, made, ids):
    """Without a boot loader: installs one, from inside."""
    kernel, = [f for f in os.listdir(boot) if f.startswith("vmlinuz-")]
    machine = vm.Vm(os.path.join(work, "vm"), drives=[made.drive()], cpu=story.NEWER_KERNELS_CPU, extra=[
        "-kernel", os.path.join(boot, kernel), "-initrd", os.path.join(boot, kernel.replace("vmlinuz", "initrd.img")),
        "-append", f"root=UUID={ids['root']} ro {LINUX_ARGS}"])
    g = guest.Guest(machine)
    try:
        machine.start()
        g.wait_ready(600)
        for command in ("grub-install --target=i386-pc /dev/vda",
                        "grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram",
                        "update-grub", "systemctl is-system-running --wait || systemctl --failed"):
            g.run(command, timeout_s=600)
        g.start("systemctl poweroff")
        machine.wait_end(300)
    finally:
        machine.stop()


if __name__ == "__main__":
    print(installed(*sys.argv[1:]).path)
