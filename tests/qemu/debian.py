"""A Debian as its installer leaves it, as a test disk: systemd, initramfs-tools, an unmodified kernel, GRUB
for BIOS and for UEFI installed by grub-install, swap in /etc/fstab. Made once for each list of packages and
kept outside the tree; what the tests need beside it is an agent on the second serial port.

    debian.py [SUITE]   makes it and prints its path
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid

import disk
import gpt
import guest
import vm

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = {"bookworm": "12", "trixie": "13"}
# Beside what is essential. Nothing here knows of Torpor.
PACKAGES = ("systemd-sysv dbus libpam-systemd udev kmod linux-image-amd64 initramfs-tools zstd e2fsprogs dosfstools "
            "grub2-common grub-pc-bin grub-efi-amd64-bin efibootmgr iproute2 procps util-linux "
            "busybox-static").split()
PARTS = [("bios", 1), ("esp", 96), ("data", 2600), ("swap", 1100)]  # data: the root
LINUX_ARGS = "console=ttyS0 no_console_suspend panic=-1 agent=ttyS1"

AGENT_UNIT = """\
[Unit]
Description=Commands of the test, from the second serial port
After=multi-user.target
[Service]
ExecStart=/usr/local/bin/agent /dev/ttyS1
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


def _run(*command, **kw):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def _mirror():
    """The machine's own."""
    sites = _run("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages").split()
    return next(s for s in sites if s.rstrip("/").endswith("/debian"))


def _cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("TORPOR_CACHE") or os.path.join(base, "torpor")


def _key(suite):
    with open(__file__, "rb") as f, open(os.path.join(HERE, "guest/agent"), "rb") as agent:
        return hashlib.sha256(suite.encode() + f.read() + agent.read()).hexdigest()[:12]


class DebianDisk(disk.Disk):
    """A copy of an installed system; GRUB's variables are its own business."""

    def copy(self, path):
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.path, path], check=True)
        return DebianDisk(path, self.table, self.kind, self.sector_bytes, {})


def installed(suite="bookworm"):
    """The installed system, to be copied: never booted itself."""
    path = os.path.join(_cache(), f"debian-{suite}-{_key(suite)}")
    if not os.path.exists(path):
        os.makedirs(_cache(), exist_ok=True)
        work = tempfile.mkdtemp(prefix=f"debian-{suite}.", dir=_cache())
        try:
            _install(suite, work)
            os.chmod(work, 0o755)
            try:
                os.rename(work, path)
            except OSError:  # another one was faster
                if not os.path.exists(path):
                    raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
    with open(os.path.join(path, "table.json"), encoding="ascii") as f:
        table = {p[1]: gpt.Partition(*p) for p in json.load(f)}
    return DebianDisk(os.path.join(path, "disk.img"), table, "virtio", 512, {})


def _write(root, path, content, mode=0o644):
    full = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="ascii") as f:
        f.write(content)
    os.chmod(full, mode)


def _configure(root, ids):
    _write(root, "/etc/fstab", f"UUID={ids['root']} / ext4 errors=remount-ro 0 1\n"
           "LABEL=ESP /boot/efi vfat umask=0077 0 1\n"
           f"UUID={ids['swap']} none swap sw 0 0\n")
    _write(root, "/etc/hostname", "debian\n")
    _write(root, "/etc/hosts", "127.0.0.1 localhost debian\n")
    _write(root, "/etc/default/grub", GRUB_DEFAULT)
    _write(root, "/etc/initramfs-tools/conf.d/resume", f"RESUME=UUID={ids['swap']}\n")
    _write(root, "/etc/systemd/system/agent.service", AGENT_UNIT)
    _write(root, "/data/hello", "the data partition\n")
    shutil.copy(os.path.join(HERE, "guest/agent"), os.path.join(root, "usr/local/bin/agent"))
    os.chmod(os.path.join(root, "usr/local/bin/agent"), 0o755)
    wants = os.path.join(root, "etc/systemd/system/multi-user.target.wants")
    os.makedirs(wants, exist_ok=True)
    os.symlink("/etc/systemd/system/agent.service", os.path.join(wants, "agent.service"))
    for unit in ("apt-daily.timer", "apt-daily-upgrade.timer", "serial-getty@ttyS1.service"):
        os.symlink("/dev/null", os.path.join(root, "etc/systemd/system", unit))
    os.makedirs(os.path.join(root, "boot/efi"), exist_ok=True)


def _install(suite, work):
    root, image = os.path.join(work, "root"), os.path.join(work, "disk.img")
    ids = {name: str(uuid.uuid4()) for name in ("root", "swap")}
    tar = os.path.join(work, "root.tar")
    _run("mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=Acquire::Languages \"none\"",
         f"--include={','.join(PACKAGES)}", suite, tar, f"deb {_mirror()} {suite} main")
    os.makedirs(root)
    _run("tar", "-xf", tar, "-C", root, "--numeric-owner")
    os.remove(tar)
    _configure(root, ids)
    table = gpt.create(image, PARTS)
    with open(os.path.join(work, "table.json"), "w", encoding="ascii") as f:
        json.dump([[p.number, p.name, str(p.guid), p.start, p.size] for p in table.values()], f)
    esp, data = table["esp"], table["data"]
    _run("mkfs.vfat", "-F", "32", "-s", "1", "-n", "ESP", "--offset", str(esp.start // 512), image,
         str(esp.size // 1024))
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-U", ids["root"], "-L", "root", "-d", root, "-E",
         f"offset={data.start},nodiscard", image, f"{data.size // 1024}k")
    made = disk.Disk(image, table, "virtio", 512, {})
    made.make("swap", "mkswap", "-q", "-U", ids["swap"])
    _first_boot(work, root, made, ids)
    shutil.rmtree(root)


def _first_boot(work, root, made, ids):
    """Without a boot loader: installs one, from inside."""
    boot = os.path.join(root, "boot")
    kernel, = [f for f in os.listdir(boot) if f.startswith("vmlinuz-")]
    machine = vm.Vm(os.path.join(work, "vm"), drives=[made.drive()], extra=[
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
