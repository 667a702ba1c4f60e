# SPDX-License-Identifier: Apache-2.0
"""Who may include whom."""

import re

# Every room and the rooms that it may include, itself apart.
ALLOWED = {
    "lib/base": set(),
    "lib/crypto": {"lib/base"},
    "lib/wire": {"lib/base", "lib/crypto"},
    "lib/noise": {"lib/base", "lib/crypto"},
    "lib/kkt": {"lib/base", "lib/crypto"},
    "lib/psq": {"lib/base", "lib/crypto"},
    "lib/ecash": {"lib/base", "lib/crypto"},
    "lib/session": {"lib/base", "lib/crypto", "lib/wire", "lib/noise", "lib/kkt", "lib/psq",
                    "lib/ecash"},
    "lib/registration": {"lib/base"},
    "lib/kcp": {"lib/base"},
    "host": set(),
    "wireguard": {"lib/base", "host"},
    "description": {"lib", "host"},
    "client": {"lib", "wireguard", "host", "description"},
    "gateway": {"lib", "wireguard", "host", "description"},
    "mint": {"lib", "host"},
    "bench": {"lib", "gateway"},
    "fuzz": {"lib", "description", "wireguard", "client", "gateway", "mint"},
    "examples": set(),  # as a user: public headers only
    "tests": {"lib", "wireguard", "host", "description", "client", "gateway", "mint"},
    "include": set(),
}
BACK_ENDS = {"lib/crypto": re.compile(r"openssl/|blake3\.h"), "lib/ecash": re.compile(r"blst")}
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]+([<\"])([^>\"]+)[>\"]", re.MULTILINE)


def room_of(path):
    """Returns the room of a file, or None."""
    parts = path.split("/")
    if len(parts) < 2:
        return None
    return "/".join(parts[:2]) if parts[0] == "lib" and len(parts) > 2 else parts[0]


def of_includes(path, text, exists):
    """Complaints about the includes of one file; exists(path) tells whether a file is there."""
    room = room_of(path)
    if room not in ALLOWED:
        return [f"{path}: no room of this name is known to tests/lint/rooms.py"]
    found = []
    for quote, target in INCLUDE.findall(text):
        if quote == "<":
            found.extend(of_angle(path, room, target))
        else:
            found.extend(of_quoted(path, room, target, exists))
    return found


def of_angle(path, room, target):
    for owner, headers in BACK_ENDS.items():
        if headers.match(target) and room not in (owner, "tests"):
            return [f"{path}: <{target}>: only {owner} includes this back end"]
    if room == "include" and "/" in target and not target.startswith("lewes/"):
        return [f"{path}: <{target}>: public headers include <lewes/...> and the standard only"]
    return []


def of_quoted(path, room, target, exists):
    if room in ("include", "examples"):
        return [f"{path}: \"{target}\": only public headers here, as <lewes/...>"]
    if not exists(target):
        return [f"{path}: \"{target}\": not a path from the repository's root"]
    other = room_of(target)
    if other == room or other in ALLOWED[room] or other.split("/")[0] in ALLOWED[room]:
        return []
    return [f"{path}: \"{target}\": {room} may not include {other}"]
