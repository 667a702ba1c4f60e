/* SPDX-License-Identifier: Apache-2.0 */
/* Padded base64 (RFC 4648) of any length, in time that depends on the length alone. */
#ifndef LEWES_DESCRIPTION_BASE64_H
#define LEWES_DESCRIPTION_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for `len` bytes, without NUL. */
#define DESCRIPTION_BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Writes DESCRIPTION_BASE64_LEN(len) characters and a NUL. */
void description_base64_encode(char *out, const uint8_t *bytes, size_t len);

/*
 * Reads the canonical form: whole groups, unused bits zero, no line ends.
 *
 * @param[out] bytes  room for `cap`; zeroed as far as it was written if the result is false
 * @param[out] len    of the bytes; untouched if the result is false
 */
bool description_base64_decode(uint8_t *bytes, size_t cap, size_t *len, const char *text,
                               size_t text_len);

#endif
