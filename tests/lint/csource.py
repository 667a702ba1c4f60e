# SPDX-License-Identifier: Apache-2.0
"""Reads C well enough to measure it: functions, their length, parameters and nesting."""

import re

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|->|\S")
# A statement that has a statement in it.
CONTROL = {"if", "for", "while", "switch"}


class Unreadable(Exception):
    """The text is not what this reader takes for C."""


def blank(text):
    """Returns text without comments and with empty strings; every newline stays where it was."""
    pattern = re.compile(
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)

    def replace(match):
        found = match.group()
        if found[0] == '"':
            return '""'
        if found[0] == "'":
            return "0"
        return " " + "\n" * found.count("\n")

    return pattern.sub(replace, text.replace("\\\r\n", "\\\n"))


def without_directives(text):
    """Empties preprocessor lines, and of every conditional all branches but the first, so that
    braces balance."""
    out = []
    skipping = []  # for every open conditional: are we past its first branch?
    continued = False
    for line in text.split("\n"):
        directive = re.match(r"\s*#\s*(\w*)", line)
        if continued or directive:
            if directive and not continued:
                word = directive.group(1)
                if word in ("if", "ifdef", "ifndef"):
                    skipping.append(False)
                elif word in ("else", "elif") and skipping:
                    skipping[-1] = True
                elif word == "endif" and skipping:
                    skipping.pop()
            continued = line.endswith("\\")
            out.append("")
        else:
            out.append("" if any(skipping) else line)
    return "\n".join(out)


def tokens(text):
    """Returns [(token, line number)] of C text."""
    found = []
    clean = without_directives(blank(text))
    for number, line in enumerate(clean.split("\n"), 1):
        found.extend((match.group(), number) for match in TOKEN.finditer(line))
    return found


class Function:
    """One function definition."""

    def __init__(self, name, first, last, parameters, nesting):
        self.name = name
        self.first = first
        self.last = last
        self.parameters = parameters
        self.nesting = nesting

    @property
    def lines(self):
        return self.last - self.first + 1


class Reader:
    """Finds the functions of one file."""

    CLOSERS = {"(": ")", "[": "]", "{": "}"}

    def __init__(self, text):
        self.tokens = tokens(text)
        self.at = 0
        self.deepest = 0

    def peek(self, ahead=0):
        index = self.at + ahead
        return self.tokens[index][0] if index < len(self.tokens) else ""

    def line(self):
        if not self.tokens:
            return 1
        return self.tokens[min(self.at, len(self.tokens) - 1)][1]

    def skip_group(self):
        """Steps over a balanced (...), [...] or {...}."""
        stack = []
        while self.at < len(self.tokens):
            token = self.peek()
            if token in self.CLOSERS:
                stack.append(self.CLOSERS[token])
            elif token in self.CLOSERS.values():
                if not stack or token != stack.pop():
                    raise Unreadable(f"line {self.line()}: unbalanced {token}")
            self.at += 1
            if not stack:
                return
        raise Unreadable("end of file inside brackets")

    # ---- outside of functions

    def functions(self):
        found = []
        while self.at < len(self.tokens):
            if self.peek() == "extern" and self.peek(1) == '"' and self.peek(3) == "{":
                self.at += 4  # extern "C" {
            elif self.peek() == "}":
                self.at += 1  # its end
            else:
                function = self.declaration()
                if function:
                    found.append(function)
        return found

    def declaration(self):
        """Steps over one declaration or definition; returns a Function if it is one."""
        first = self.line()
        name, parameters, previous, assigned = None, 0, "", False
        while self.at < len(self.tokens):
            token = self.peek()
            if token == ";":
                self.at += 1
                return None
            if token == "{":
                if name and not assigned:
                    return self.definition(name, parameters, first)
                self.skip_group()
                previous = "}"
                continue
            if token in "([":
                start = self.at
                self.skip_group()
                if token == "(" and name is None and self.is_name(previous):
                    name = previous
                    parameters = self.count_parameters(start)
                previous = ")"
                continue
            if token == "=":
                assigned = True
            if token in ("struct", "union", "enum") and self.peek(2) == "{":
                self.at += 2
                self.skip_group()
                previous = "}"
                continue
            previous = token
            self.at += 1
        return None

    @staticmethod
    def is_name(token):
        return bool(re.match(r"[A-Za-z_]", token)) and token not in (
            "__attribute__", "_Alignas", "_Static_assert", "__asm__", "typeof")

    def count_parameters(self, start):
        inside = [token for token, _ in self.tokens[start + 1:self.at - 1]]
        if inside in ([], ["void"]):
            return 0
        depth, commas = 0, 0
        for token in inside:
            depth += (token in "([{") - (token in ")]}")
            commas += token == "," and depth == 0
        return commas + 1

    def definition(self, name, parameters, first):
        self.deepest = 0
        self.at += 1
        while self.peek() != "}":
            self.statement(0)
        last = self.line()
        self.at += 1
        return Function(name, first, last, parameters, self.deepest)

    # ---- inside of functions

    def statement(self, level):
        """Steps over one statement that stands `level` blocks deep in its function."""
        if self.at >= len(self.tokens):
            raise Unreadable("end of file inside a function")
        self.deepest = max(self.deepest, level)
        token = self.peek()
        if token == "{":
            self.block(level + 1)
        elif token == "if":
            self.if_statement(level)
        elif token in CONTROL:
            self.at += 1
            self.skip_group()
            self.inner(level)
        elif token == "do":
            self.at += 1
            self.inner(level)
            self.simple()
        elif token in ("case", "default"):
            while self.peek() != ":":
                self.at += 1
            self.at += 1
        elif self.is_name(token) and self.peek(1) == ":" and token not in ("public", "private"):
            self.at += 2
        elif self.is_name(token) and self.peek(1) == "(" and self.loop_macro():
            self.inner(level)
        else:
            self.simple()

    def block(self, level):
        self.at += 1
        while self.peek() != "}":
            self.statement(level)
        self.at += 1

    def inner(self, level):
        """The statement in a statement: braces or not, it is one level deeper."""
        if self.peek() == "{":
            self.deepest = max(self.deepest, level + 1)
            self.block(level + 1)
        else:
            self.statement(level + 1 if self.peek() != ";" else level)

    def if_statement(self, level):
        while True:
            self.at += 1
            self.skip_group()
            self.inner(level)
            if self.peek() != "else":
                return
            self.at += 1
            if self.peek() != "if":
                self.inner(level)
                return

    def loop_macro(self):
        """Steps over NAME(...) if a block follows it."""
        if self.peek() in ("return", "sizeof"):
            return False
        start = self.at
        self.at += 1
        self.skip_group()
        if self.peek() == "{":
            return True
        self.at = start
        return False

    def simple(self):
        """A declaration or an expression: up to its semicolon."""
        while self.at < len(self.tokens):
            token = self.peek()
            if token == ";":
                self.at += 1
                return
            if token == "}":
                raise Unreadable(f"line {self.line()}: a statement without a semicolon")
            if token in self.CLOSERS:
                self.skip_group()
            else:
                self.at += 1
        raise Unreadable("end of file inside a statement")


def functions(text):
    """Returns the functions defined in C text."""
    return Reader(text).functions()
