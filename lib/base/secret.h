/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_BASE_SECRET_H
#define LEWESI_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Overwrites with zeros; the compiler cannot remove it. (lewes_wipe is the public name.) */
void lewesi_wipe(void *block, size_t len);

/* Compare in time that depends on `len` alone. */
bool lewesi_equal(const void *a, const void *b, size_t len);
bool lewesi_is_zero(const void *a, size_t len);

#endif
