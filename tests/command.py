#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command as it is built, started in ways that no unit suite can be: descriptors closed, limits, signals
ignored, terminals of any width, other people's locales. Everything in a folder of its own; nothing needs root.

Ends with "N passed, N failed".
"""

import fcntl
import json
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

import environment  # noqa: F401  (by being imported)

TORPOR = os.path.join(environment.TOP, "out/torpor")
HOSTILE = "a\x1b[31m\n\u202eb"
counts = {True: 0, False: 0}


def check(good, text):
    counts[bool(good)] += 1
    if not good:
        print(f"FAIL {text}")


def run(*words, closed=(), env=None, limits=(), ignored=(), stdin=subprocess.DEVNULL, timeout=120):
    """Exit status (negative: the signal), standard output and error."""
    def before():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        for kind, value in limits:
            resource.setrlimit(kind, (value, value))
        for fd in closed:
            os.close(fd)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        p = subprocess.run([TORPOR, *words], stdin=stdin, stdout=out, stderr=err, preexec_fn=before,
                           env={**os.environ, **(env or {})}, timeout=timeout, check=False)
        out.seek(0)
        err.seek(0)
        return p.returncode, out.read().decode(errors="replace"), err.read().decode(errors="replace")


def content(path):
    with open(path, "rb") as f:
        return f.read()


def closed_descriptors(image):
    """What is opened first gets the lowest number: it must not be where text goes."""
    before = content(image)
    for closed in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        for words in (("info", image), ("verify", image), ("dump", "--json", image)):
            status, out, err = run(*words, closed=closed)
            check(status == (1 if 1 in closed else 0), f"{words[0]} without {closed}: {status}, {err}")
            check(content(image) == before, f"{words[0]} without {closed} has changed the image")
        status, _, err = run("make", "--raw", "memory", "--force", "-o", "made", closed=closed)
        check(status == (1 if 1 in closed else 0), f"make without {closed}: {status}, {err}")
        status, _, err = run("verify", "made")
        check(status == 0, f"an image made without {closed}: {err}")


def environments(image):
    """The same words on stdout, whatever there is."""
    wanted = run("info", image)
    for env in ({"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "xx_YY"}, {"LANG": "de_DE", "LC_ALL": ""}, {"TERM": ""},
                {"TERM": "dumb"}, {"TMPDIR": "/nonexistent folder"}, {"TMPDIR": "/" + "long/" * 500},
                {"HOME": "/nonexistent"}, {"POSIXLY_CORRECT": "1"}, {"COLUMNS": "0"}):
        check(run("info", image, env=env) == wanted, f"info with {env}: {run('info', image, env=env)}")
        status, out, err = run("info", image, "--json", env=env)
        check(status == 0 and json.loads(out)["state"] == "VALID", f"info --json with {env}: {status}, {err}")
    status, _, err = run("make", "--raw", "-", "-o", "x", env={"TMPDIR": "/nonexistent folder"},
                         stdin=os.open("/dev/zero", os.O_RDONLY))
    check(status == 1 and "/nonexistent folder" in err and "TMPDIR" in err, f"no TMPDIR: {status}, {err}")


def limits(image):
    """An error that names the thing, and nothing half made; or done all the same."""
    tight = {"-f": (resource.RLIMIT_FSIZE, 1 << 20), "-n": (resource.RLIMIT_NOFILE, 16),
             "-v": (resource.RLIMIT_AS, 100 << 20), "-u": (resource.RLIMIT_STACK, 256 << 10)}
    for name, limit in tight.items():
        status, _, err = run("verify", image, limits=[limit])
        check(status == 0, f"verify with ulimit {name}: {status}, {err}")
        status, _, err = run("make", "--raw", "memory", "-o", "limited", limits=[limit])
        good = "limited" in err and status == 1 if name == "-f" else status == 0
        check(good, f"make with ulimit {name}: {status}, {err}")
        check(not os.path.exists("limited.part"), f"make with ulimit {name} leaves limited.part")
        if os.path.exists("limited"):
            os.unlink("limited")
    status, _, err = run("export", "--raw", "-o", "limited", image, limits=[tight["-f"]])
    check(status == 1 and err.count("torpor:") == 1 and "limited" in err, f"export: {status}, not one line: {err}")
    check(not os.path.exists("limited") and not os.path.exists("limited.part"), "export with ulimit -f leaves a file")


def full_disk(image):
    """Standard output that cannot be written."""
    with open("/dev/full", "wb") as full:
        for words in (("info", image), ("info", "--json", image), ("export", "-o", "-", image), ("--help",)):
            p = subprocess.run([TORPOR, *words], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                               timeout=60, check=False)
            check(p.returncode == 1 and b"No space left" in p.stderr or b"cannot be written" in p.stderr,
                  f"{words} to a full disk: {p.returncode}, {p.stderr}")


def makes(p, path):
    """Whether it has a file in the making, with a name or without one."""
    try:
        goals = [os.readlink(f"/proc/{p.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.pid}/fd")]
    except OSError:
        return False
    return any(g.endswith(f"/{path}.part") or re.search("/#[0-9]+ .deleted.$", g) for g in goals)


def no_names():
    try:
        os.close(os.open(".", os.O_TMPFILE | os.O_RDWR))
        return True
    except OSError:
        return False


def default_action(number):
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)


def ended(image):
    """Ended at some moment of it: nothing of ours stays. Ignored signals stay ignored."""
    signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE]
    signals += [signal.SIGKILL] if no_names() else []
    before = sorted(os.listdir("."))
    caught = 0
    verbs = {"exported": ("export", "--raw", "-o", "exported", image), "again": ("make", "--raw", "memory", "-o", "again")}
    for path, words in verbs.items():
        for number in signals:
            p = subprocess.Popen([TORPOR, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, preexec_fn=lambda n=number: default_action(n))
            for _ in range(2000):
                if makes(p, path) or p.poll() is not None:
                    break
                time.sleep(0.001)
            p.send_signal(number)
            p.wait(60)
            caught += not os.path.exists(path)
            check(set(os.listdir(".")) <= {*before, path}, f"{words[0]} ended by {number} leaves {os.listdir('.')}")
            check(p.returncode == -number or os.path.exists(path), f"{words[0]}: {p.returncode} by {number}")
            if os.path.exists(path):
                os.unlink(path)
    check(caught, "each was faster than its signal")
    everything = [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ]
    status, _, err = run("make", "--raw", "memory", "-o", "ignoring", ignored=everything)
    check(status == 0, f"make with signals ignored: {status}, {err}")


def on_terminal(columns, *words, term="xterm"):
    """What a terminal of that width gets on stderr. The command is stopped again and again for longer than the bar
    waits, so that it has something to show on a fast machine, too."""
    pid, master = pty.fork()
    if pid == 0:
        os.environ["TERM"] = term
        fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execv(TORPOR, [TORPOR, *words])
    got = b""
    while True:
        if not select.select([master], [], [], 0.02)[0]:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.12)
            os.kill(pid, signal.SIGCONT)
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    os.waitpid(pid, 0)
    os.close(master)
    return got.decode(errors="replace")


def terminals(image):
    slow = ("make", "--raw", "larger", "--force", "-o", "shown")
    with open("larger", "wb") as f:
        for _ in range(96):
            f.write(os.urandom(1 << 20))
    for columns in (1, 10, 20, 40, 80, 300):
        said = on_terminal(columns, *slow)
        bars = re.split(r"[\r\n]+", said)[:-2]
        check(all(len(line) < max(columns, 1) or "MB/s" not in line for line in bars),
              f"{columns} columns: {bars}")
        check(columns < 20 or any("%" in line for line in bars), f"{columns} columns: no bar in {said!r}")
    for term in ("dumb", ""):
        check("%" not in on_terminal(80, *slow, term=term), f"a bar on TERM={term}")
    check(on_terminal(80, *slow, "--quiet") == "", "a bar with --quiet")
    said = on_terminal(80, "export", "-o", "-", image)
    check("is a terminal" in said, f"export to a terminal: {said!r}")


def damaged_facts(image):
    """A file of facts that is not as it was written."""
    for name, text in (("damaged", b"Tfacts1\0" + b"?" * 1000), ("cut", b"Tfacts1\0"), ("other", content(image)[:8192])):
        with open(name, "wb") as f:
            f.write(text)
        status, _, err = run("facts", name)
        check(status == 6 and name in err, f"facts of a {name} file: {status}, {err}")


def names():
    """Whatever a file is called, a terminal sees one line of text."""
    os.link("image", HOSTILE)
    for words in (("info", HOSTILE), ("verify", HOSTILE), ("export", "-o", "/nonexistent/" + HOSTILE, HOSTILE),
                  ("info", "none" + HOSTILE), ("keep", "list", "--in", HOSTILE), ("format", HOSTILE),
                  ("save", "--to", HOSTILE), ("setup", "--swap", HOSTILE), (HOSTILE,), ("info", "--" + HOSTILE)):
        _, out, err = run(*words)
        check(not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out + err), f"{words[0]!r}: {out + err!r}")
        check(all(line.startswith("torpor: ") for line in err.splitlines()), f"{words[0]!r}: {err!r}")
    status, out, _ = run("info", "--json", HOSTILE)
    check(status == 0 and json.loads(out)["path"] == HOSTILE, f"info --json of a hostile name: {out!r}")


def wrong_words(image):
    """Wrong usage is 2 and what is not there is 4, whichever verb it is; one line says so. Nothing is an empty name."""
    kept = ("--in", image)
    usage = [("setup", "--swap", ""), ("setup", "--file", ""), ("setup", "--file", "/x/y", "--size", "4Q"),
             ("setup", "--file", "/x/y", "--size", "0"), ("setup", "--file", "x"), ("setup", "--loader-args", "no=1"),
             ("setup", "--esp="), ("facts", ""), ("format", ""), ("format", "--keep", "4Q", image), ("save", "--to", ""),
             ("info", ""), ("verify", ""), ("dump", ""), ("dump", image, ""), ("keep", "list", "--in", ""),
             ("keep", "put", "", image, *kept), ("keep", "get", "x", "", *kept), ("export", "-o", "", image),
             ("make", "--raw", "memory", "-o", ""), ("make", "--raw", "", "-o", "x"), ("help", ""), ("",)]
    missing = [("setup", "--swap", "none", "--dry-run"), ("facts", "none"), ("format", "none"), ("info", "none"),
               ("verify", "none"), ("dump", "none"), ("keep", "list", "--in", "none"), ("export", "none"),
               ("make", "--raw", "none", "-o", "x"), ("make", "--elf", "none", "-o", "x"),
               ("format", "PARTLABEL=none of this name"), ("setup", "--swap", "PARTLABEL=none of this name", "--dry-run"),
               ("save", "--to", "PARTLABEL=none of this name")]
    for wanted, lines in ((2, usage), (4, missing)):
        for words in lines:
            status, out, err = run(*words)
            check(status == wanted and not out and re.fullmatch("torpor: [^ ].*\n", err) and ": :" not in err,
                  f"{words}: {status}, {out!r}, {err!r}")
    check(not os.path.exists("x"), "something was made by wrong words")


def main():
    with tempfile.TemporaryDirectory(prefix="torpor-command.") as folder:
        os.chdir(folder)
        with open("memory", "wb") as f:
            f.write(os.urandom(4 << 20) + bytes(4 << 20))
        status, _, err = run("make", "--raw", "memory", "-o", "image")
        check(status == 0, f"make: {status}, {err}")
        closed_descriptors("image")
        environments("image")
        limits("image")
        full_disk("image")
        ended("image")
        terminals("image")
        damaged_facts("image")
        names()
        wrong_words("image")
        os.chdir("/")
    print(f"{counts[True]} passed, {counts[False]} failed")
    return counts[False] != 0 or counts[True] == 0


if __name__ == "__main__":
    sys.exit(main())
