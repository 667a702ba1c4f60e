# SPDX-License-Identifier: Apache-2.0
"""X25519 (RFC 7748), Ed25519 (RFC 8032), and the conversion between their keys."""

import functools
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


# ---- X25519 ----

@functools.lru_cache(maxsize=None)
def x25519(scalar, point):
    """RFC 7748, 5: the Montgomery ladder."""
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    x1 = int.from_bytes(point, "little") % 2**255
    x2, z2, x3, z3, swapped = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swapped != bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b = (x2 + z2) % P, (x2 - z2) % P
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        da, cb = (x3 - z3) * a % P, (x3 + z3) * b % P
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P if z2 % P else 0).to_bytes(32, "little")


def x25519_public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


# ---- Ed25519, in extended coordinates ----

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def recover_x(y, sign):
    """The x coordinate of a canonical y, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def decompress(text):
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & 2**255 - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def compress(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, -1, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)
POWERS = []
_power = BASE
for _ in range(256):
    POWERS.append(_power)
    _power = add(_power, _power)


def multiply_base(scalar):
    result = (0, 1, 1, 0)
    for power in POWERS:
        if scalar & 1:
            result = add(result, power)
        scalar >>= 1
    return result


def number_of(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


@functools.lru_cache(maxsize=None)
def expand(seed):
    """The secret scalar, the prefix, and the public key of a seed."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return scalar, digest[32:], compress(multiply_base(scalar))


def ed25519_public(seed):
    return expand(seed)[2]


@functools.lru_cache(maxsize=None)
def sign(seed, message):
    scalar, prefix, public = expand(seed)
    r = number_of(prefix, message) % ORDER
    point = compress(multiply_base(r))
    s = (r + number_of(point, public, message) * scalar) % ORDER
    return point + s.to_bytes(32, "little")


@functools.lru_cache(maxsize=None)
def verify(public, message, signature):
    """Strict: canonical S, R and key, no cofactor (P20)."""
    if len(signature) != 64:
        return False
    key, point = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or point is None or s >= ORDER:
        return False
    h = number_of(signature[:32], public, message) % ORDER
    return compress(multiply_base(s)) == compress(add(point, multiply(h, key)))


# ---- one key pair as the other kind (protocol.md 5) ----

def convert_private(seed):
    return hashlib.sha512(seed).digest()[:32]


def convert_public(public):
    y = int.from_bytes(public, "little") & 2**255 - 1
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def acceptable(public):
    """P18: canonical, a point, not of small order."""
    point = decompress(public)
    return point is not None and compress(multiply(8, point)) != compress((0, 1, 1, 0))
