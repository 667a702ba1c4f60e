# SPDX-License-Identifier: Apache-2.0
"""Rules that comments name, such as P25 or G6.2, stand in the documents."""

import re

DOCUMENTS = {"P": "doc/protocol.md", "R": "doc/registration.md", "G": "doc/gateway.md",
             "E": "doc/ecash.md"}
DEFINED = re.compile(r"\*\*([PRGE]\d+(?:\.\d+)?)\*\*|^\| ([PRGE]\d+(?:\.\d+)?) \|", re.MULTILINE)
# G1 and G2 without a section are the groups of the tickets.
NAMED = re.compile(r"\b(?:[PR]\d{1,2}|G\d{1,2}\.\d{1,2}|E\d{1,2})\b(?!\()")


def defined(text):
    """The rules that a document defines, in bold or in the first column of a table."""
    return {bold or column for bold, column in DEFINED.findall(text)}


def named(text):
    """The rules that the comments of a source name."""
    comments = re.findall(r"/\*.*?\*/", text, re.DOTALL)
    return {rule for comment in comments for rule in NAMED.findall(comment)}


def of_comments(path, text, documents):
    """`documents`: by letter, the rules of each document that there is."""
    return [f"{path}: {rule} is not in {DOCUMENTS[rule[0]]}" for rule in sorted(named(text))
            if rule[0] in documents and rule not in documents[rule[0]]]
