# SPDX-License-Identifier: GPL-2.0-or-later
"""Torpor on an installed Debian: a machine with it, systemd's sleep, and all that must be right after one."""

import difflib
import os
import re
import subprocess
import time

import checks
import debian
import initramfs
import network
from harness import OUT, PRODUCT, TORPOR
from story import NEWER_KERNELS_CPU, NO_RESUME

FOLDER = "/usr/lib/torpor"  # where a package would put it
LIFE = os.path.join(initramfs.GUEST, "life")
CPUS = {"bookworm": "max,la57=off", "trixie": NEWER_KERNELS_CPU}
JUMP = "from the first instruction; jump"  # the loader's last words
CLOCK_S = 2  # how far the clock may be off after a resume
# Where setup writes, whole; anywhere else what is newer than the installation.
TREES = "/boot /etc /usr/lib/systemd /usr/local"
CHANGES = ("/var/log /var/lib/systemd /var/tmp /root /data /proc /sys /dev /run /tmp").split()


def put(disk, host_path, path):
    """A file into the root, the machine being off."""
    folder = os.path.dirname(path)
    script = "".join(f"mkdir {folder[:i]}\n" for i in range(1, len(folder) + 1)
                     if i == len(folder) or folder[i] == "/") + f"rm {path}\nwrite {host_path} {path}\n"
    subprocess.run(["debugfs", "-w", "-f", "-", _root(disk)], input=script, text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def get(disk, path):
    """The text of a file of the root, the machine being off."""
    return subprocess.run(["debugfs", "-R", f"cat {path}", _root(disk)], check=True, text=True,
                          capture_output=True).stdout


def _root(disk):
    return f"{disk.path}?offset={disk.table['data'].start}"


def edit_grub_config(disk, old, new):
    """As update-grub would after a change in /etc/default/grub, the machine being off."""
    text, path = get(disk, "/boot/grub/grub.cfg"), disk.path + ".grub.cfg"
    if old not in text:
        raise ValueError(f"no {old!r} in grub.cfg")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))
    put(disk, path, "/boot/grub/grub.cfg")
    os.remove(path)


class Debian:
    """words: for the kernel's command line. more_disks: beside the one that it is installed on."""

    def __init__(self, t, firmware="seabios", suite="bookworm", words="", more_disks=(), extra=(), **options):
        self.t, self.efi, self.beats, self.lived = t, firmware == "ovmf", None, 0
        self.disk = t.copy(debian.installed(suite), "disk")
        for name in TORPOR:
            put(self.disk, PRODUCT[name], f"{FOLDER}/{name}")
        workload = initramfs.compile_guest_program("workload", os.path.join(OUT, ".build"))
        put(self.disk, workload, "/usr/local/bin/workload")
        put(self.disk, LIFE, "/usr/local/bin/life")
        if words:
            edit_grub_config(self.disk, "agent=ttyS1", f"agent=ttyS1 {words}")
        self.network = t.closed_at_end(network.Network())
        # A machine that resets itself goes on, as real ones do.
        self.machine, self.guest = t.machine(
            self.disk, *more_disks, firmware=firmware, on_reset="reset", ram_mib=options.pop("ram_mib", 1024),
            cpu=CPUS[suite], extra=[*self.network.options(), *extra], **options)
        self.boot()
        self.run(f"ln -s {FOLDER}/torpor /usr/local/sbin/torpor")

    def boot(self):
        """An ordinary boot; returns its ID."""
        self.machine.start()
        return self.guest.wait_ready(400)

    def run(self, command, **kw):
        return self.guest.run(command, timeout_s=kw.pop("timeout_s", 120), **kw)

    # ---- setup ----

    def set_up(self, options=""):
        self.run(f"torpor setup --loader-args serial=0x3f8 {options}")
        self.promised()

    def promised(self):
        status = self.run("torpor status", status=None)
        self.t.check("a hibernation would be resumed by Torpor" in status, status)

    def tree(self):
        """All that setup could have touched, byte for byte; which entry was booted is the firmware's business."""
        pruned = " -o ".join(f"-path {path}" for path in CHANGES)
        return self.run(
            f"(find {TREES} -printf '%p %y %m %U:%G %l\\n'; find {TREES} -type f -exec md5sum {{}} +; "
            f"find / -xdev \\( {pruned} \\) -prune -o -newer /data/hello -type f -print; ls -d /var/lib/torpor*; "
            "efibootmgr | grep -v BootCurrent; ls /sys/firmware/efi/efivars/Torpor*) 2> /run/tree | sort -u | "
            "grep -vE '/loader/random-seed$|/TorporTest-'; "  # systemd-boot's; this test's
            "grep -vE 'No such file|EFI variables are not supported' /run/tree || :")

    def remove(self, before):
        """Takes it away; before: the tree() of then."""
        self.run("torpor setup --remove")
        after = self.tree()
        lines = [line for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")]
        self.t.check(not lines, "--remove leaves something:\n" + "\n".join(lines))

    # ---- sleep ----

    def sleep(self, verb):
        """Begins; resumed() or woken() waits for its end."""
        unit = f"systemd-{verb}"
        self.job = self.guest.start(
            f"systemctl {verb}; sleep 2; state() {{ systemctl show -P ActiveState {unit}; }}; "
            "while [ $(state) = activating ]; do sleep 0.2; done; state")

    def hibernate(self):
        self.sleep("hibernate")
        self.machine.wait_end(300)

    def came_back(self):
        """The same session went on; returns what the console said."""
        result = self.guest.finish(self.job, 400)
        # What OVMF says on this port, too, comes first.
        self.t.check(re.search(r"^inactive$", result.output, re.MULTILINE), f"systemd's sleep: {result.output}")
        return self.machine.console.text()

    def resumed(self, by_loader=True):
        self.machine.start()
        console = self.came_back()
        self.t.power_on_s = self.machine.seconds_on()
        self.t.check(("Linux version" not in console and JUMP in console) == by_loader,
                     f"resumed {'not ' if by_loader else ''}by the loader")
        if by_loader:
            self.t.check(not re.search(NO_RESUME, console), "the loader refuses")
            self.t.check(re.search("stock: facts of .*: believed", console), "the loader does not believe the facts")

    def cycle(self, memory_mib=96):
        """Hibernates, is resumed by the loader, and everything went on."""
        if self.beats is None:
            self.live(memory_mib)
        self.hibernate()
        self.resumed()
        self.verify()
        self.t.note(f"{self.t.power_on_s:.1f} s from power on to the session; {self.lived} answers over one connection")

    def poweroff(self):
        self.guest.start("systemctl poweroff")
        self.machine.wait_end(300)
        self.disk.fsck()

    def reboot(self):
        """In order; returns the new boot's ID."""
        self.poweroff()
        self.beats = None
        return self.boot()

    # ---- what goes on ----

    def live(self, memory_mib):
        """Starts all that a sleep must not interrupt."""
        self.beats = checks.start_workload(self.guest, memory_mib)
        self.address = self.run("until ip -4 -o addr show scope global | grep -o 'inet [^ ]*'; do sleep 0.2; done")
        self.run(f"setsid life {network.GATEWAY} {self.network.peer.port} > /dev/null 2>&1 &")
        self.lived, self.connections = 0, self.network.peer.connections + 1
        self.lives()
        self.errors, self.failed = self.complaints()

    def lives(self):
        """The counter, its file and its connection go on."""
        said = self.run(f"for i in $(seq 300); do n=$(cat /run/life 2> /dev/null); case $n in *[!0-9]*) break; esac; "
                        f"[ ${{n:-0}} -le {self.lived + 1} ] || break; sleep 0.2; done; cat /run/life")
        self.t.check(said.isdigit() and int(said) > self.lived + 1, f"the connection: {said} after {self.lived}")
        self.t.check(self.network.peer.connections == self.connections, "it is another connection")
        lines = self.run("awk '$1 != NR { print \"not in order\"; exit } END { print NR }' /var/tmp/life.log")
        self.t.check(lines.isdigit() and int(lines) >= int(said), f"the open file: {lines} lines, not {said}")
        self.lived = int(said)

    def complaints(self):
        """Errors in the journal of this boot, and failed units."""
        return (set(self.run("journalctl -b -p err -o cat --no-pager").splitlines()),
                self.run("systemctl --failed --plain --no-legend"))

    def verify(self):
        self.clock()
        self.lives()
        self.beats = checks.verify(self.guest, self.beats, efi=self.efi)
        self.run(f"busybox ping -c 1 -W 10 {network.GATEWAY}")
        self.lease()
        errors, failed = self.complaints()
        self.t.check(errors <= self.errors, "new errors in the journal:\n" + "\n".join(sorted(errors - self.errors)))
        self.t.check(failed == self.failed, f"failed units:\n{failed}")
        self.run("journalctl --sync; journalctl --verify -q 2>&1", timeout_s=300)

    def clock(self):
        before = time.time()
        here = float(self.run("date +%s.%N"))
        off = max(before - here, here - time.time())
        self.t.check(off <= CLOCK_S, f"the clock is {off:.1f} s off")

    def lease(self):
        """The same address still; and the server answers another client of the same card."""
        here = self.run("ip -4 -o addr show scope global | grep -o 'inet [^ ]*'")
        self.t.check(here == self.address, f"the address is {here}, not {self.address}")
        self.run("card=$(ls -d /sys/class/net/en*); busybox udhcpc -n -q -f -i ${card##*/} -s /bin/true 2>&1")
