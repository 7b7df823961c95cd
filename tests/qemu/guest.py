# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs shell commands in the guest through its agent (tests/qemu/guest/agent), and finishes them in
another boot of it: after a hibernation the same shell goes on."""

import base64
import collections
import secrets

from vm import VmError

Result = collections.namedtuple("Result", "status output")


class Guest:
    def __init__(self, machine):
        self.vm = machine

    def wait_ready(self, timeout_s=120):
        """Waits for a freshly booted guest; returns its boot ID."""
        return self.vm.wait_for(r"^@ready (\S+)$", timeout_s, self.vm.agent).group(1)

    def start(self, command, timeout_s=30):
        """Sends a command and waits until it has begun; returns its ID for finish()."""
        job = "c" + secrets.token_hex(4)
        self.vm.send(f"{job} {base64.b64encode(command.encode()).decode()}\n", "agent")
        self.vm.wait_for(f"^@begin {job}$", timeout_s, self.vm.agent)
        return job

    def finish(self, job, timeout_s=60):
        """Waits for the end of a command, in this boot or after a resume."""
        log = self.vm.agent
        begin = log.mark
        match = self.vm.wait_for(rf"^@end {job} (\d+)$|^@ready ", timeout_s, log)
        if match.group(1) is None:
            raise VmError("the agent's shell ended: a syntax error in the command, or a reboot")
        return Result(int(match.group(1)), match.string[begin:match.start()].strip("\n"))

    def run(self, command, timeout_s=60, status=0):
        """Runs a command to its end and returns what it said. status: the one expected; None: any
        will do."""
        result = self.finish(self.start(command), timeout_s)
        if status is not None and result.status != status:
            raise VmError(f"{command!r}: exit status {result.status}, expected {status}\n"
                          f"{result.output}")
        return result.output

    def poweroff(self, timeout_s=60):
        """Shuts down in order; the disk is clean afterwards."""
        self.start("sync; umount /data /esp 2> /dev/null; mount -o remount,ro /data 2> /dev/null; "
                   "poweroff -f")
        self.vm.wait_end(timeout_s)
