/* SPDX-License-Identifier: Apache-2.0 */
/* lib/crypto/edwards.c as machines without 128-bit integers compile it. */
#ifndef TESTS_SUPPORT_EDWARDS_PORTABLE_H
#define TESTS_SUPPORT_EDWARDS_PORTABLE_H

#include <lewes/keys.h>

enum lewes_error portable_public_from_ed25519(struct lewes_x25519_public *out,
                                              const struct lewes_ed25519_public *key);

#endif
