#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks vectors with a second, independent implementation of the protocol: plain Python, no
package. TAP on stdout.

check_vectors.py [--quick] [--maker PROGRAM]... [FILE...]

Without FILE it first checks its own primitives against published vectors and the values in doc/,
then the recordings of tests/vectors/lp and vectors/generation1.json, then spoils every kind of
value in them and must notice. With --quick it checks vectors/generation1.json and nothing else.
Each PROGRAM (make_vectors of a build) must print that file as it is.
"""

import argparse
import copy
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from checker import documents, known_answers, transcript  # noqa: E402
from checker.protocol import Wrong  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.join(ROOT, "vectors", "generation1.json")
RECORDED = os.path.join(HERE, "lp", "generation1.json")
SEED_PART = 32  # of an ML-KEM seed: the rest counts only when a ciphertext is refused
FLIP = 0x10     # a bit that no clamping removes


class Tap:
    """Counts checks and prints them."""

    def __init__(self):
        self.number, self.failed = 0, False

    def check(self, name, function, *arguments):
        self.number += 1
        try:
            told = function(*arguments)
            print(f"ok {self.number} - {name}: {told}", flush=True)
        except Exception as error:  # whatever it is, this check has failed
            self.failed = True
            print(f"not ok {self.number} - {name}\n# {type(error).__name__}: {error}", flush=True)

    def end(self):
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0


# ---- whether a spoiled transcript is noticed ----

def leaves(value, path=()):
    """Every text and number of a transcript that bytes depend on, with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield path, value


def is_hex(value):
    return isinstance(value, str) and len(value) >= 30 and set(value) <= set("0123456789abcdef")


def flipped(text, position):
    data = bytearray.fromhex(text)
    data[position] ^= FLIP
    return data.hex()


def other(value):
    """A word or number that stands where `value` does, or None."""
    words = {"X25519": "MlKem768", "MlKem768": "XWing", "XWing": "X25519", "Blake3": "SHAKE256",
             "SHAKE256": "Blake3", "SHAKE128": "Blake3", "SHA256": "Blake3", "client": "gateway",
             "gateway": "client", "early": "stepwise", "stepwise": "early", "C->G": "G->C",
             "G->C": "C->G", "G->E": "E->G", "E->G": "G->E", "client-gateway": "gateway-exit",
             "gateway-exit": "client-gateway"}
    if isinstance(value, int):
        return value + 1
    return str(int(value) + 1) if value.isdecimal() else words.get(value)


def spoilings(listed):
    """Ways to values, and what to put there."""
    for part in ("sessions", "registrations", "wire", "clock", "flights"):
        for path, value in leaves(listed.get(part, []), (part,)):
            if is_hex(value):
                length = len(value) // 2
                if path[-1] == "kem_private":
                    length = min(length, SEED_PART)
                for position in sorted({0, length // 3, 2 * length // 3, length - 1}):
                    yield path, flipped(value, position)
            elif other(value) is not None:
                yield path, other(value)
    if "exit_address" in listed:
        yield ("exit_address",), listed["exit_address"] + "0"
    yield ("wire",), listed["wire"][:-1]
    yield ("wire",), [*listed["wire"], listed["wire"][-1]]


def spoiled(listed, path, value):
    """A copy that shares everything but the way to that value."""
    made = inner = copy.copy(listed)
    for key in path[:-1]:
        inner[key] = copy.copy(inner[key])
        inner = inner[key]
    inner[path[-1]] = value
    return made


def notices(listed):
    count = 0
    for path, value in spoilings(listed):
        count += 1
        try:
            transcript.check(spoiled(listed, path, value))
        except (Wrong, ValueError, LookupError, OverflowError):
            continue
        raise Wrong(f"nobody noticed a change of {'/'.join(map(str, path))}")
    return f"{count} changes noticed"


# ---- what is checked ----

def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def check_file(tap, path, thorough):
    name = os.path.relpath(path, ROOT)
    transcripts = []
    tap.check(name, lambda: f"{transcripts.extend(load(path)['transcripts']) or len(transcripts)}"
                            " transcripts")
    for listed in transcripts:
        tap.check(f"{name}, {listed['name']}",
                  lambda entry=listed: f"{transcript.check(entry)} frames")
        if thorough:
            tap.check(f"{name}, {listed['name']}, spoiled", notices, listed)


def check_maker(program):
    """The library still makes what is written down."""
    made = subprocess.run([program], check=True, capture_output=True).stdout
    with open(OURS, "rb") as file:
        if file.read() != made:
            raise Wrong(f"{program} prints something else; see vectors/README.md")
    return f"{len(made)} bytes"


def main():
    parser = argparse.ArgumentParser(description="Checks vectors without the library.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--maker", action="append", default=[], metavar="PROGRAM")
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_args()
    tap = Tap()
    thorough = not options.files and not options.quick
    if thorough:
        for name, function in {**known_answers.ALL, **documents.ALL}.items():
            tap.check(name, lambda check=function: f"{check()} vectors")
    for path in options.files or ([RECORDED, OURS] if thorough else [OURS]):
        check_file(tap, path, thorough)
    for program in options.maker:
        tap.check(f"{os.path.relpath(program, ROOT)} makes vectors/generation1.json",
                  check_maker, program)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
