#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fuzz/make_corpus.py: writes the seeds of fuzz/corpus anew from the recorded vectors. What fuzzing
has found is added by hand, under a name that says what it is."""

import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VECTORS = os.path.join(ROOT, "tests", "vectors")


def load(*path):
    with open(os.path.join(VECTORS, *path), encoding="utf-8") as file:
        return json.load(file)


def put(target, name, data):
    directory = os.path.join(ROOT, "fuzz", "corpus", target)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, f"seed-{name}"), "wb") as file:
        file.write(data)


def protocol(lp):
    sizes = set()
    for transcript in lp["transcripts"]:
        for number, frame in enumerate(transcript["wire"]):
            packet = bytes.fromhex(frame["hex"])[4:]
            if len(packet) not in sizes:  # one of each kind
                sizes.add(len(packet))
                put("packet", f"{transcript['name']}-{number}", packet)
        for number, registration in enumerate(transcript.get("registrations", [])):
            for kind in ("request", "response"):
                put("registration", f"{transcript['name']}-{number}-{kind}",
                    bytes.fromhex(registration[kind]))
    for number, vector in enumerate(lp["kem_vectors"]):
        if vector["kind"] == "kkt" and vector["hash"] == "Blake3":
            put("kkt", f"{number}-request", bytes.fromhex(vector["request"]))
            put("kkt", f"{number}-response", bytes.fromhex(vector["response"]))
        elif vector["kind"] == "psq":
            put("psq", f"{number}-message", bytes.fromhex(vector["initiator_msg"]))
            put("psq", f"{number}-answer", bytes.fromhex(vector["responder_msg"]))
    for kind, first, second in ((0, 0x10, 0x00), (1, 0x11, 0x01), (2, 0x11, 0x01), (3, 0x11, 0x01),
                                (0, 0x11, 0x81)):
        kem = (0xff, 0xff, 1, 0)[kind]
        put("kkt", f"composed-{kind}-{second:02x}",
            bytes([kind | 4, first, second, kem, 0, 0, 0, 0]))


def registration():
    for name, message in load("registration", "examples.json").items():
        put("registration", name.replace(".", "-"), bytes.fromhex(message))


def tickets():
    recorded = load("ecash", "ticket-vectors.json")
    for number in (0, 12):
        put("ticket", f"payment-{number}", bytes.fromhex(recorded["tickets"][number]["payment"]))
    book = recorded["issuance"][0]
    put("ticket", "request", bytes.fromhex(book["user_pk"] + book["withdrawal_request"]))
    key = recorded["authority_sets"][1]
    put("ticket", "key", bytes.fromhex(key["aggregated_verification_key"]["bytes"]))
    put("ticket", "secret", bytes.fromhex(key["authorities"][0]["secret_key_bytes"]))


def sessions():
    """Programs of fuzz/session.c: a whole handshake, then everything that may follow it."""
    handshake = [0, 4] * 6
    tails = {
        "data": [10, 1, 20, 4, 10, 0, 20, 0, 7, 1, 8, 1, 1, 0, 5, 1],
        "rekey-by-target": [11, 1, 4, 0, 4, 0, 10, 1, 5, 4, 0],
        "rekey-by-peer": [11, 0, 0, 4, 0, 1, 10, 0, 5, 0, 4],
        "rekey-by-both": [11, 0, 11, 1, 4, 0, 0, 4, 4, 0, 0],
        "time": [12, 0xff, 0xff, 12, 0xff, 0xff, 10, 1, 5, 4],
        "invented": [9, 0x26, 3, 1, 2, 3, 4, 5, 9, 0xa4, 0, 0, 0, 0, 49, 48],
        "spoiled": [10, 0, 20, 3, 1, 0, 30, 1, 10, 0, 20, 3, 7, 0, 3, 9, 0],
    }
    for target in ("initiator", "responder"):
        for flags in (0, 1, 2 | 16, 4 | 32, 7 | 56):
            for name, tail in tails.items():
                put(target, f"{flags:02x}-{name}", bytes([1, flags] + handshake + tail))


def texts():
    put("text", "base58", b"11111111111111111111111111111112")
    put("text", "base58-long", b"GJvJ9UQbJNe6ESWJKvHsmmFDAD4gpZPfQfP3bkLKi")
    put("text", "base64", b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    put("text", "key", bytes(range(32)))


def main():
    protocol(load("lp", "generation1.json"))
    registration()
    tickets()
    sessions()
    texts()


if __name__ == "__main__":
    main()
