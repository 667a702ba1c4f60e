# SPDX-License-Identifier: Apache-2.0
"""Shows the linter small sources, good and bad: a check that cannot fail checks nothing."""

import os
import tempfile

import csource
import limits
import requirements
import rooms
import rules
import tools

LONG_BODY = "void f(void)\n{\n" + "    g();\n" * 77 + "}\n"
NESTED = """\
static int f(int a, const char *b)
{
    for (;;) {
        if (a)
            while (b) {
                DEEPEST
            }
    }
    return 0;
}
"""
TRICKS = """\
#define OPEN {
/* { */ // {
static const char *const braces = "{\\"{";
struct pair { int a, b; } const pairs[] = {{1, 2}, {'{', 4}};
#if defined(A)
int f(int a) {
#else
int f(long a) {
#endif
    struct pair p = {.a = 1}, *q = &(struct pair){2, 3};
    switch (a) {
    case '}': { return 1; }
    default: break;
    }
    if (a == 1)
        return 1;
    else if (a == 2)
        return 2;
    else if (a == 3)
        return 3;
out:
    if (a == 4)
        return (struct pair){g((struct pair){1, 2}, q) ? 1 : 2, a};
    return (struct pair){1, 2};
}
"""


def measure(text):
    return [(f.name, f.lines, f.parameters, f.nesting) for f in csource.functions(text)]


def include(path, target):
    return rooms.of_includes(path, f"#include {target}\n", lambda _: True)


def require(changed="`a.c: f`", row=2):
    """The table of requirements, all of its rows in order but for the proof of one; without a row
    when that is None."""
    lines = []
    for section, last in requirements.NUMBERS.items():
        lines.append(f"## {section}")
        for number in range(1, last + 1):
            proof = changed if number == row else f"`a.c: f, g`; {requirements.ELSEWHERE}"
            if proof is not None:
                lines.append(f"| {number} | something | {proof} |")
    files = {"a.c": "static void f(void **state)\n{\n    h(1);\n}\nstatic void g(void **state)\n"}
    return requirements.of_page("\n".join(lines), files.get)


def header(text):
    """What the compilers say to a public header with this text."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "a.h"), "w", encoding="utf-8") as file:
            file.write(text)
        return [line for compiler in tools.COMPILERS
                for line in tools.stand_alone(*compiler, "a.h", folder)]


# (name, what must be found, or None if nothing may be found)
CASES = [
    ("80 lines pass", lambda: limits.of_functions("a.c", LONG_BODY), None),
    ("81 lines do not", lambda: limits.of_functions("a.c", LONG_BODY.replace("{\n", "{\n\n")),
     "81 lines"),
    ("nesting 3 passes", lambda: limits.of_functions("a.c", NESTED.replace("DEEPEST", "g();")),
     None),
    ("nesting 4 does not",
     lambda: limits.of_functions("a.c", NESTED.replace("DEEPEST", "if (a) { g(); }")),
     "nested 4"),
    ("nesting 4 without braces does not",
     lambda: limits.of_functions("a.c", NESTED.replace("DEEPEST", "if (a) g();")), "nested 4"),
    ("6 parameters pass",
     lambda: limits.of_functions("a.c", "int f(int a, b c, d e, f g, int (*h)(int, int), i j)\n{}"),
     None),
    ("7 parameters do not",
     lambda: limits.of_functions("a.c", "LEWES_API int f(int a, b c, d e, f g, h i, j k, l m) {}"),
     "7 parameters"),
    ("unbalanced braces are told", lambda: limits.of_functions("a.c", "void f(void)\n{\n"),
     "cannot be read"),
    ("a prototype and a table are no functions",
     lambda: measure("int f(int a);\nint (*t[])(int) = {f};\n"), None),
    ("functions in extern \"C\" are seen",
     lambda: limits.of_functions("a.h", 'extern "C" {\n' + LONG_BODY.replace("{\n", "{\n\n") + "}"),
     "81 lines"),
    ("600 lines pass", lambda: limits.of_file("a.c", "\n" * 600), None),
    ("601 lines do not", lambda: limits.of_file("a.c", "\n" * 601), "601 lines"),
    ("a public header of 351 lines does not",
     lambda: limits.of_file("include/lewes/a.h", "\n" * 351), "351 lines"),
    ("100 columns pass", lambda: limits.of_lines("a.c", "x" * 100), None),
    ("101 columns do not", lambda: limits.of_lines("a.c", "x" * 101), "101 columns"),
    ("a vague name is told", lambda: limits.of_name("lib/base/string_utils.c"), "says nothing"),
    ("a name that contains a vague one passes", lambda: limits.of_name("lib/base/futility.c"),
     None),
    ("a double is told", lambda: limits.of_library("lib/a.c", "double d;"), "floating"),
    ("a double in a comment passes", lambda: limits.of_library("lib/a.c", "/* double */"), None),
    ("a bit-field is told", lambda: limits.of_library("lib/a.c", "unsigned a : 3;"), "bit-field"),
    ("base may not include wire", lambda: include("lib/base/a.c", '"lib/wire/b.h"'),
     "may not include"),
    ("session may include wire", lambda: include("lib/session/a.c", '"lib/wire/b.h"'), None),
    ("session may not include registration",
     lambda: include("lib/session/a.c", '"lib/registration/b.h"'), "may not include"),
    ("gateway may include session", lambda: include("gateway/a.c", '"lib/session/b.h"'), None),
    ("gateway may not include client", lambda: include("gateway/a.c", '"client/b.h"'),
     "may not include"),
    ("wire may not include the back end", lambda: include("lib/wire/a.c", "<openssl/evp.h>"),
     "only lib/crypto"),
    ("crypto may", lambda: include("lib/crypto/a.c", "<openssl/evp.h>"), None),
    ("a public header may not include an internal one",
     lambda: include("include/lewes/a.h", '"lib/base/b.h"'), "only public headers"),
    ("an include from beside is told",
     lambda: rooms.of_includes("lib/base/a.c", '#include "b.h"\n', lambda _: False), "root"),
    ("a rule that stands nowhere is told",
     lambda: rules.of_comments("a.c", "/* P9, G1.2 */", {"P": {"P8"}, "G": {"G1.2"}}), "P9 is not"),
    ("a rule that stands somewhere passes",
     lambda: rules.of_comments("a.c", "int P7; /* P25.8 */", {"P": rules.defined("**P25** x")}),
     None),
    ("a row with a test that exists passes", require, None),
    ("a row that needs the original passes",
     lambda: require("needs the original implementation"), None),
    ("a missing row is told", lambda: require(None), "2 is missing"),
    ("the last row may not be missing", lambda: require(None, 35), "35 is missing"),
    ("a row without a proof is told", lambda: require(""), "neither"),
    ("a test of a file that is not there is told", lambda: require("`b.c: f`"), "b.c"),
    ("a test that is not there is told", lambda: require("`a.c: f, i`"), "names i"),
    ("a function that is only called is no test", lambda: require("`a.c: h`"), "names h"),
    ("a promise is no test", lambda: require("`a.c: f`; soon"), "cannot be read"),
    ("a row that is there twice is told",
     lambda: requirements.of_page("## Protocol\n| 1 | a | b |\n| 1 | a | b |", {}.get), "twice"),
    ("a dead link is told", lambda: tools.links("README.md", "[a](no/such/file.md)"),
     "is not there"),
    ("a header that is complete passes", lambda: header("#include <stdint.h>\nuint8_t f(void);\n"),
     None),
    ("a header that lacks an include is told", lambda: header("uint8_t f(void);\n"), "uint8_t"),
    ("a header that is not C++ is told", lambda: header("int f(int new);\n"), "new"),
    ("a missing licence is told", lambda: tools.licence("a.c", "int a;\n"), "SPDX"),
    ("a path of one machine is told",
     lambda: tools.machine_paths("a.md", "see /" + "home/somebody/file"), "one machine"),
]


def failures():
    """Returns what the linter got wrong."""
    found = []
    for name, check, wanted in CASES:
        lines = check()
        if wanted is None and lines:
            found.append(f"{name}: but it said {lines}")
        elif wanted is not None and not any(wanted in str(line) for line in lines):
            found.append(f"{name}: but it said {lines}")
    got = measure(TRICKS)
    if got != [("f", 20, 1, 2)]:
        found.append(f"strings, comments, conditionals and initialisers confuse it: {got}")
    return found
