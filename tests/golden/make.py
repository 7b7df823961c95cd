#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the golden images into a directory: make.py DIRECTORY. (Debian's own python3: it has the
packages python3-lz4 and python3-xxhash.)"""

import os
import sys

import images


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    for name in images.IMAGES:
        with open(os.path.join(directory, name + ".img"), "wb") as f:
            f.write(images.build(name))
    print(f"{len(images.IMAGES)} golden images")


if __name__ == "__main__":
    main()
