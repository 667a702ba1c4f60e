# SPDX-License-Identifier: Apache-2.0
"""The checker's own primitives against published vectors: they must be right before they judge."""

import hashlib
import json
import os

from . import curve, kem, protocol, registration, symmetric
from .protocol import SUITES, Noise, Psq, Wrong

VECTORS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(path):
    with open(os.path.join(VECTORS, path), encoding="utf-8") as file:
        return json.load(file)


def cases(path):
    """Group and case of a Wycheproof file, hexadecimal fields as bytes."""
    for group in load(path)["testGroups"]:
        for case in group["tests"]:
            yield group, {key: bytes.fromhex(value) if isinstance(value, str) and key not in
                          ("result", "comment") else value for key, value in case.items()}


def equal(what, made, wanted):
    if made != wanted:
        raise Wrong(f"{what} gives another value")


def x25519():
    for count, (_, case) in enumerate(cases("wycheproof/x25519_test.json"), 1):
        equal(case["tcId"], curve.x25519(case["private"], case["public"]), case["shared"])
    return count


def ed25519():
    for count, (group, case) in enumerate(cases("wycheproof/ed25519_test.json"), 1):
        public = bytes.fromhex(group["publicKey"]["pk"])
        good = curve.verify(public, case["msg"], case["sig"])
        equal(case["tcId"], good, case["result"] == "valid")
    return count


def chacha20_poly1305():
    count = 0
    for group, case in cases("wycheproof/chacha20_poly1305_test.json"):
        if group["ivSize"] != 96:
            continue
        sealed = case["ct"] + case["tag"]
        opened = symmetric.unseal(case["key"], case["iv"], sealed, case["aad"])
        valid = case["result"] == "valid"
        equal(case["tcId"], opened, case["msg"] if valid else None)
        if valid:
            made = symmetric.seal(case["key"], case["iv"], case["msg"], case["aad"])
            equal(case["tcId"], made, sealed)
        count += 1
    return count


def hmac():
    count = 0
    for group, case in cases("wycheproof/hmac_sha256_test.json"):
        if group["tagSize"] == 256:
            equal(case["tcId"], symmetric.hmac(case["key"], case["msg"]) == case["tag"],
                  case["result"] == "valid")
            count += 1
    return count


def hkdf():
    count = 0
    for _, case in cases("wycheproof/hkdf_sha256_test.json"):
        if case["result"] == "valid":
            prk = symmetric.hmac(case["salt"] or bytes(32), case["ikm"])
            made = symmetric.hkdf_expand(prk, case["info"], case["size"])
            equal(case["tcId"], made, case["okm"])
            count += 1
    return count


def blake3():
    listed, count = load("blake3/test_vectors.json"), 0
    key, context = listed["key"].encode(), listed["context_string"]
    for case in listed["cases"]:
        if case["input_len"] > 8193:  # slow, and no input of ours is longer than 1 216 bytes
            continue
        text = bytes(i % 251 for i in range(case["input_len"]))
        length = len(case["hash"]) // 2
        for made, name in ((symmetric.blake3(text, length), "hash"),
                           (symmetric.blake3_keyed(key, text, length), "keyed_hash"),
                           (symmetric.derive_key(context, text, length), "derive_key")):
            equal(f"{name} of {len(text)} bytes", made.hex(), case[name])
            count += 1
    return count


def ml_kem():
    count = 0
    for _, case in cases("wycheproof/mlkem_768_keygen_seed_test.json"):
        equal(case["tcId"], kem.keygen(case["seed"])[0], case["ek"])
        count += 1
    for _, case in cases("wycheproof/mlkem_768_encaps_test.json"):
        valid = case["result"] == "valid"
        equal(case["tcId"], kem.well_formed(case["ek"]), valid)
        if valid:
            equal(case["tcId"], kem.encapsulate(case["ek"], case["m"]), (case["c"], case["K"]))
        count += 1
    for _, case in cases("wycheproof/mlkem_768_test.json"):
        if case["result"] == "valid":
            public, private = kem.keygen(case["seed"])
            equal(case["tcId"], public, case["ek"])
            equal(case["tcId"], kem.decapsulate(private, case["c"]), case["K"])
            count += 1
    return count


def ml_kem_nist():
    def digest(data):
        return hashlib.sha3_256(data).hexdigest()

    for count, case in enumerate(load("kats/libcrux.nistkats_mlkem_768.json"), 1):
        public, private = kem.keygen(bytes.fromhex(case["key_generation_seed"]))
        equal(count, digest(public), case["sha3_256_hash_of_public_key"])
        ciphertext, secret = kem.encapsulate(public, bytes.fromhex(case["encapsulation_seed"]))
        equal(count, digest(ciphertext), case["sha3_256_hash_of_ciphertext"])
        equal(count, secret.hex(), case["shared_secret"])
        equal(count, kem.decapsulate(private, ciphertext), secret)
    return count


def x_wing():
    for count, case in enumerate(load("xwing/test-vectors.json"), 1):
        seed, random = bytes.fromhex(case["seed"]), bytes.fromhex(case["eseed"])
        public = kem.xwing_public(seed)
        equal(f"key {count}", public.hex(), case["pk"])
        ciphertext, secret = kem.xwing_encapsulate(public, random)
        equal(f"ciphertext {count}", ciphertext.hex(), case["ct"])
        equal(f"secret {count}", secret.hex(), case["ss"])
        equal(f"secret {count}", kem.xwing_decapsulate(seed, ciphertext).hex(), case["ss"])
    return count


def noise():
    """Those of the two patterns that the protocol uses."""
    count = 0
    for case in load("noise/lp-subset.json")["vectors"]:
        name = case["protocol_name"].split("_")[1]
        pattern = {"XKpsk3": Noise.XKPSK3, "KKpsk0": Noise.KKPSK0}.get(name)
        if pattern is None:
            continue
        keys = {"is": "init_static", "ie": "init_ephemeral", "rs": "resp_static",
                "re": "resp_ephemeral"}
        keys = {key: bytes.fromhex(case[value]) for key, value in keys.items()}
        keys["psk"] = bytes.fromhex(case["init_psks"][0])
        public = [curve.x25519_public(keys[side]) for side in ("is", "rs")]
        made = Noise(name, pattern, [])
        made.h = made.ck  # begin again: these have a prologue
        made.mix_hash(bytes.fromhex(case["init_prologue"]))
        for key in public if name == "KKpsk0" else public[1:]:
            made.mix_hash(key)
        for number, message in enumerate(case["messages"]):
            payload, role = bytes.fromhex(message["payload"]), "ir"[number % 2]
            if made.messages:
                text = made.message(keys, role, payload)
                first = "ir"[(number + 1) % 2]
                sent = {"i": 0, "r": 0}
            else:
                key = made.split()["ir".index(role)]
                text = protocol.transport(key, sent[role], payload)
                sent[role] += 1
            equal(f"{name}, message {number + 1}", text.hex(), message["ciphertext"])
        equal(f"{name}, hash", made.h.hex(), case["handshake_hash"])
        count += 1
    return count


def kkt():
    """Exchanges that the original made with its own library, all suites and hashes."""
    count = 0
    for case in load("lp/generation1.json")["kem_vectors"]:
        if case["kind"] != "kkt":
            continue
        suite, number = SUITES[case["kem"]], protocol.HASHES.index(case["hash"])
        public = bytes.fromhex(case["kem_public"])
        if suite.name != "X25519":
            equal("key", suite.public(bytes.fromhex(case["keygen_randomness"])), public)
        session = bytes.fromhex(case["session_id"])
        client, gateway = (bytes.fromhex(case[f"{end}_ed25519_seed"])
                           for end in ("client", "gateway"))
        where = f"{case['kem']}, {case['hash']}"
        equal(where, protocol.kkt_request(suite, number, session, client).hex(), case["request"])
        equal(where, protocol.kkt_response(suite, number, session, gateway, public).hex(),
              case["response"])
        equal(where, protocol.key_digest(case["hash"], public).hex(), case["key_hash"])
        count += 1
    return count


def psq():
    count = 0
    for case in load("lp/generation1.json")["kem_vectors"]:
        if case["kind"] != "psq":
            continue
        value = {key: bytes.fromhex(text) for key, text in case.items()
                 if isinstance(text, str) and key not in ("kem", "kind")}
        made = Psq(SUITES[case["kem"]], value["kem_public"], value["encaps_randomness"],
                   value["session_context"])
        where = case["kem"]
        equal(where, made.k, value["psq_component_K"])
        equal(where, made.ciphertext + made.mac, value["psq_ciphertext"])
        equal(where, made.registration_psk, value["psk_registration"])
        equal(where, made.answer(), value["responder_msg"])
        equal(where, made.message(value["client_ed25519_seed"], case["clock_unix_seconds"], 123),
              value["initiator_msg"])
        psk = protocol.final_psk(value["static_ecdh"], made.registration_psk, value["salt"])
        equal(where, psk, value["final_psk"])
        equal(where, protocol.outer_key(psk), value["outer_key"])
        count += 1
    return count


def messages():
    """Decode, encode again, and lose a byte or gain one."""
    for count, (name, text) in enumerate(load("registration/examples.json").items(), 1):
        data = bytes.fromhex(text)
        if ".forward" in name:
            decode, encode = registration.decode_forward, registration.encode_forward
            equal(name, encode(*decode(data)), data)
        else:
            kind = "request" if ".request" in name else "answer"
            decode = getattr(registration, "decode_" + kind)
            encode = getattr(registration, "encode_" + kind)
            equal(name, encode(decode(data)), data)
        for spoiled in [data + b"\0"] + [data[:length] for length in range(len(data))]:
            try:
                decode(spoiled)
            except Wrong:
                continue
            raise Wrong(f"{name}: a spoiled message is accepted")
    return count


ALL = {
    "X25519, Wycheproof": x25519,
    "Ed25519, Wycheproof": ed25519,
    "ChaCha20-Poly1305, Wycheproof": chacha20_poly1305,
    "HMAC-SHA-256, Wycheproof": hmac,
    "HKDF-SHA-256, Wycheproof": hkdf,
    "BLAKE3, its authors'": blake3,
    "ML-KEM-768, Wycheproof": ml_kem,
    "ML-KEM-768, NIST": ml_kem_nist,
    "X-Wing, its draft's": x_wing,
    "Noise XKpsk3 and KKpsk0, cacophony": noise,
    "KKT, recorded from the original": kkt,
    "PSQ, recorded from the original": psq,
    "registration messages": messages,
}
