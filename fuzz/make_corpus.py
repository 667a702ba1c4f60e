#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fuzz/make_corpus.py: writes the seeds of fuzz/corpus anew from the recorded vectors and by
hand. What fuzzing has found is added there under a name that says what it is."""

import base64
import json
import os
import struct

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
        for target in ("ticket", "payment"):
            put(target, f"payment-{number}",
                bytes.fromhex(recorded["tickets"][number]["payment"]))
    for name, changes in (("whole", ""), ("bit", "00031200"), ("type", "02031304"),
                          ("gap", "03031300"), ("more", "04048a00"), ("order", "80001205"),
                          ("point", "c2000060"), ("cut", "07048500")):
        for bound in (0, 1):
            put("payment", f"program-{name}-{bound}", bytes([0, bound]) + bytes.fromhex(changes))
    for name, program in (("whole", b""), ("bit", b"\0\x09\x0a"), ("splice", b"\1\1\x09"),
                          ("minus", b"\3\0\2\3\0\3"), ("infinity", b"\4\0\7\4\0\x08"),
                          ("swap", b"\2\2\4\2\3\5"), ("bytes", b"\5\0\x11" + bytes(32)),
                          ("other", b"".join(bytes([1, 1, i]) for i in range(26)))):
        put("ticket", f"program-{name}", b"\0" + program)
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
        "invented": [9, 0x26, 3, 0, 5, 1, 2, 3, 4, 5, 9, 0xa4, 0, 0, 0, 0, 0, 49, 48],
        "spoiled": [10, 0, 20, 3, 1, 0, 30, 1, 10, 0, 20, 3, 7, 0, 3, 9, 0],
        "datagrams": [10, 0, 20, 0, 10, 0, 9, 15, 10, 0, 8, 14, 10, 0, 7, 15, 7, 0x80, 7, 0x81],
        "lies": [10, 0, 20, 13, 0, 3, 1, 0, 10, 0, 20, 13, 2, 0, 1, 0],
        "failures": [11, 1, 16, 0, 11, 1, 4, 16, 1, 0, 4, 0, 17, 30],
    }
    for target in ("initiator", "responder"):
        for flags in (0, 1, 2 | 16, 4 | 32, 7 | 56):
            for name, tail in tails.items():
                put(target, f"{flags:02x}-{name}", bytes([1, flags, 0, 0] + handshake + tail))
        for suites in (1, 2, 3, 5, 6, 13, 14, 0x11, 0x21, 0x23, 0x41, 0x82, 0xc1):
            for flags in (0, 1):
                put(target, f"{flags:02x}-suites-{suites:02x}",
                    bytes([1, flags, suites, 5] + handshake + tails["data"]))


GATEWAY = bytes.fromhex("a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0")


def base58(key):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(key, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return "1" * (len(key) - len(key.lstrip(b"\0"))) + text


def documents():
    """What gateways say of themselves and of each other."""
    digests = {"blake3": "01" * 32, "shake256": "23" * 32, "shake128": "45" * 32,
               "sha3_256": "67" * 32}
    inner = {
        "format": 1, "identity": base58(GATEWAY), "time": 1768384800, "expires": 1768388400,
        "enabled": True, "control_port": 41264, "data_port": None, "modes": ["dvpn", "mixnet"],
        "ticket_types": ["mixnet-entry", "mixnet-exit", "wg-entry", "wg-exit", "later"],
        "generations": [1, 2], "protocol_versions": [1],
        "suites": [{"generation": 1, "kem": kem, "digests": digests}
                   for kem in ("x25519", "mlkem768", "xwing", "later")],
        "software": {"name": "lewesd", "version": "1"},
    }
    put("description", "inner", json.dumps(inner).encode())
    put("description", "inner-data-port", json.dumps({**inner, "data_port": 51264}).encode())
    put("description", "outer", json.dumps({
        "identity": base58(GATEWAY), "signed": "e30=", "signed_signature": "A" * 86 + "=="
    }).encode())
    node = {"identity": base58(GATEWAY), "addresses": ["192.0.2.7", "2001:db8::7"],
            "control_port": 41264}
    put("directory", "one", json.dumps({"nodes": [node]}).encode())
    put("directory", "two", json.dumps({"nodes": [node, {**node, "control_port": 1}]}).encode())
    put("directory", "none", b'{"nodes":[]}')


def files():
    with open(os.path.join(ROOT, "packaging", "lewesd.conf.example"), "rb") as file:
        put("config", "example", file.read())
    put("config", "values", b"[limits]\nverify_rate = 5/h\n[timeouts]\ndrain = 1500ms # soon\n"
        b"[listen]\ncontrol = [::]:41264, 192.0.2.1:1\nannounce_address = ::ffff:192.0.2.1\n")
    put("config", "addresses", b"[wireguard]\naddress4 = 10.1.0.1/16\naddress6 = fc01::1/112\n")
    put("config", "word", b"registration.amounts=1B,1KiB,3GiB,4096B")
    secret = base64.b64encode(bytes(range(32)))
    put("files", "key", secret + b"\n")
    put("files", "kem", b"mlkem768 " + base64.b64encode(bytes(range(64))) + b"\nxwing " +
        secret + b"\n")
    put("files", "identities", b"".join(
        base58(bytes([first]) + bytes(31)).encode() + b" " + secret + b"\n"
        for first in (0x11, 0x22, 0x33)))
    key = bytes(range(32)).hex().encode()
    put("uapi", "dump", b"\x07private_key=" + key + b"\nlisten_port=51822\npublic_key=" + key +
        b"\npreshared_key=" + key + b"\nprotocol_version=1\nendpoint=[2001:db8::1]:51820\n"
        b"last_handshake_time_sec=1768384800\nlast_handshake_time_nsec=5\ntx_bytes=1\n"
        b"rx_bytes=18446744073709551615\npersistent_keepalive_interval=25\n"
        b"allowed_ip=10.1.0.42/32\nallowed_ip=fc01::2a/128\npublic_key=" + key[::-1] +
        b"\nallowed_ip=10.0.0.0/8\nsomething_new=yes=no\nerrno=0\n\n")
    put("uapi", "refusal", b"\x01errno=-22\n\n")


def addresses():
    for number, text in enumerate((
            "192.0.2.7:41264", "[2001:db8::7]:41264", "[::ffff:192.0.2.7]:1", "[::]:65535",
            "[1:2:3:4:5:6:7:8]:41264", "[1:2:3:4:5:6:192.0.2.255]:41264", "10.1.0.1/16",
            "fc01::1/112", "[fe80::1%1]:1", "192.0.2.07:41264", "[2001:DB8:0::7]:041264")):
        put("address", f"{number:02}", text.encode())
    put("address", "notice", struct.pack("<IQ", 12345, 3) + bytes([1]) + bytes(23))


def journal():
    """Entries of client/journal_form.h; the target mends the checksum."""
    for name, mode, payment, family in (("sent", 0, 1157, 4), ("bound", 0, 1190, 6),
                                        ("mixnet", 1, 1157, 0), ("none", 0, 0, 0)):
        coin = 1 if payment else 0
        body = bytes(range(64)) + bytes([0, mode, 2, coin]) + bytes(16)
        body += struct.pack("<H", payment) + bytes(payment) + bytes(72)
        body += struct.pack("<HHQ", 2026, 14, 1) + bytes(48)
        body += bytes([1 if family or mode else 0]) + bytes(16)
        body += bytes(32) + bytes([family]) + bytes(16) + struct.pack("<H", 51822) + bytes(20)
        body += bytes(64) + struct.pack("<q", 500_000_000)
        put("journal", name, b"lewes-j\n" + struct.pack("<II", 1, len(body)) + body + bytes(8))


def mint():
    """Files of lewes-mint; the target mends their checksums."""
    put("mint", "ledger", b"time=1768384800 pk=" + b"01" * 48 + b" type=2 expires=2026-02-14 "
        b"request=" + b"ab" * 32 + b" account=a.b_c-d@e+f blind=" + b"cd" * 96)
    put("mint", "withdrawal", b"LWWD\x01" + bytes(32) + b"\x02" + struct.pack(">I", 1771027200) +
        bytes(48 + 3 * 32 + 32))
    recorded = load("ecash", "ticket-vectors.json")
    container = bytes.fromhex(recorded["tickets"][0]["payment"]) + b"\x48" + bytes(72)
    put("mint", "container", container + bytes.fromhex("fb0fd4fb00fb01"))
    key = recorded["authority_sets"][1]["aggregated_verification_key"]["bytes"]
    put("mint", "keys", b"epoch 1 vk " + key.encode() + b" from 2026-01-14 to 2026-02-14\n")


def noise():
    """Programs: which pattern, then for each message how it is spoiled."""
    for pattern in (0, 1):
        for how in range(4):
            put("noise", f"{pattern}-{how}", bytes([pattern] + [how, 40, 1] * 3))


def texts():
    put("text", "base58", b"11111111111111111111111111111112")
    put("text", "base58-long", b"GJvJ9UQbJNe6ESWJKvHsmmFDAD4gpZPfQfP3bkLKi")
    put("text", "base64", b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    put("text", "key", bytes(range(32)))


def main():
    for folder, _, names in os.walk(os.path.join(ROOT, "fuzz", "corpus")):
        for name in names:
            if name.startswith("seed-"):
                os.remove(os.path.join(folder, name))
    protocol(load("lp", "generation1.json"))
    registration()
    tickets()
    sessions()
    documents()
    files()
    addresses()
    journal()
    mint()
    noise()
    texts()


if __name__ == "__main__":
    main()
