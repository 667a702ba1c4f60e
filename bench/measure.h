/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time, an environment, and primitives that are counted on their way in: the linker puts
 * the __wrap_ functions of primitives.c in front of them, so that the operations that are summed up
 * are those that really happened. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>

#include <lewes/base.h>

#define ROUNDS 11

/* ---- measure.c ---- */

/* Ends the program unless `good`. */
void check(bool good, const char *what);
/* Processor time of this process, microseconds. */
double now_us(void);
/* Sorts them. */
double median(double values[ROUNDS]);
/* malloc, and a generator that always begins with the same number. */
extern const struct lewes_env env;

/* ---- primitives.c ---- */

enum primitive {
    X25519_PUBLIC,
    X25519,
    CONVERT,
    SIGN,
    VERIFY,
    KEM_CHECK,
    KEM_ENCAPSULATE,
    KEM_DECAPSULATE,
    SEAL,
    OPEN,
    SHA256,
    SHA3,
    HMAC,
    EXPAND,
    NOISE_HKDF,
    BLAKE3,
    BLAKE3_HASH,
    PRIMITIVES
};

extern const char *const primitive_names[PRIMITIVES];

/* Calls, and the bytes that they were given. */
struct counts {
    unsigned calls[PRIMITIVES];
    size_t bytes[PRIMITIVES];
};

extern struct counts counts;

/* Microseconds of one call with `len` bytes. */
double time_primitive(enum primitive primitive, size_t len);

#endif
