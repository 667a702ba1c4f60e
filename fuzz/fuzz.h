/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(); it is linked with
 * libFuzzer (make fuzz), and with replay.c, which runs the checked-in corpus (make check). A broken
 * promise ends the program.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <lewes/base.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program if a promise is broken, in every kind of build. */
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input as a program: what to do, and with which values. Zeros when it is used up. */
struct input {
    const uint8_t *data;
    size_t len;
};

uint8_t input_u8(struct input *input);
uint16_t input_u16(struct input *input);
uint32_t input_u32(struct input *input);
/* Up to `cap` of the bytes that are left. */
size_t input_bytes(struct input *input, uint8_t *out, size_t cap);

/* Every byte, padding and all. */
bool same_bytes(const void *a, const void *b, size_t len);

/* Counted memory, and randomness that depends on the seed alone. */
struct fuzz_env {
    struct lewes_env env;
    size_t blocks;
    uint64_t stream;
    unsigned fails_in; /* the n-th allocation or draw from now fails; 0: none */
};

void fuzz_env_init(struct fuzz_env *fuzz, uint64_t seed);

#endif
