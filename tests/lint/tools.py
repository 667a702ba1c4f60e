# SPDX-License-Identifier: Apache-2.0
"""Linters that others wrote, and checks of text."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import tempfile


class Missing(Exception):
    """A tool or a file is not there."""


def tool(*names):
    for name in names:
        if shutil.which(name):
            return name
    raise Missing(f"{names[0]} is not installed; make deps installs it")


def complaints(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).strip().split("\n")


def clang_format(paths):
    """Returns one line for each file that is not in its form: where that begins."""
    if not paths:
        return []
    first = {}
    for line in complaints([tool("clang-format-19"), "--dry-run", "-Werror", *paths]):
        match = re.match(r"(.*?):(\d+):\d+: error:", line)
        if match:
            first.setdefault(match.group(1), match.group(2))
    return [f"{path}:{line}: make format would change this" for path, line in first.items()]


def compiled(build):
    """Returns the absolute paths of the sources that are part of a build."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    return sorted({os.path.normpath(os.path.join(entry["directory"], entry["file"]))
                   for entry in entries})


def not_compiled(paths, build):
    """A source that no meson.build names is dead, or a test that never runs."""
    known = compiled(build)
    return [f"{path} is in no meson.build" for path in paths
            if path.endswith(".c") and os.path.abspath(path) not in known]


def clang_tidy(build):
    """Runs over every file that was compiled, as many at a time as there are processors."""
    program = tool("clang-tidy-19")
    paths = compiled(build)

    def tidy(path):
        return complaints([program, "-p", build, "--quiet",
                           "--extra-arg=-Wno-unknown-warning-option", path])

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = [line for lines in pool.map(tidy, paths) for line in lines]
    return [line for line in found if not re.match(r"\d+ warnings? (generated|treated)", line)]


COMPILERS = (("gcc", "c", "c17"), ("clang-19", "c", "c17"), ("g++", "c++", "c++11"),
             ("g++", "c++", "c++17"), ("clang++-19", "c++", "c++11"),
             ("clang++-19", "c++", "c++17"))


def stand_alone(compiler, language, standard, header, include="include"):
    """A file that includes this header and nothing else."""
    command = [tool(compiler), f"-std={standard}", "-x", language, "-fsyntax-only", "-Wall",
               "-Wextra", "-Wpedantic", "-Werror", f"-I{include}"]
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(f"#include <{header}>\nextern int not_empty;\n")
        file.flush()
        return complaints([*command, file.name])


def public_headers(headers):
    """Each public header is complete on its own, in C and in C++, with either compiler."""
    return [line for compiler in COMPILERS for header in headers
            for line in stand_alone(*compiler, header.removeprefix("include/"))]


def shell_syntax(paths):
    return [line for path in paths for line in complaints(["bash", "-n", path])]


def shellcheck(paths):
    return complaints([tool("shellcheck"), "--severity=warning", *paths]) if paths else []


def links(path, text):
    """Links of a markdown file to files of the repository lead somewhere."""
    found = []
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        file = os.path.join(os.path.dirname(path), target.split("#")[0])
        if not os.path.exists(file):
            found.append(f"{path}: {target} is not there")
    return found


def licence(path, text):
    head = "\n".join(text.split("\n")[:5])
    if "SPDX-License-Identifier: Apache-2.0" in head:
        return []
    return [f"{path}: no SPDX-License-Identifier in the first lines"]


def machine_paths(path, text):
    """Paths of one machine mean nothing on another."""
    return [f"{path}:{number}: a path of one machine"
            for number, line in enumerate(text.split("\n"), 1)
            if re.search(r"(?<![\w.])/(work|home/\w+|root|Users)/\w", line)]
