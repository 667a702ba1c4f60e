# SPDX-License-Identifier: Apache-2.0
"""Packets, KKT, PSQ and Noise (doc/protocol.md 3 to 12). Both ends' secrets are at hand, so every
function makes a message; none reads one."""

import functools
import hashlib
import struct

from . import curve, kem, symmetric

BUSY, HANDSHAKE, DATA, HELLO, KKT_REQUEST, KKT_RESPONSE = range(6)
COLLISION, ACK, KK1, KK2, READY, ABORT = 7, 8, 10, 11, 12, 13


class Wrong(Exception):
    """A vector contradicts the protocol."""


# ---- packets (3) ----

def clear(index, counter, kind, body=b""):
    return struct.pack("<LQ", index, counter) + inside(kind, body) + bytes(16)


def inside(kind, body):
    return b"\x01\0\0\0" + struct.pack("<L", kind) + body


def outer(key, index, counter, kind, body=b""):
    """3.3: the counter is the nonce, the first 12 bytes are authenticated."""
    header = struct.pack("<LQ", index, counter)
    nonce = struct.pack("<QL", counter, 0)
    return header + symmetric.seal(key, nonce, inside(kind, body), header)


def hello(index, salt, seed):
    """4.2"""
    public = curve.ed25519_public(seed)
    return clear(0, 0, HELLO, struct.pack("<L", index) + curve.convert_public(public) + public
                 + salt)


def framed(packet):
    return struct.pack(">L", len(packet)) + packet


# ---- suites (7.1, 8.1) ----

class Suite:
    """One KEM: its numbers, its prefixes, and its arithmetic."""

    def __init__(self, name, number, public_prefix, ciphertext_prefix):
        self.name, self.number = name, number
        self.public_prefix = bytes.fromhex(public_prefix)
        self.ciphertext_prefix = bytes.fromhex(ciphertext_prefix)
        self.tag = self.public_prefix[:1]

    def public(self, private):
        """`private` is a seed, or for X25519 the scalar."""
        if self.name == "X25519":
            return curve.x25519_public(private)
        return (kem.keygen(private)[0] if self.name == "MlKem768" else kem.xwing_public(private))

    def encapsulate(self, public, randomness):
        """Raw ciphertext and secret."""
        if self.name == "X25519":
            return curve.x25519_public(randomness), curve.x25519(randomness, public)
        if self.name == "MlKem768":
            return kem.encapsulate(public, randomness)
        return kem.xwing_encapsulate(public, randomness)

    def decapsulate(self, private, ciphertext):
        if self.name == "X25519":
            return curve.x25519(private, ciphertext)
        if self.name == "MlKem768":
            return kem.decapsulate(kem.keygen(private)[1], ciphertext)
        return kem.xwing_decapsulate(private, ciphertext)


SUITES = {suite.name: suite for suite in (
    Suite("X25519", 255, "00", "00"),
    Suite("MlKem768", 1, "0344a0", "034440"),
    Suite("XWing", 0, "0544a0", "054440"))}
HASHES = ("Blake3", "SHAKE256", "SHAKE128", "SHA256")


def key_digest(name, public):
    """7.3; the hash that the original calls SHA256 is SHA3-256."""
    return {"Blake3": lambda: symmetric.blake3(public),
            "SHAKE256": lambda: hashlib.shake_256(public).digest(32),
            "SHAKE128": lambda: hashlib.shake_128(public).digest(32),
            "SHA256": lambda: hashlib.sha3_256(public).digest()}[name]()


# ---- KKT (7) ----

def kkt_context(sequence, status, role, suite, hash_number):
    return bytes([0x10 | sequence, status << 5 | role, suite.number, hash_number, 0, 0, 0])


def kkt_request(suite, hash_number, session_id, seed):
    text = kkt_context(0, 0, 0, suite, hash_number) + session_id
    return text + curve.sign(seed, text)


def kkt_response(suite, hash_number, session_id, seed, public):
    text = kkt_context(1, 0, 1, suite, hash_number) + public + session_id
    return text + curve.sign(seed, text)


def kkt_status(suite, hash_number, session_id, seed):
    """P33: suite not served."""
    text = kkt_context(1, 4, 1, suite, hash_number) + session_id
    return text + curve.sign(seed, text)


# ---- PSQ (8) ----

class Psq:
    """The key schedule of 8.2 and the messages around it."""

    def __init__(self, suite, public, randomness, session_context):
        raw, secret = suite.encapsulate(public, randomness)
        self.suite, self.raw_ciphertext = suite, raw
        self.ciphertext = suite.ciphertext_prefix + raw
        self.secret = suite.tag + secret
        expand = symmetric.hkdf_expand
        # P34: the last byte of the secret does not count.
        self.k0 = expand(self.secret[:32],
                         suite.public_prefix + public + self.ciphertext + session_context, 32)
        self.mac = symmetric.hmac(expand(self.k0, b"Confirmation", 32), b"MAC-Input")
        self.k = expand(self.k0, b"PSK", 32)
        self.initiator = expand(self.k, b"AEAD-Initiator-Responder", 44)
        self.responder = expand(self.k, b"AEAD-Responder-Initiator", 44)
        self.registration_psk = expand(self.k, b"PSK-Registration", 32)

    def message(self, seed, seconds, milliseconds):
        """8.3: the tag stands in front of the ciphertext."""
        bound = self.ciphertext + self.mac
        plaintext = (struct.pack(">QL", seconds, milliseconds) + (3600000).to_bytes(16, "big")
                     + curve.sign(seed, bound) + curve.ed25519_public(seed))
        sealed = symmetric.seal(self.initiator[:32], self.initiator[32:], plaintext)
        return bound + sealed[-16:] + b"\x40\x7c" + sealed[:-16]

    def answer(self):
        """8.5"""
        sealed = symmetric.seal(self.responder[:32], self.responder[32:], b"nym-lp-handle")
        return sealed[-16:] + b"\x0d" + sealed[:-16]


def final_psk(ecdh, registration_psk, salt):
    """9.2"""
    return symmetric.derive_key("nym-lp-psk-psq-v1", ecdh + registration_psk + salt)


def outer_key(psk):
    return symmetric.derive_key("lp-outer-aead", psk)


def subsession_psk(registration_psk, attempt):
    """12"""
    return symmetric.derive_key("lp-subsession-psk-v1",
                                registration_psk + struct.pack("<Q", attempt))


# ---- Noise (9, 12), revision 34 of its specification ----

class Noise:
    """A handshake seen from above: the keys of both ends are known."""

    XKPSK3 = (("e", "es"), ("e", "ee"), ("s", "se", "psk"))
    KKPSK0 = (("psk", "e", "es", "ss"), ("e", "ee", "se"))

    def __init__(self, name, pattern, known):
        """`known`: the static public keys of the pre-messages, in their order."""
        text = f"Noise_{name}_25519_ChaChaPoly_SHA256".encode()
        self.h = hashlib.sha256(text).digest() if len(text) > 32 else text.ljust(32, b"\0")
        self.ck, self.k, self.n = self.h, None, 0
        self.messages = list(pattern)
        self.mix_hash(b"")
        for public in known:
            self.mix_hash(public)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def kdf(self, material, count):
        temporary = symmetric.hmac(self.ck, material)
        outputs, last = [], b""
        for i in range(count):
            last = symmetric.hmac(temporary, last + bytes([i + 1]))
            outputs.append(last)
        return outputs

    def mix_key(self, material):
        self.ck, self.k = self.kdf(material, 2)
        self.n = 0

    def mix_key_and_hash(self, material):
        self.ck, digest, self.k = self.kdf(material, 3)
        self.n = 0
        self.mix_hash(digest)

    def encrypt_and_hash(self, plaintext):
        text = plaintext
        if self.k is not None:
            text = symmetric.seal(self.k, bytes(4) + struct.pack("<Q", self.n), plaintext, self.h)
            self.n += 1
        self.mix_hash(text)
        return text

    def message(self, keys, sender, payload=b""):
        """The next message; `keys` has the private keys "is", "rs", "ie", "re" and the "psk"."""
        output = b""
        for token in self.messages.pop(0):
            if token == "e":
                public = curve.x25519_public(keys[sender + "e"])
                output += public
                self.mix_hash(public)
                if "psk" in keys:
                    self.mix_key(public)
            elif token == "s":
                output += self.encrypt_and_hash(curve.x25519_public(keys[sender + "s"]))
            elif token == "psk":
                self.mix_key_and_hash(keys["psk"])
            else:
                private, other = keys["i" + token[0]], keys["r" + token[1]]
                self.mix_key(curve.x25519(private, curve.x25519_public(other)))
        return output + self.encrypt_and_hash(payload)

    def split(self):
        return tuple(self.kdf(b"", 2))

    def state(self):
        return {"h": self.h, "ck": self.ck}


@functools.lru_cache(maxsize=None)
def transport(key, nonce, plaintext):
    """P60"""
    return symmetric.seal(key, bytes(4) + struct.pack("<Q", nonce), plaintext)
