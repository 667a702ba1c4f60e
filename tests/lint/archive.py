# SPDX-License-Identifier: Apache-2.0
"""What the built libraries promise."""

import os
import re
import subprocess

# The whole of libc that liblewes needs, and what compilers add on their own.
LIBC = {"memcpy", "memmove", "memset", "memcmp", "strlen"}
COMPILER = {"__stack_chk_fail", "__stack_chk_guard", "_GLOBAL_OFFSET_TABLE_"}
BACK_ENDS = re.compile(r"aws_lc_|blake3_|blst_")
# Relocated, then read-only: constant tables with pointers.
CONSTANT = ".data.rel.ro"
SHARED_LIMIT = 1500 * 1000


class Missing(Exception):
    """What is to be checked was not built."""


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def need(path):
    if not os.path.exists(path):
        raise Missing(f"{path} was not built")
    return path


def undefined(archive):
    """The archive needs nothing but five functions of libc, and its back ends."""
    defined, wanted = set(), set()
    for line in output("nm", need(archive)).splitlines():
        match = re.match(r"[0-9a-f]* +([A-Za-z]) (\S+)$", line)
        if match:
            (wanted if match.group(1) in "Uw" else defined).add(match.group(2))
    strangers = {name for name in wanted - defined - LIBC - COMPILER
                 if not BACK_ENDS.match(name)}
    if not defined:
        return [f"{archive} defines nothing"]
    return [f"{archive} needs {name}" for name in sorted(strangers)]


def writable(archive):
    """No object of the archive has variables."""
    found, member = [], "?"
    for line in output("objdump", "-h", need(archive)).splitlines():
        match = re.match(r"(\S+): +file format", line)
        if match:
            member = match.group(1)
            continue
        match = re.match(r" +\d+ (\.\S+) +([0-9a-f]+) ", line)
        if not match or int(match.group(2), 16) == 0:
            continue
        name = match.group(1)
        if name.startswith(CONSTANT):
            continue
        if re.match(r"\.(data|bss|tdata|tbss)\b", name):
            found.append(f"{member}: {name} has {int(match.group(2), 16)} bytes")
    return found


def exported(library):
    """Returns the names that a shared library exports."""
    return sorted(line.split()[-1]
                  for line in output("nm", "-D", "--defined-only", need(library)).splitlines())


def pinned(library, pin):
    """A library exports exactly the names in the file `pin`."""
    actual = set(exported(library))
    wanted = set()
    if os.path.exists(pin):
        with open(pin, encoding="utf-8") as file:
            wanted = set(file.read().split())
    return ([f"{name} is exported, but not in {pin}" for name in sorted(actual - wanted)]
            + [f"{name} is in {pin}, but not exported" for name in sorted(wanted - actual)])


def declared(library, headers):
    """Every exported name stands in a public header."""
    words = set()
    for header in headers:
        with open(header, encoding="utf-8") as file:
            words.update(re.findall(r"\w+", file.read()))
    return [f"{name} is exported, but in no public header"
            for name in exported(library) if name not in words]


def size(library):
    """Routers carry it."""
    stripped = f"{need(library)}.stripped"
    output("strip", "-o", stripped, library)
    actual = os.path.getsize(stripped)
    os.remove(stripped)
    if actual > SHARED_LIMIT:
        return [f"{library} has {actual} bytes stripped, {SHARED_LIMIT} are allowed"]
    return []
