# SPDX-License-Identifier: GPL-2.0-or-later
"""One virtual machine in QEMU (TCG): power it on and off, read its serial ports, type on them.

A Vm keeps its disks and its firmware variables over power cycles; each start() is one QEMU process
with its own log files in vm.dir: bootN-console.log (first serial port: firmware menu, GRUB, kernel,
loader), bootN-agent.log (second serial port: tests/qemu/guest.py), bootN-qemu.log; and where
something that a test waits for did not come, bootN-stuck.log: each processor's registers and stack.
Everything has a time-out, and every process is killed at the end, at the latest by timeout(1).
"""

import atexit
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

QEMU = "qemu-system-x86_64"
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
HARD_LIMIT_S = 3600  # of one QEMU process, whatever happens to this program
SLOW = float(os.environ.get("TORPOR_TEST_SLOW", "1"))  # multiplies every time-out

# kind: "virtio" (modern only), "virtio-legacy" (transitional, modern interface off), "nvme",
# "nvme-ns" (namespaces of one controller, 1 for the first drive of the machine), "ahci"
Drive = collections.namedtuple("Drive", "path kind sector_bytes serial")


def drive(path, kind="virtio", sector_bytes=512, serial=""):
    return Drive(path, kind, sector_bytes, serial)


class VmError(Exception):
    """The machine did not do what the test waits for."""


class SerialLog:
    """What a serial port said, by way of a file that QEMU writes. Reading goes on from a mark."""

    def __init__(self, path):
        self.path = path
        self.mark = 0  # wait_for looks at what comes after it

    def text(self):
        try:
            with open(self.path, "rb") as f:
                return f.read().decode("utf-8", "replace").replace("\r\n", "\n")
        except FileNotFoundError:
            return ""

    def take(self, pattern):
        """The first match after the mark, which moves behind it; None when there is none yet."""
        match = re.compile(pattern, re.MULTILINE).search(self.text(), self.mark)
        if match:
            self.mark = match.end()
        return match

    def tail(self, n_lines=15):
        """The last lines, without what moves cursors and sets colours."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e\n]", "", self.text())
        lines = [line.rstrip()[:200] for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-n_lines:])


class Qmp:
    """The QEMU monitor: commands, and the events that came so far."""

    def __init__(self, path, process, timeout_s=20):
        self.events = []
        self._replies = collections.deque()
        self._changed = threading.Condition()
        self._socket = _connect(path, process, timeout_s)
        self._file = self._socket.makefile("rwb")
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()
        self.command("qmp_capabilities")

    def _read(self):
        try:
            for line in self._file:
                message = json.loads(line)
                with self._changed:
                    if "event" in message:
                        self.events.append(message)
                    elif "return" in message or "error" in message:
                        self._replies.append(message)
                    self._changed.notify_all()
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def command(self, name, timeout_s=20, **arguments):
        try:
            self._file.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
            self._file.flush()
        except (OSError, ValueError) as e:
            raise VmError(f"monitor: {name}: {e}") from e
        with self._changed:
            if not self._changed.wait_for(lambda: self._replies or self._closed, timeout_s * SLOW):
                raise VmError(f"monitor: no answer to {name}")
            if not self._replies:
                raise VmError(f"monitor: closed at {name}")
            reply = self._replies.popleft()
        if "error" in reply:
            raise VmError(f"monitor: {name}: {reply['error']['desc']}")
        return reply["return"]

    def wait_closed(self, timeout_s=20):
        """Until QEMU has closed its end, at the latest when the last of its threads has ended."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._closed, timeout_s * SLOW):
                raise VmError("monitor: not closed")

    def last_event(self, name):
        with self._changed:
            return next((e for e in reversed(self.events) if e["event"] == name), None)

    def close(self):
        self._socket.close()


class Vm:
    _running = set()

    def __init__(self, directory, firmware="seabios", ram_mib=1024, cpus=2, cpu="max,la57=off",
                 machine="q35", drives=(), on_reset="stop", trace=None, extra=()):
        """firmware: "seabios" or "ovmf". on_reset: "stop" ends the run at a guest reset, "reset"
        lets the machine reboot. trace: a -d item list ("int,cpu_reset"), logged in bootN-trace.log.
        """
        self.dir = directory
        self.firmware, self.ram_mib, self.cpus, self.cpu = firmware, ram_mib, cpus, cpu
        self.machine, self.drives, self.on_reset = machine, list(drives), on_reset
        self.trace, self.extra = trace, list(extra)
        self.boots = 0
        self.process = self.qmp = None
        self.ended = None  # how the last run ended: "poweroff", "reset", "killed", "crash: ..."
        os.makedirs(directory, exist_ok=True)
        if firmware == "ovmf":
            self.vars = os.path.join(directory, "vars.fd")
            if not os.path.exists(self.vars):
                shutil.copyfile(OVMF_VARS, self.vars)

    # ---- power ----

    def start(self):
        """Powers on. The logs of this run are self.console and self.agent."""
        if self.process:
            raise VmError("already on")
        self.boots += 1
        log = os.path.join(self.dir, f"boot{self.boots}")
        self.console = SerialLog(f"{log}-console.log")
        self.agent = SerialLog(f"{log}-agent.log")
        self.ended = None
        self._sockets = tempfile.mkdtemp(prefix="torpor-vm.")
        self._ports = {"console": self._open_port("console", self.console.path),
                       "agent": self._open_port("agent", self.agent.path)}
        command = self._command(log)
        with open(f"{log}-qemu.log", "w", encoding="utf-8") as out:
            out.write(" ".join(command) + "\n")
            out.flush()
            self.started = time.monotonic()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, start_new_session=True)
        Vm._running.add(self)
        self._qemu_log = f"{log}-qemu.log"
        try:
            self.qmp = Qmp(os.path.join(self._sockets, "qmp"), self.process)
            self.qmp.command("cont")
        except VmError as e:
            self.stop()
            with open(self._qemu_log, encoding="utf-8", errors="replace") as f:
                raise VmError(f"QEMU did not start: {e}\n{f.read()[-2000:]}") from e
        self.started = time.monotonic()

    def stop(self):
        """Pulls the plug, if it is on."""
        if not self.process:
            return
        try:
            if self.qmp:
                self.qmp.command("quit", timeout_s=5)
            self.process.wait(5 * SLOW)
        except (VmError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # timeout(1) and QEMU under it
        except ProcessLookupError:
            pass
        self.process.wait()
        for port in self._ports.values():
            os.close(port)
        if self.qmp:
            self.qmp.close()
        self.process = self.qmp = None
        self.ended = self.ended or "killed"
        Vm._running.discard(self)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def kill(self):
        """The power fails: nobody is asked, nothing is written any more."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has switched itself off
        self.qmp.wait_closed()  # timeout(1) may end before QEMU does
        self.stop()

    def wait_end(self, timeout_s, expect="poweroff"):
        """Waits until the machine powers itself off ("poweroff") or resets ("reset")."""
        self._wait(self._how_ended, timeout_s, f"the machine to end by {expect}")
        self.stop()
        if self.ended != expect:
            raise VmError(f"the machine ended by {self.ended}, not by {expect}\n{self._tails()}")

    def seconds_on(self):
        return time.monotonic() - self.started

    # ---- serial ports ----

    def wait_for(self, pattern, timeout_s, log=None):
        """Waits for a regular expression on the console (or on log); returns the match."""
        log = log or self.console
        return self._wait(lambda: log.take(pattern), timeout_s, repr(pattern))

    def wait_event(self, name, timeout_s):
        """Of the monitor, at any time since power on."""
        return self._wait(lambda: self.qmp.last_event(name), timeout_s, f"the event {name}")

    def send(self, text, port="console"):
        try:
            os.write(self._ports[port], text.encode())
        except OSError as e:
            raise VmError(f"cannot type on {port}: {e}\n{self._tails()}") from e

    def resets(self):
        """How often the running machine was reset since it was started."""
        return sum(e["event"] == "RESET" and e["data"]["guest"] for e in list(self.qmp.events))

    # ---- inside ----

    def _command(self, log):
        sock = self._sockets
        c = ["timeout", "-k", "5", str(HARD_LIMIT_S), QEMU, "-nodefaults", "-no-user-config", "-S",
             "-machine", self.machine, "-accel", "tcg,thread=multi", "-cpu", self.cpu,
             "-smp", str(self.cpus), "-m", str(self.ram_mib), "-display", "none", "-vga", "std",
             "-action", "shutdown=pause",
             "-action", "reboot=" + ("reset" if self.on_reset == "reset" else "shutdown"),
             "-qmp", f"unix:{sock}/qmp,server=on,wait=off"]
        for name in ("console", "agent"):  # the first is COM1, the second COM2
            c += ["-chardev", f"pipe,id={name},path={sock}/{name}", "-serial", f"chardev:{name}"]
        if self.firmware == "ovmf":
            c += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF_CODE}",
                  "-drive", f"if=pflash,unit=1,format=raw,file={self.vars}"]
        if self.trace:
            c += ["-d", self.trace, "-D", f"{log}-trace.log"]
        sata_bus = "ide"  # q35 has it
        if self.machine != "q35" and any(d.kind == "ahci" for d in self.drives):
            sata_bus = "sata"
            c += ["-device", f"ahci,id={sata_bus}"]
        if any(d.kind == "nvme-ns" for d in self.drives):
            c += ["-device", "nvme,id=nvme,serial=torpor"]
        for i, d in enumerate(self.drives):
            c += _drive_options(i, d, sata_bus)
        return c + self.extra

    def _open_port(self, name, log):
        """A serial port is a "pipe" whose output end is a plain file: nobody has to read along, and
        nothing is lost or doubled (a socket's logfile= repeats what the socket would not take)."""
        path = os.path.join(self._sockets, name)
        os.mkfifo(path + ".in")
        with open(log, "wb"):
            pass
        os.symlink(os.path.abspath(log), path + ".out")
        return os.open(path + ".in", os.O_RDWR)

    def _how_ended(self):
        event = self.qmp.last_event("SHUTDOWN")
        if event:
            reason = event["data"]["reason"]
            self.ended = {"guest-shutdown": "poweroff", "guest-reset": "reset"}.get(reason, reason)
        elif self.process.poll() is not None:
            self.ended = f"crash: QEMU exit status {self.process.returncode}"
        return self.ended

    def _wait(self, probe, timeout_s, what):
        if not self.process:
            raise VmError(f"waiting for {what}: the machine is off")
        end = time.monotonic() + timeout_s * SLOW
        while True:
            result = probe()
            if result:
                return result
            if self._how_ended():
                result = probe()  # what it said last
                if result:
                    return result
                self.stop()
                raise VmError(f"waiting for {what}: the machine ended by {self.ended}\n"
                              f"{self._tails()}")
            if time.monotonic() > end:
                self._dump_processors()
                raise VmError(f"waiting for {what}: nothing in {timeout_s:g} s\n{self._tails()}")
            time.sleep(0.02)

    def _dump_processors(self):
        """Twice, a second apart: what spins differs from what has stopped."""
        with open(os.path.join(self.dir, f"boot{self.boots}-stuck.log"), "a", encoding="utf-8") as f:
            for moment in range(2):
                time.sleep(moment)
                for cpu in range(self.cpus):
                    registers = self._monitor("info registers", cpu)
                    f.write(f"--- processor {cpu}, moment {moment}\n{registers}\n")
                    stack = re.search(r"RSP=([0-9a-f]+)", registers)
                    for line in ["info lapic"] + ([f"x /96gx 0x{stack.group(1)}"] if stack else []):
                        f.write(f"{self._monitor(line, cpu)}\n")

    def register(self, name, cpu=0):
        """A register of a running processor, such as CR4."""
        return int(re.search(rf"\b{name}=([0-9a-f]+)", self._monitor("info registers", cpu)).group(1), 16)

    def _monitor(self, line, cpu):
        try:
            return self.qmp.command("human-monitor-command",
                                    **{"command-line": line, "cpu-index": cpu})
        except VmError as e:
            return str(e)

    def _tails(self):
        return f"--- console\n{self.console.tail()}\n--- agent\n{self.agent.tail(5)}"


def _drive_options(i, d, sata_bus):
    """NVMe and AHCI need a serial number of their own; -blockdev gives the node a stable name."""
    sizes = f"logical_block_size={d.sector_bytes},physical_block_size={max(d.sector_bytes, 512)}"
    device = {
        "virtio": "virtio-blk-pci,disable-legacy=on,disable-modern=off",
        "virtio-legacy": "virtio-blk-pci,disable-legacy=off,disable-modern=on",
        "nvme": "nvme",
        "nvme-ns": f"nvme-ns,bus=nvme,nsid={i + 1}",
        "ahci": f"ide-hd,bus={sata_bus}.{i}",
    }[d.kind]
    if d.kind != "nvme-ns":  # its controller has the serial number
        device += f",serial={d.serial or f'torpor{i}'}"
    return ["-blockdev", f"driver=raw,node-name=disk{i},file.driver=file,file.filename={d.path}",
            "-device", f"{device},drive=disk{i},{sizes},bootindex={i + 1}"]


def _connect(path, process, timeout_s):
    end = time.monotonic() + timeout_s * SLOW
    while True:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            s.connect(path)
            return s
        except OSError as e:
            s.close()
            if time.monotonic() > end or process.poll() is not None:
                raise VmError(f"no socket of QEMU: {e}") from e
            time.sleep(0.02)


def kill_all():
    """Ends every QEMU at once; those who wait for one see it as a crash. For signal handlers."""
    for vm in list(Vm._running):
        try:
            os.killpg(vm.process.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError):
            pass


@atexit.register
def stop_all():
    for vm in list(Vm._running):
        vm.stop()
