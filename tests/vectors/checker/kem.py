# SPDX-License-Identifier: Apache-2.0
"""ML-KEM-768 (FIPS 203) and X-Wing (draft 06). Private keys are seeds."""

import functools
import hashlib

from . import curve

Q, N, K = 3329, 256, 3
DU, DV = 10, 4
PUBLIC_LEN, CIPHERTEXT_LEN = 1184, 1088
XWING_LABEL = bytes.fromhex("5c2e2f2f5e5c")


def bit_reversed(i):
    return int(f"{i:07b}"[::-1], 2)


ZETAS = [pow(17, bit_reversed(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * bit_reversed(i) + 1, Q) for i in range(128)]


def encode(values, bits):
    number = sum(value << bits * i for i, value in enumerate(values))
    return number.to_bytes(len(values) * bits // 8, "little")


def decode(text, bits):
    number = int.from_bytes(text, "little")
    return [number >> bits * i & (1 << bits) - 1 for i in range(len(text) * 8 // bits)]


def compressed(values, bits):
    return [((value << bits) + Q // 2) // Q % (1 << bits) for value in values]


def decompressed(values, bits):
    return [(value * Q + (1 << bits - 1)) >> bits for value in values]


def ntt(f):
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def inverse_ntt(f):
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [value * 3303 % Q for value in f]


def product(f, g):
    h = []
    for i in range(128):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a * c + b * d * GAMMAS[i]) % Q, (a * d + b * c) % Q]
    return h


def plus(f, g):
    return [(x + y) % Q for x, y in zip(f, g)]


def minus(f, g):
    return [(x - y) % Q for x, y in zip(f, g)]


def inner(left, right):
    total = [0] * N
    for f, g in zip(left, right):
        total = plus(total, product(f, g))
    return total


def sample_uniform(seed):
    stream = hashlib.shake_128(seed).digest(3 * 504)
    found = []
    for i in range(0, len(stream), 3):
        low, high = stream[i] | (stream[i + 1] & 15) << 8, stream[i + 1] >> 4 | stream[i + 2] << 4
        found += [value for value in (low, high) if value < Q]
    return found[:N]


def sample_noise(seed, number):
    """eta = 2 for both kinds of noise."""
    bits = decode(hashlib.shake_256(seed + bytes([number])).digest(128), 1)
    return [(bits[4 * i] + bits[4 * i + 1] - bits[4 * i + 2] - bits[4 * i + 3]) % Q
            for i in range(N)]


def matrix(rho):
    return [[sample_uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


@functools.lru_cache(maxsize=None)
def keygen(seed):
    """64 bytes d and z; returns the public key and what decapsulates."""
    d, z = seed[:32], seed[32:]
    digest = hashlib.sha3_512(d + bytes([K])).digest()
    rho, sigma = digest[:32], digest[32:]
    a = matrix(rho)
    s = [ntt(sample_noise(sigma, i)) for i in range(K)]
    e = [ntt(sample_noise(sigma, K + i)) for i in range(K)]
    t = [plus(inner(a[i], s), e[i]) for i in range(K)]
    public = b"".join(encode(row, 12) for row in t) + rho
    return public, (tuple(map(tuple, s)), public, z)


def well_formed(public):
    return len(public) == PUBLIC_LEN and all(value < Q for value in decode(public[:-32], 12))


def encrypt(public, message, coins):
    t = [decode(public[384 * i:384 * i + 384], 12) for i in range(K)]
    a = matrix(public[-32:])
    y = [ntt(sample_noise(coins, i)) for i in range(K)]
    u = [plus(inverse_ntt(inner([a[j][i] for j in range(K)], y)), sample_noise(coins, K + i))
         for i in range(K)]
    v = plus(inverse_ntt(inner(t, y)), sample_noise(coins, 2 * K))
    v = plus(v, decompressed(decode(message, 1), 1))
    return (b"".join(encode(compressed(row, DU), DU) for row in u)
            + encode(compressed(v, DV), DV))


@functools.lru_cache(maxsize=None)
def encapsulate(public, message):
    """Ciphertext and secret for 32 bytes m."""
    digest = hashlib.sha3_512(message + hashlib.sha3_256(public).digest()).digest()
    return encrypt(public, message, digest[32:]), digest[:32]


@functools.lru_cache(maxsize=None)
def decapsulate(private, ciphertext):
    s, public, z = private
    u = [decompressed(decode(ciphertext[320 * i:320 * i + 320], DU), DU) for i in range(K)]
    v = decompressed(decode(ciphertext[320 * K:], DV), DV)
    w = minus(v, inverse_ntt(inner(s, [ntt(row) for row in u])))
    message = encode(compressed(w, 1), 1)
    digest = hashlib.sha3_512(message + hashlib.sha3_256(public).digest()).digest()
    if encrypt(public, message, digest[32:]) != ciphertext:
        return hashlib.shake_256(z + ciphertext).digest(32)
    return digest[:32]


# ---- X-Wing ----

def xwing_parts(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    return keygen(expanded[:64]), expanded[64:]


def xwing_public(seed):
    (public, _), scalar = xwing_parts(seed)
    return public + curve.x25519_public(scalar)


def xwing_combine(secret_m, secret_x, ciphertext_x, public_x):
    return hashlib.sha3_256(secret_m + secret_x + ciphertext_x + public_x + XWING_LABEL).digest()


def xwing_encapsulate(public, randomness):
    """64 bytes: m, then the X25519 scalar."""
    ciphertext, secret = encapsulate(public[:PUBLIC_LEN], randomness[:32])
    public_x, scalar = public[PUBLIC_LEN:], randomness[32:]
    ciphertext_x = curve.x25519_public(scalar)
    shared = xwing_combine(secret, curve.x25519(scalar, public_x), ciphertext_x, public_x)
    return ciphertext + ciphertext_x, shared


def xwing_decapsulate(seed, ciphertext):
    (_, private), scalar = xwing_parts(seed)
    secret = decapsulate(private, ciphertext[:CIPHERTEXT_LEN])
    ciphertext_x = ciphertext[CIPHERTEXT_LEN:]
    return xwing_combine(secret, curve.x25519(scalar, ciphertext_x), ciphertext_x,
                         curve.x25519_public(scalar))
