# SPDX-License-Identifier: Apache-2.0
"""ChaCha20-Poly1305 (RFC 8439), HKDF-Expand (RFC 5869), HMAC, BLAKE3."""

import functools
import hashlib
import hmac as hmac_module
import struct

MASK = 0xFFFFFFFF


# ---- ChaCha20-Poly1305 ----

def quarter(s, a, b, c, d):
    s[a] = s[a] + s[b] & MASK
    x = s[d] ^ s[a]
    s[d] = (x << 16 | x >> 16) & MASK
    s[c] = s[c] + s[d] & MASK
    x = s[b] ^ s[c]
    s[b] = (x << 12 | x >> 20) & MASK
    s[a] = s[a] + s[b] & MASK
    x = s[d] ^ s[a]
    s[d] = (x << 8 | x >> 24) & MASK
    s[c] = s[c] + s[d] & MASK
    x = s[b] ^ s[c]
    s[b] = (x << 7 | x >> 25) & MASK


def chacha20_block(key, counter, nonce):
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8L", key), counter,
             *struct.unpack("<3L", nonce)]
    s = list(start)
    for _ in range(10):
        for column in range(4):
            quarter(s, column, column + 4, column + 8, column + 12)
        for column in range(4):
            quarter(s, column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12)
    return struct.pack("<16L", *(x + y & MASK for x, y in zip(s, start)))


def chacha20(key, counter, nonce, text):
    stream = b"".join(chacha20_block(key, counter + i, nonce)
                      for i in range((len(text) + 63) // 64))
    return bytes(x ^ y for x, y in zip(text, stream))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    accumulator = 0
    for i in range(0, len(message), 16):
        block = int.from_bytes(message[i:i + 16] + b"\x01", "little")
        accumulator = (accumulator + block) * r % (2**130 - 5)
    return ((accumulator + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def tag_of(key, nonce, aad, ciphertext):
    def padded(text):
        return text + bytes(-len(text) % 16)
    return poly1305(chacha20_block(key, 0, nonce)[:32],
                    padded(aad) + padded(ciphertext) + struct.pack("<QQ", len(aad),
                                                                   len(ciphertext)))


@functools.lru_cache(maxsize=None)
def seal(key, nonce, plaintext, aad=b""):
    """Ciphertext, then tag."""
    ciphertext = chacha20(key, 1, nonce, plaintext)
    return ciphertext + tag_of(key, nonce, aad, ciphertext)


@functools.lru_cache(maxsize=None)
def unseal(key, nonce, sealed, aad=b""):
    """The plaintext, or None."""
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if len(sealed) < 16 or tag_of(key, nonce, aad, ciphertext) != tag:
        return None
    return chacha20(key, 1, nonce, ciphertext)


# ---- HMAC and HKDF ----

def hmac(key, message):
    return hmac_module.new(key, message, hashlib.sha256).digest()


def hkdf_expand(prk, info, length):
    block, output = b"", b""
    for i in range((length + 31) // 32):
        block = hmac(prk, block + info + bytes([i + 1]))
        output += block
    return output[:length]


# ---- BLAKE3 ----

IV = struct.unpack("<8L", bytes.fromhex("67e6096a85ae67bb72f36e3c3af54fa57f520e518c68059babd9831f"
                                        "19cde05b"))
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED = 1, 2, 4, 8, 16
DERIVE_CONTEXT, DERIVE_MATERIAL = 32, 64


def blake3_mix(v, a, b, c, d, mx, my):
    for word, first, second in ((mx, 16, 12), (my, 8, 7)):
        v[a] = v[a] + v[b] + word & MASK
        x = v[d] ^ v[a]
        v[d] = (x >> first | x << 32 - first) & MASK
        v[c] = v[c] + v[d] & MASK
        x = v[b] ^ v[c]
        v[b] = (x >> second | x << 32 - second) & MASK


def blake3_compress(chaining, block, counter, flags):
    """All 16 words of the output."""
    m = struct.unpack("<16L", block + bytes(64 - len(block)))
    v = [*chaining, *IV[:4], counter & MASK, counter >> 32, len(block), flags]
    for turn in range(7):
        for i in range(4):
            blake3_mix(v, i, i + 4, i + 8, i + 12, m[2 * i], m[2 * i + 1])
        for i in range(4):
            blake3_mix(v, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12,
                       m[8 + 2 * i], m[9 + 2 * i])
        if turn < 6:
            m = [m[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)] + [v[i + 8] ^ chaining[i] for i in range(8)]


def blake3_chunk(key, text, counter, flags):
    """What the last compression of a chunk is to be called with."""
    chaining = key
    blocks = [text[i:i + 64] for i in range(0, len(text), 64)] or [b""]
    for i, block in enumerate(blocks[:-1]):
        start = CHUNK_START if i == 0 else 0
        chaining = blake3_compress(chaining, block, counter, flags | start)[:8]
    start = CHUNK_START if len(blocks) == 1 else 0
    return chaining, blocks[-1], counter, flags | start | CHUNK_END


def blake3_node(key, chunks, first, flags):
    """The same for the tree over chunks that begin with number `first`."""
    if len(chunks) == 1:
        return blake3_chunk(key, chunks[0], first, flags)
    left = 1 << (len(chunks) - 1).bit_length() - 1
    words = [word for part, number in ((chunks[:left], first), (chunks[left:], first + left))
             for word in blake3_compress(*blake3_node(key, part, number, flags))[:8]]
    return key, struct.pack("<16L", *words), 0, flags | PARENT


def blake3_mode(key, text, flags, length):
    chunks = [text[i:i + 1024] for i in range(0, len(text), 1024)] or [b""]
    chaining, block, _, flags = blake3_node(key, chunks, 0, flags)
    output = b""
    for counter in range((length + 63) // 64):
        output += struct.pack("<16L", *blake3_compress(chaining, block, counter, flags | ROOT))
    return output[:length]


def blake3(text, length=32):
    return blake3_mode(IV, text, 0, length)


def blake3_keyed(key, text, length=32):
    return blake3_mode(struct.unpack("<8L", key), text, KEYED, length)


@functools.lru_cache(maxsize=None)
def derive_key(context, material, length=32):
    key = blake3_mode(IV, context.encode(), DERIVE_CONTEXT, 32)
    return blake3_mode(struct.unpack("<8L", key), material, DERIVE_MATERIAL, length)
