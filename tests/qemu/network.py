# SPDX-License-Identifier: GPL-2.0-or-later
"""A network that stays on while a machine is off: QEMU's user network in a process of its own, as a router
(DHCP, a gateway that answers pings, connections to this host), and a peer behind it that answers lines."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading

import vm

GATEWAY = "10.0.2.2"


class Peer:
    """Answers every line "TEXT" with "heard TEXT", on as many connections as are made."""

    def __init__(self):
        self.connections, self.lines = 0, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection, connection.makefile("rwb") as stream:
            try:
                for line in stream:
                    self.lines += 1
                    stream.write(b"heard " + line)
                    stream.flush()
            except OSError:
                pass

    def close(self):
        self._server.close()


class Network:
    """Of one machine at a time; its Vm gets options() as extra. Without a processor QEMU is a router."""

    def __init__(self):
        self._dir = tempfile.mkdtemp(prefix="torpor-net.")
        self.peer = Peer()
        self._router = subprocess.Popen(
            ["timeout", "-k", "5", str(vm.HARD_LIMIT_S), vm.QEMU, "-machine", "none", "-nodefaults", "-display", "none",
             "-netdev", "user,id=lan", "-netdev", "hubport,id=lanport,hubid=0,netdev=lan",
             "-netdev", self._link("router", "machine"), "-netdev", "hubport,id=linkport,hubid=0,netdev=link"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _link(self, here, there):
        return (f"dgram,id=link,local.type=unix,local.path={self._dir}/{here},"
                f"remote.type=unix,remote.path={self._dir}/{there}")

    def options(self):
        """A virtio card, without an option ROM."""
        return ["-netdev", self._link("machine", "router"), "-device", "virtio-net-pci,netdev=link,romfile="]

    def close(self):
        self._router.terminate()
        self._router.wait()
        self.peer.close()
        shutil.rmtree(self._dir, ignore_errors=True)
