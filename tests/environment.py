# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests rely on, set by being imported, whoever started them and how: under nohup, in the background of a
script, by a service without a home, with a locale that is not there."""

import os
import resource
import signal
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OPEN_FILES = 4096
SOCKET_ROOM = 60  # of the 107 bytes that a socket's path may have


def _descriptors():
    """0 to 2 are open: else a log file gets the number that messages go to."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))


def _signals():
    """Children inherit what is ignored; of an ignored SIGCHLD they never learn how a child of theirs ended."""
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGALRM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _limits():
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_AS, resource.RLIMIT_DATA):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (hard, hard))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < OPEN_FILES:  # not all that may be had: some programs close each of them
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard) if hard >= 0 else OPEN_FILES, hard))


def _can_be_made(path):
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.access(path, os.W_OK)


def _variables():
    e = os.environ
    for name in ("POSIXLY_CORRECT", "LANGUAGE", "LANG", "TZ", "COLUMNS", "LINES"):
        e.pop(name, None)
    e["LC_ALL"] = "C.UTF-8"
    e["TERM"] = "dumb"
    room = e.get("TMPDIR", "/")
    if not os.access(room, os.W_OK) or " " in room or len(room) > SOCKET_ROOM:
        e.pop("TMPDIR", None)
        tempfile.tempdir = None
    e.setdefault("HOME", "/nonexistent")
    home = e.get("XDG_CACHE_HOME") or os.path.join(e["HOME"], ".cache")
    if not e.get("TORPOR_CACHE") and not _can_be_made(os.path.join(home, "torpor")):
        e["TORPOR_CACHE"] = os.path.join(TOP, "out/cache")


_descriptors()
_signals()
_limits()
_variables()
os.umask(0o022)
