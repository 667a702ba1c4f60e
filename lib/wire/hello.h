/* SPDX-License-Identifier: Apache-2.0 */
/* The body of ClientHello (protocol.md 4.2). The public calls of session.h stand on these. */
#ifndef LEWESI_WIRE_HELLO_H
#define LEWESI_WIRE_HELLO_H

#include <lewes/session.h>

#define LEWESI_HELLO_LEN 100

void lewesi_hello_write(uint8_t out[LEWESI_HELLO_LEN], const struct lewes_hello *hello);
void lewesi_hello_read(struct lewes_hello *hello, const uint8_t body[LEWESI_HELLO_LEN]);

#endif
