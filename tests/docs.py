#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written for people, against what the programs do: verbs, options and exit statuses in torpor.8, the
loader's words in torpor-loader.7, the table of includes in HACKING.md, the package's build
dependencies, the paths that documents name.

    docs.py            ends with "N passed, N failed"
    docs.py --write    writes the table of includes into HACKING.md
"""

import fnmatch
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = ("docs/torpor.8", "docs/torpor-loader.7")
README_BYTES = 6144


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def output(*command):
    return subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def verbs():
    """{verb: {"--option ARG"}}, as the command helps."""
    names = re.findall(r"^  (\w+) ", output("out/torpor", "help"), re.MULTILINE)
    return {name: {o.strip() for o in re.findall(r"^  (-.*?)(?:  |$)", output("out/torpor", name, "--help"), re.MULTILINE)}
            - {"-h, --help"} for name in names}


def manual_verbs():
    """{its verbs: {"--option ARG"}} of each section of torpor.8."""
    found = {}
    for names, text in re.findall(r"^\.Ss ([^\n]*)\n(.*?)(?=^\.S[sh] )", read("docs/torpor.8"), re.MULTILINE | re.DOTALL):
        options = set()
        for item in re.findall(r"^\.It (Fl .*)", text, re.MULTILINE):
            item = re.sub(r"\b(Fl|Cm|Ar) ", lambda m: "-" if m.group(1) == "Fl" else "", item)
            options.add(item.replace(" | ", "|").replace(" , -", ", --"))
        found[tuple(names.split(", "))] = options
    return found


def check_verbs():
    real, written = verbs(), manual_verbs()
    names = {name for section in written for name in section}
    assert len(real) > 10, real
    assert set(real) == names, f"verbs: {set(real) ^ names}"
    bad = {}
    for section, options in written.items():
        differ = options ^ {o for name in section for o in real[name]}
        if differ:
            bad[section] = differ
    assert not bad, f"only in --help or only in torpor.8: {bad}"
    for name in real:
        assert re.search(rf"^\.Cm {name}\b", read("docs/torpor.8"), re.MULTILINE), f"synopsis: {name}"


def check_exit_statuses():
    numbers = re.findall(r"STATUS_\w+ = (\d+)", read("cli/base/exit_status.h"))
    written = re.findall(r"^\.It (\d+)$", read("docs/torpor.8"), re.MULTILINE)
    assert numbers and numbers == written, f"{numbers}, {written}"


def check_words():
    source = re.findall(r'starts\([^"]*"(\w+[=:]?)"', read("loader/door/cmdline.c"))
    page = read("docs/torpor-loader.7")
    written = set(re.findall(r"(?:Cm|,|Ar) (\w+)=", page.split(".Sh WORDS")[1].split(".Sh BOOT")[0]))
    assert {w[:-1] for w in source if w.endswith("=")} == written, f"words: {written}, {source}"
    for kind in (w for w in source if not w.endswith("=")):
        assert re.search(rf"(area|disk)={kind}", page), f"{kind} is not in the page"
    flags = re.findall(r'"(\w+)=", &rest\)\) \{[^}]*parse_flag', read("loader/door/cmdline.c"))
    for flag in flags:
        assert f"{flag}=1" in page, f"{flag}=1 is not in the page"


def inc_table():
    """{room: [folders]}, of the Makefile."""
    return {line.split(":")[0]: line.split(":")[1].split() for line in output("make", "-s", "inc-table").splitlines()}


def write_includes():
    rows = "".join(f"| `{room}` | {' '.join(f'`{m}`' for m in may) or 'nothing but the C library'} |\n"
                   for room, may in inc_table().items())
    text = re.sub(r"(\| room \| may include \|\n\|---\|---\|\n).*?\n\n", lambda m: m.group(1) + rows + "\n", read("HACKING.md"),
                  flags=re.DOTALL)
    with open(os.path.join(TOP, "HACKING.md"), "w", encoding="utf-8") as f:
        f.write(text)


SAMPLES = {"GUID": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "UUID": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "NAME": "label",
           "START": "2048", "COUNT": "0x800", "SECTOR": "34", "PAGES": "1", "SIGNATURE": "1a2b3c4d", "N": "3", "PORT": "0x3f8"}


def words_written():
    """Every form of a word in torpor-loader.7, as a person would read it."""
    section = read("docs/torpor-loader.7").split(".Sh WORDS")[1].split(".Sh BOOT")[0].replace("\\\n", "")
    forms = []
    for item in re.findall(r"^\.It (.*)", section, re.MULTILINE):
        forms += re.sub(r"\\&|\b(?:Cm|Ar) | ?\bNs ?", "", item).replace(" ", "").split(",")
    return forms


def understands(word):
    """The loader's own parser, by setup: 2 is a word that it does not know; 4 comes after that."""
    status = subprocess.run(["out/torpor", "setup", "--dry-run", "--loader-args", word, "--swap", "/nonexistent"], cwd=TOP,
                            stderr=subprocess.DEVNULL, check=False).returncode
    assert status in (2, 4), f"{word}: exit status {status}"
    return status == 4


def check_words_are_understood():
    forms = words_written()
    assert len(forms) > 15, forms
    for form in forms:
        places = re.findall("[A-Z]+", form)
        good = re.sub("[A-Z]+", lambda m: SAMPLES[m.group()], form)
        assert understands(good), f"torpor-loader.7 has {form}, and {good} is refused"
        for place in places:
            bad = re.sub("[A-Z]+", lambda m: "" if m.group() == place else SAMPLES[m.group()], form)
            assert not understands(bad), f"torpor-loader.7 has {form}, and {bad} is taken"


DOCUMENTS = ("README.md", "HACKING.md", *sorted("docs/" + f for f in os.listdir(os.path.join(TOP, "docs"))),
             "image-format/FORMAT.md", "loader/RESUME.md", "swsusp/README.md", "tests/model/README.md")


def check_commands():
    """Cases of tests/qemu, suites, tests, and targets of make that documents name are there."""
    cases = output("tests/qemu/run.py", "-l").split()
    rules = re.findall(r"^([a-z][\w -]*):", "".join(map(read, output("git", "ls-files", "Makefile", "*.mk").split())),
                       re.MULTILINE)
    targets = {name for names in rules for name in names.split()}
    for document in DOCUMENTS:
        text = read(document)
        named = re.findall(r"run\.py ([a-z][\w.*-]+)", text)
        named += re.findall(r"`((?:boot|cuts|debian|export|facts|fault|refuse|save|setup|soak|stock)-[\w.*-]+)`", text)
        for name in named:
            assert any(fnmatch.fnmatch(case, name) for case in cases) or name in read("tests/bench/bench.py"), \
                f"{document}: no case is named {name}"
        for name in re.findall(r"(?:`|^ {4}|&& )make ([a-z][\w-]*)", text, re.MULTILINE):
            assert name in targets, f"{document}: make has no {name}"
        for suite, pattern in re.findall(r"out/unit/(\w+) '([^']+)'", text):
            tests = re.findall(r"^TEST\((\w+)\)", read(f"tests/unit/test_{suite}.c"), re.MULTILINE)
            assert fnmatch.filter(tests, pattern), f"{document}: no test of {suite} is named {pattern}"


def check_no_empty_run():
    program = os.path.join(TOP, "out/unit/gpt")
    if os.path.exists(program):
        done = subprocess.run([program, "there_is_no_such_test"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 2, f"a pattern that no test matches: exit status {done.returncode}"


def check_code_blocks():
    """Four blanks make code only where a blank line, or code, is above."""
    for document in (d for d in DOCUMENTS if d.endswith(".md")):
        lines = re.sub(r"```.*?```", "", read(document), flags=re.DOTALL).splitlines()
        for above, line in zip(lines, lines[1:]):
            assert not line.startswith("    ") or not above or above.startswith(("  ", "- ")), \
                f"{document}: no code for who reads it as a page: {line!r}"


def check_includes():
    rows = re.findall(r"^\| `(\S+)` \| (.*) \|$", read("HACKING.md").split("## Who may include whom")[1], re.MULTILINE)
    written = {room: set(re.findall(r"`(\S+)`", may)) for room, may in rows}
    real = inc_table()
    assert {r: set(may) for r, may in real.items()} == written, "HACKING.md differs from the Makefile: docs.py --write"
    rooms = {os.path.dirname(f) for f in output("git", "ls-files", "*.c").split() if not f.startswith("tests/")}
    assert rooms <= set(real), f"not in the table: {rooms - set(real)}"


def check_build_depends():
    """What `make deps` installs is what the package needs to be built, but for what every build has."""
    control = re.search(r"^Build-Depends: (.*(?:\n .*)*)", read("packaging/debian/control"), re.MULTILINE).group(1)
    written = {word.split(" ")[0] for word in re.split(r",\s*", control)} - {"debhelper-compat"}
    real = set(output("tests/setup.sh", "list", "build").split()) - {"gcc", "libc6-dev", "make", "git"}
    assert real and real == written, f"packaging/debian/control: Build-Depends: {real ^ written}"


def check_paths():
    for document in ("README.md", "HACKING.md", "docs/use.md", "docs/how-it-works.md", "docs/limits.md", "docs/recovery.md"):
        for path in re.findall(r"(?:^|[\s`(|])((?:[a-z][\w-]*/)+[\w-]+\.(?:md|c|h|py|mk|[78]))\b", read(document)):
            assert re.search("FILE|NAME|^out", path) or os.path.exists(os.path.join(TOP, path)), f"{document}: there is no {path}"


def check_readme():
    size = len(read("README.md").encode())
    assert size <= README_BYTES, f"README.md has {size} bytes"


def check_pages():
    for page in PAGES:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], cwd=TOP, stdout=subprocess.PIPE, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout
        done = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", page], cwd=TOP, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        assert not done.stderr and done.stdout, done.stderr


def main():
    if sys.argv[1:] == ["--write"]:
        write_includes()
    passed = failed = 0
    for name, check in list(globals().items()):
        if not name.startswith("check_"):
            continue
        try:
            check()
            passed += 1
        except (AssertionError, subprocess.CalledProcessError) as e:
            print(f"{name}: {e}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
