# SPDX-License-Identifier: Apache-2.0
"""The values that doc/ gives to implementers: computed again, none missing, none more."""

import hashlib
import os
import re
import struct

from . import curve, known_answers, protocol, registration, symmetric
from .protocol import SUITES, Psq, Wrong

DOC = os.path.join(os.path.dirname(os.path.dirname(known_answers.VECTORS)), "doc")
CLIENT, GATEWAY = bytes([0x11]) * 32, bytes([0x22]) * 32


def text_of(name):
    with open(os.path.join(DOC, name), encoding="utf-8") as file:
        return file.read()


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- protocol.md ----

def identities():
    public = {}
    for seed in (CLIENT, GATEWAY):
        public[seed] = curve.convert_public(curve.ed25519_public(seed))
        yield from (curve.ed25519_public(seed), curve.convert_private(seed), public[seed])
    yield curve.x25519(curve.convert_private(CLIENT), public[GATEWAY])


def packets():
    key = protocol.outer_key(bytes([0x2A]) * 32)
    yield protocol.clear(0x6399B995, 0, protocol.ACK)[:20]
    yield protocol.clear(42, 123, protocol.BUSY)[:20]
    yield key
    yield protocol.outer(key, 12345, 999, protocol.BUSY)
    yield protocol.outer(key, 99999, 2, protocol.HANDSHAKE, bytes([1, 2, 3, 4, 5]))
    yield protocol.outer(key, 12345, 2**62, protocol.BUSY)


def recording():
    """dvpn-1; its frames have been checked by then."""
    listed = known_answers.load("lp/generation1.json")["transcripts"][0]
    session, wire = listed["sessions"][0], [bytes.fromhex(f["hex"]) for f in listed["wire"]]
    yield wire[2][24 + 7:24 + 23]                # KKT session id
    yield from (wire[2][24:-16], wire[3][24:-16])  # KKT frames
    yield from (wire[4][27:27 + 32], wire[4][59:59 + 32])  # E, mac
    yield wire[7]
    psq = Psq(SUITES["X25519"], bytes.fromhex(session["gateway"]["kem_public"]),
              bytes.fromhex(session["client"]["kem_ephemeral_private"]),
              struct.pack("<L", session["receiver_index"]))
    yield from (psq.answer(), psq.secret, psq.secret[:32], psq.k0)
    everything = (SUITES["X25519"].public_prefix
                  + bytes.fromhex(session["gateway"]["kem_public"]) + psq.ciphertext
                  + struct.pack("<L", session["receiver_index"]))
    yield symmetric.hkdf_expand(psq.secret, everything, 32)  # the mistake of P34
    for key in ("salt", "psq_component_K", "psq_registration_psk", "final_psk", "outer_key"):
        yield bytes.fromhex(session[key])
    for key in ("h", "k_initiator_to_responder", "k_responder_to_initiator"):
        yield bytes.fromhex(session["noise_final"][key])


def psq_exchanges():
    for case in known_answers.load("lp/generation1.json")["kem_vectors"]:
        if case["kind"] == "kkt" and case["hash"] == "Blake3":
            yield bytes.fromhex(case["key_hash"])[:8]
        if case["kind"] != "psq":
            continue
        suite = SUITES[case["kem"]]
        public = bytes.fromhex(case["kem_public"])
        made = Psq(suite, public, bytes.fromhex(case["encaps_randomness"]),
                   bytes.fromhex(case["session_context"]))
        message = made.message(CLIENT, case["clock_unix_seconds"], 123)
        yield from (made.secret, made.k0, made.mac, made.k, made.registration_psk, made.answer(),
                    sha256(message), bytes.fromhex(case["final_psk"]))
        if suite.name != "X25519":
            yield from (sha256(suite.public_prefix + public), sha256(made.ciphertext))


def status_frames():
    session = bytes(range(0xA0, 0xB0))
    yield protocol.kkt_request(SUITES["MlKem768"], 0, session, CLIENT)
    yield protocol.kkt_status(SUITES["MlKem768"], 0, session, GATEWAY)


def protocol_values():
    made = {value.hex() for part in (identities, packets, recording, psq_exchanges, status_frames)
            for value in part()}
    given = set(re.findall(r"\b[0-9a-f]{16,}\b", text_of("protocol.md")))
    given -= {"0" * 16}  # of section 19
    if given != made:
        raise Wrong(f"not computed: {sorted(given - made)}; not given: {sorted(made - given)}")
    return len(given)


# ---- registration.md ----

def spelled(text):
    """Bytes of `11^32`, `80…9f` and plain hexadecimal."""
    data = b""
    for token in text.split():
        repeated = re.fullmatch(r"(\w\w)\^(\d+)", token)
        for part in [] if repeated else re.findall(r"\w\w…\w\w|[0-9a-f]+", token):
            first, _, last = part.partition("…")
            data += (bytes(range(int(first, 16), int(last, 16) + 1)) if last
                     else bytes.fromhex(part))
        if repeated:
            data += bytes.fromhex(repeated.group(1)) * int(repeated.group(2))
    return data


def examples():
    dvpn = {"kind": "dvpn", "public_key": bytes([1]) * 32, "endpoint": ("0.0.0.0", 51822),
            "private_ipv4": "10.1.0.42", "private_ipv6": "fc01::2a",
            "allocated_bandwidth": 500000000}
    mixnet = {"kind": "mixnet", "gateway_identity": bytes(range(0x80, 0xA0)),
              "gateway_sphinx_key": bytes(range(0xA0, 0xC0)), "allocated_bandwidth": 200000000}
    answer, packet = registration.encode_answer, bytes([1, 2, 3, 4, 5])
    return {4: answer(dvpn), 7: answer(mixnet),
            8: answer({"kind": "refused", "error": "Invalid timestamp"}),
            9: answer({"kind": "refused", "error": "Gateway busy"}),
            10: registration.encode_forward(CLIENT, "192.0.2.7:41264", packet),
            11: registration.encode_forward(CLIENT, "[2001:db8::7]:41264", packet)}


def registration_values():
    text = text_of("registration.md")
    for number, made in examples().items():
        found = re.search(rf"^Example {number} .*\n(?: {{8,}}.*\n)*((?:  +[0-9a-f].*\n)+)", text,
                          re.MULTILINE)
        if found is None or spelled(found.group(1)) != made:
            raise Wrong(f"example {number} is not {made.hex()}")
    listed = known_answers.load("registration/examples.json")
    for name in ("A.request.dvpn", "A.request.mixnet", "A.request.dvpn.ipv6client"):
        if sha256(bytes.fromhex(listed[name])).hex() not in text:
            raise Wrong(f"there is no digest of {name}")
    notice = protocol.clear(12345, 3, protocol.BUSY)[:20].hex()
    if f"{notice[:8]} {notice[8:24]} {notice[24:32]}" not in text:
        raise Wrong("example 12 is not a clear Busy")
    return len(examples()) + 4


ALL = {"values of doc/protocol.md": protocol_values,
       "values of doc/registration.md": registration_values}
