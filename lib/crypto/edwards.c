/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From edwards25519 to curve25519 (protocol.md 5, P18), for public keys: time depends on them.
 * A number modulo p = 2^255 - 19 is five limbs of 51 bits. `mul` takes limbs below 2^54 and gives
 * limbs below 2^52; at most one `add` or `sub` stands between two of them.
 */
#include <string.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define LIMBS 5
#define MASK ((UINT64_C(1) << 51) - 1)

struct element {
    uint64_t limb[LIMBS];
};

#if defined(__SIZEOF_INT128__) && !defined(LEWESI_WITHOUT_INT128)
__extension__ typedef unsigned __int128 wide;

static wide multiply_add(wide sum, uint64_t a, uint64_t b)
{
    return sum + (wide)a * b;
}

static uint64_t shift_out(wide *sum)
{
    const uint64_t limb = (uint64_t)*sum & MASK;

    *sum >>= 51;
    return limb;
}

static uint64_t low64(wide sum)
{
    return (uint64_t)sum;
}
#else /* machines of 32 bits */
typedef struct {
    uint64_t low, high;
} wide;

static wide multiply_add(wide sum, uint64_t a, uint64_t b)
{
    const uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    const uint64_t first = a0 * b0;
    const uint64_t second = a1 * b0 + (first >> 32);
    const uint64_t third = a0 * b1 + (second & UINT32_MAX);
    const uint64_t low = third << 32 | (first & UINT32_MAX);

    sum.low += low;
    sum.high += a1 * b1 + (second >> 32) + (third >> 32) + (sum.low < low);
    return sum;
}

static uint64_t shift_out(wide *sum)
{
    const uint64_t limb = sum->low & MASK;

    *sum = (wide){.low = sum->high << 13 | sum->low >> 51, .high = sum->high >> 51};
    return limb;
}

static uint64_t low64(wide sum)
{
    return sum.low;
}
#endif

static struct element small(uint64_t v)
{
    return (struct element){.limb = {v}};
}

static struct element add(struct element a, struct element b)
{
    for (size_t i = 0; i < LIMBS; i++)
        a.limb[i] += b.limb[i];
    return a;
}

/* Adds 4p, so that no limb goes below zero. */
static struct element sub(struct element a, struct element b)
{
    a.limb[0] += 4 * (MASK - 18) - b.limb[0];
    for (size_t i = 1; i < LIMBS; i++)
        a.limb[i] += 4 * MASK - b.limb[i];
    return a;
}

/* a[0] b[4] + ... + a[4] b[0] */
static wide column(const uint64_t a[LIMBS], const uint64_t b[LIMBS])
{
    wide sum = multiply_add((wide){0}, a[0], b[4]);

    sum = multiply_add(sum, a[1], b[3]);
    sum = multiply_add(sum, a[2], b[2]);
    sum = multiply_add(sum, a[3], b[1]);
    return multiply_add(sum, a[4], b[0]);
}

/* Takes limb k out of its column, and carries into the next one: below 2^64 each. */
static uint64_t settle(wide columns[LIMBS], size_t k)
{
    const uint64_t limb = shift_out(&columns[k]);

    columns[k + 1] = multiply_add(columns[k + 1], low64(columns[k]), 1);
    return limb;
}

static struct element mul(struct element a, struct element b)
{
    const uint64_t *const l = b.limb;
    const uint64_t twice[2 * LIMBS - 1] = {19 * l[1], 19 * l[2], 19 * l[3], 19 * l[4], l[0],
                                           l[1],      l[2],      l[3],      l[4]}; /* 2^255 = 19 */
    wide columns[LIMBS] = {column(a.limb, twice), column(a.limb, twice + 1),
                           column(a.limb, twice + 2), column(a.limb, twice + 3),
                           column(a.limb, twice + 4)};
    struct element out;

    out.limb[0] = settle(columns, 0);
    out.limb[1] = settle(columns, 1);
    out.limb[2] = settle(columns, 2);
    out.limb[3] = settle(columns, 3);
    out.limb[4] = shift_out(&columns[4]);
    columns[0] = multiply_add((wide){0}, low64(columns[4]), 19);
    columns[0] = multiply_add(columns[0], out.limb[0], 1);
    out.limb[0] = shift_out(&columns[0]);
    out.limb[1] += low64(columns[0]); /* below 2^15 */
    return out;
}

/* a^(2^n) * b */
static struct element square_times(struct element a, unsigned n, struct element b)
{
    while (n-- > 0)
        a = mul(a, a);
    return mul(a, b);
}

/* a^((p - 5) / 8); the names are numbers of ones in the exponent. */
static struct element power(struct element a)
{
    const struct element ones2 = square_times(a, 1, a);
    const struct element ones4 = square_times(ones2, 2, ones2);
    const struct element ones5 = square_times(ones4, 1, a);
    const struct element ones10 = square_times(ones5, 5, ones5);
    const struct element ones20 = square_times(ones10, 10, ones10);
    const struct element ones40 = square_times(ones20, 20, ones20);
    const struct element ones50 = square_times(ones40, 10, ones10);
    const struct element ones100 = square_times(ones50, 50, ones50);
    const struct element ones200 = square_times(ones100, 100, ones100);
    const struct element ones250 = square_times(ones200, 50, ones50);

    return square_times(ones250, 2, a);
}

static struct element parse(const uint8_t in[32])
{
    return (struct element){.limb = {
                                lewesi_load64le(in) & MASK,
                                lewesi_load64le(in + 6) >> 3 & MASK,
                                lewesi_load64le(in + 12) >> 6 & MASK,
                                lewesi_load64le(in + 19) >> 1 & MASK,
                                lewesi_load64le(in + 24) >> 12 & MASK,
                            }};
}

/* The one form below p. */
static void serialise(uint8_t out[32], struct element a)
{
    uint64_t carry;

    a = mul(a, small(1));
    /* Now a < 2p, and a >= p exactly if a + 19 reaches 2^255. */
    carry = 19;
    for (size_t i = 0; i < LIMBS; i++)
        carry = (a.limb[i] + carry) >> 51;
    carry *= 19;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += a.limb[i];
        a.limb[i] = carry & MASK;
        carry >>= 51;
    }
    lewesi_store64le(out, a.limb[0] | a.limb[1] << 51);
    lewesi_store64le(out + 8, a.limb[1] >> 13 | a.limb[2] << 38);
    lewesi_store64le(out + 16, a.limb[2] >> 26 | a.limb[3] << 25);
    lewesi_store64le(out + 24, a.limb[3] >> 39 | a.limb[4] << 12);
}

static bool same(struct element a, struct element b)
{
    uint8_t x[32], y[32];

    serialise(x, a);
    serialise(y, b);
    return memcmp(x, y, sizeof x) == 0;
}

static bool is_canonical(const uint8_t key[32], struct element y)
{
    uint8_t bytes[32];

    serialise(bytes, y);
    bytes[31] |= key[31] & 0x80; /* the sign of x */
    return memcmp(bytes, key, sizeof bytes) == 0;
}

/*
 * u = n/m with n = 1 + y and m = 1 - y. A point with this y exists if v^2 = u^3 + A u^2 + u has a
 * solution, that is if z = n m (n^2 + A n m + m^2) is a square: the two differ by m^4. In terms of
 * y, n m = 1 - y^2 and n^2 + A n m + m^2 = w = (A + 2) - (A - 2) y^2.
 *
 * One power r = z^((p-5)/8) serves both purposes: for a square z, and for no other but 0,
 * r^4 z^2 = 1. Hence 1/z = r^4 z, and u = n/m = n^2 w / z.
 *
 * Small order: y = 1 and y = -1 (orders 1 and 2) make z = 0, y = 0 is order 4, and a point has
 * order 8 if its double has u = 1. The double has u = (n^2 - m^2)^2 / 4z = 4y^2 / z.
 */
enum lewes_error lewesi_x25519_public_from_ed25519(struct lewes_x25519_public *out,
                                                   const struct lewes_ed25519_public *key)
{
    const struct element one = small(1), y = parse(key->bytes), yy = mul(y, y);
    const struct element n = add(one, y);
    const struct element w = sub(small(486664), mul(small(486660), yy)); /* A = 486662 */
    const struct element z = mul(sub(one, yy), w);
    const struct element r = power(z), rr = mul(r, r), rrz = mul(rr, z);

    if (!is_canonical(key->bytes, y) || !same(mul(rrz, rrz), one))
        return LEWES_ERROR_KEY;
    if (same(y, small(0)) || same(z, mul(small(4), yy)))
        return LEWES_ERROR_KEY;
    serialise(out->bytes, mul(mul(rrz, rr), mul(mul(n, n), w)));
    return LEWES_OK;
}

void lewesi_x25519_private_from_seed(struct lewes_x25519_private *out,
                                     const struct lewes_ed25519_seed *seed)
{
    uint8_t hash[64];

    lewesi_sha512(hash, (struct lewesi_span){seed->bytes, sizeof seed->bytes});
    memcpy(out->bytes, hash, sizeof out->bytes);
    lewesi_wipe(hash, sizeof hash);
}
