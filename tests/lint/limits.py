# SPDX-License-Identifier: Apache-2.0
"""Limits of size, so that every function and file can be read in one go."""

import re

import csource

FUNCTION_LINES = 80
PARAMETERS = 6
NESTING = 3
FILE_LINES = 600
PUBLIC_HEADER_LINES = 350
COLUMNS = 100
# Callbacks whose parameters a library has chosen.
GIVEN = {("mint/command_serve.c", "on_request")}
VAGUE_NAMES = re.compile(r"(^|[_-])(utils?|common|misc|helpers?)([_.-]|$)", re.IGNORECASE)


def of_functions(path, text):
    try:
        functions = csource.functions(text)
    except csource.Unreadable as error:
        return [f"{path}: cannot be read by the linter: {error}"]
    found = []
    for function in functions:
        where = f"{path}:{function.first}: {function.name}"
        if function.lines > FUNCTION_LINES:
            found.append(f"{where} has {function.lines} lines, {FUNCTION_LINES} are allowed")
        if function.parameters > PARAMETERS and (path, function.name) not in GIVEN:
            found.append(f"{where} has {function.parameters} parameters, "
                         f"{PARAMETERS} are allowed")
        if function.nesting > NESTING:
            found.append(f"{where} is nested {function.nesting} deep, {NESTING} is allowed")
    return found


def of_file(path, text):
    lines = text.count("\n")
    limit = PUBLIC_HEADER_LINES if path.startswith("include/") else FILE_LINES
    return [f"{path}: {lines} lines, {limit} are allowed"] if lines > limit else []


def of_lines(path, text):
    return [f"{path}:{number}: {len(line)} columns, {COLUMNS} are allowed"
            for number, line in enumerate(text.split("\n"), 1) if len(line) > COLUMNS]


def of_name(path):
    """A reader should guess the file from the question: vague names answer none."""
    return [f"{path}: the name says nothing"
            if part else "" for part in path.split("/") if VAGUE_NAMES.search(part)]


def of_library(path, text):
    """What lib/ never uses: floating point, bit-fields, alloca."""
    found = []
    clean = csource.without_directives(csource.blank(text))
    for number, line in enumerate(clean.split("\n"), 1):
        if re.search(r"\b(float|double)\b", line):
            found.append(f"{path}:{number}: floating point")
        if re.search(r"\balloca\b", line):
            found.append(f"{path}:{number}: alloca")
        if re.search(r"\b(unsigned|int|bool|u?int\d+_t)\s+\w+\s*:\s*\d+\s*[;,]", line):
            found.append(f"{path}:{number}: a bit-field")
    return found
