/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of subsession messages that have a codec (protocol.md P9). */
#ifndef LEWESI_WIRE_SUBSESSION_H
#define LEWESI_WIRE_SUBSESSION_H

#include <stdbool.h>

#include "lib/base/bytes.h"

#define LEWESI_KK_NOISE_LEN 48                  /* protocol.md 12 */
#define LEWESI_KK_LEN (1 + LEWESI_KK_NOISE_LEN) /* with its length in front, protocol.md P9 */
#define LEWESI_READY_MAX 5                      /* protocol.md 3.2 */

/* The Noise message in the body of KK1 or KK2; its data is NULL if the body is not one. */
struct lewesi_span lewesi_kk_read(struct lewesi_span body);

/* Reads the body of Ready; false, and `index` untouched, if it is not one in its shortest form. */
bool lewesi_ready_read(uint32_t *index, struct lewesi_span body);

/* Writes the body of Ready and returns its length: 1, 3 or 5. */
size_t lewesi_ready_write(uint8_t out[LEWESI_READY_MAX], uint32_t index);

#endif
