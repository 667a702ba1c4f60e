/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets under valgrind: memory that is marked as undefined may be copied and computed with, but
 * memcheck reports every branch and every address that depends on it. So a run without a report is
 * one whose time depends on no secret (tests/constant_time). Elsewhere nothing happens here.
 */
#ifndef TESTS_SUPPORT_SECRET_H
#define TESTS_SUPPORT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#ifndef VALGRIND_MAKE_MEM_UNDEFINED
#define VALGRIND_MAKE_MEM_UNDEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_MAKE_MEM_DEFINED(at, len) ((void)(at), (void)(len))
#define VALGRIND_GET_VBITS(at, bits, len) ((void)(at), (void)(bits), (void)(len))
#define RUNNING_ON_VALGRIND 0
#endif

/* Nothing may depend on these bytes from here on. */
void make_secret(void *at, size_t len);
/* These bytes are, or will be, known to everybody. */
void make_public(void *at, size_t len);
/* Is any bit of them secret? */
bool is_secret(const void *at, size_t len);

/* Ends the program if the harness itself, or an honest exchange, does not work. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(3);                                                                               \
        }                                                                                          \
    } while (0)

#endif
