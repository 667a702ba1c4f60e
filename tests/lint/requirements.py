# SPDX-License-Identifier: Apache-2.0
"""The table of requirements: every acceptance test has its row, and every row its proof."""

import re

PAGE = "doc/requirements.md"
NUMBERS = {"Protocol": 35, "Registration": 14, "Tickets": 13}  # acceptance tests
ELSEWHERE = "needs the original implementation"
ROW = re.compile(r"\| *(\d+) *\|([^|]*)\|([^|]*)\|$")
PROOF = re.compile(r"`([^`:]+): ([^`]+)`")


def rows(text):
    """Yields (section, number, demand, proof) of each row."""
    section = None
    for line in text.split("\n"):
        if line.startswith("## "):
            section = line.removeprefix("## ").strip()
        match = ROW.match(line)
        if match:
            yield section, int(match[1]), match[2].strip(), match[3].strip()


def defines(source, function):
    """Does a source in C or Python define this function, at the beginning of a line?"""
    return re.search(rf"^(?:def |\w[\w *]*[ *]){re.escape(function)}\(", source, re.MULTILINE)


def of_proof(proof, read):
    """What is wrong with one cell of proofs."""
    named = PROOF.findall(proof)
    if not named and ELSEWHERE not in proof:
        yield "has neither a test nor a reason"
    for rest in PROOF.sub("", proof).split(";"):
        if rest.strip() and ELSEWHERE not in rest:
            yield f"cannot be read: {rest.strip()}"
    for path, functions in named:
        source = read(path)
        if source is None:
            yield f"names {path}, which is not there"
            continue
        for function in re.split(r",\s*", functions):
            if not defines(source, function):
                yield f"names {function}, which is not in {path}"


def of_page(text, read):
    """`read(path)` is the text of a file, or None."""
    found, seen = [], []
    for section, number, demand, proof in rows(text):
        where = f"{PAGE}: {section} {number}"
        seen.append((section, number))
        if not demand:
            found.append(f"{where} demands nothing")
        found.extend(f"{where} {wrong}" for wrong in of_proof(proof, read))
    wanted = [(section, number) for section, last in NUMBERS.items()
              for number in range(1, last + 1)]
    found.extend(f"{PAGE}: {section} {number} is missing"
                 for section, number in wanted if (section, number) not in seen)
    found.extend(f"{PAGE}: {section} {number} is there twice, or is no acceptance test"
                 for section, number in sorted(set(seen)) if seen.count((section, number)) > 1
                 or (section, number) not in wanted)
    return found
