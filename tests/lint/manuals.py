# SPDX-License-Identifier: Apache-2.0
"""Manuals say what the programs say of themselves: the same options, the same settings."""

import os
import re
import shutil
import subprocess
import tempfile

import tools

HELP = {"man/lewes.1.scd": [["lewes", "register", "--help"], ["lewes", "ticket", "--help"],
                           ["lewes", "--help"]],
        "man/lewes-mint.1.scd": [["lewes-mint", "--help"], *(
            ["lewes-mint", *command.split(), "--help"] for command in (
                "keygen", "epoch add", "account add", "account remove", "account list", "dates",
                "coins", "user new", "user show", "request", "issue", "finish", "book", "spend",
                "verify", "settle", "show", "serve"))],
        "man/lewesd.8.scd": [["lewesd", "--help"]]}
SETTINGS = "man/lewesd.conf.5.scd"
OPTION = re.compile(r"--[a-z][a-z-]+")


def said(build, command):
    """What a program prints on standard output."""
    program = os.path.join(build, command[0])
    if not os.path.exists(program):
        raise tools.Missing(f"{program} is not built")
    return subprocess.run([program, *command[1:]], capture_output=True, text=True,
                          check=True).stdout


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def options(build):
    """Options of a program that its manual does not explain, and the other way round."""
    for manual, commands in HELP.items():
        known = {option for command in commands for option in OPTION.findall(said(build, command))}
        explained = set(re.findall(r"\*(--[a-z][a-z-]+)\*", read(manual))) | {"--help", "--version"}
        yield from (f"{manual}: {option} is not explained" for option in sorted(known - explained))
        yield from (f"{manual}: there is no {option}"
                    for option in sorted(explained - known - {"--help", "--version"}))


def settings(build):
    """Settings of lewesd that lewesd.conf(5) does not explain, and the other way round."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as config:
        config.write("[registration]\nverifier = mock\n[security]\nallow_mock = yes\n")
        config.flush()
        printed = said(build, ["lewesd", "--config", config.name, "--print-config"])
    known = set(re.findall(r"^([a-z0-9_]+) *=", printed, re.MULTILINE))
    explained = set(re.findall(r"^\*([a-z0-9_]+)\*(?!\()", read(SETTINGS), re.MULTILINE))
    if not known:
        yield "lewesd --print-config shows no settings"
    yield from (f"{SETTINGS}: {key} is not explained" for key in sorted(known - explained))
    yield from (f"{SETTINGS}: there is no setting {key}" for key in sorted(explained - known))


def syntax(paths):
    """What scdoc and mandoc say of the manuals. Empty paragraphs are scdoc's own habit."""
    for program in ("scdoc", "mandoc"):
        if not shutil.which(program):
            raise tools.Missing(f"{program} is not installed; make deps installs it")
    for path in paths:
        with open(path, "rb") as file:
            made = subprocess.run(["scdoc"], stdin=file, capture_output=True, check=False)
        if made.returncode:
            yield f"{path}: {made.stderr.decode().strip()}"
            continue
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=made.stdout,
                              capture_output=True, check=False)
        yield from (f"{path}: {line}" for line in done.stdout.decode().splitlines()
                    if "paragraph macro" not in line)
