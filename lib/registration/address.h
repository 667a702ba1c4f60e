/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a forward target: a.b.c.d:port or [v6]:port (registration.md 6). */
#ifndef LEWESI_REGISTRATION_ADDRESS_H
#define LEWESI_REGISTRATION_ADDRESS_H

#include <lewes/registration.h>

#define LEWESI_ADDRESS_MAX 53 /* registration.md R6 */
#define LEWESI_ADDRESS_CAP 54

/* True, or `endpoint` is in an undefined state. A mapped address becomes IPv4. */
bool lewesi_address_read(struct lewes_endpoint *endpoint, const char *text, size_t len);

/* Writes the canonical text (RFC 5952), without NUL; returns its length. */
size_t lewesi_address_write(char out[LEWESI_ADDRESS_CAP], const struct lewes_endpoint *endpoint);

#endif
