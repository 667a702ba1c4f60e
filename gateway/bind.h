/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets at an address of the settings. */
#ifndef LEWES_GATEWAY_BIND_H
#define LEWES_GATEWAY_BIND_H

#include <stdbool.h>

#include <lewes/registration.h>

#include "gateway/log.h"

#define BIND_TEXT 64

/*
 * Makes a non-blocking socket of `type` (SOCK_STREAM, SOCK_DGRAM) and binds it to `*at`; [::] is
 * 0.0.0.0, with a warning, where there is no IPv6. `only6`: IPv4 does not come through it.
 *
 * @param[in,out] at  with the port that it got
 * @return the descriptor, or -1 with errno
 */
int bind_at(int type, struct lewes_endpoint *at, bool only6, struct log *log);

/* Is it the address that stands for all? */
bool bind_is_any(const struct lewes_endpoint *at);

const char *bind_text(char out[BIND_TEXT], const struct lewes_endpoint *at);

/* What to do when that failed with this errno; `key` is where the address comes from. */
void bind_advice(char *out, size_t cap, int error, const char *key);

#endif
