/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets that newcomers come through (gateway.md G2.1, G2.6). */
#ifndef LEWES_GATEWAY_LISTENER_H
#define LEWES_GATEWAY_LISTENER_H

#include "gateway/service.h"

struct listeners;

#define LISTENER_ERROR_TEXT 256

struct listener_error {
    char text[LISTENER_ERROR_TEXT];
};

/*
 * Binds and listens on every address of the settings, or on none of them.
 *
 * @param[out] listeners  untouched on error
 * @param[out] error      set on error: which address, why, what to do
 * @retval LEWES_ERROR_MEMORY    no memory
 * @retval LEWES_ERROR_ARGUMENT  an address that cannot be bound
 */
LEWES_MUST_USE enum lewes_error
listeners_open(struct listeners **listeners, struct service *service, struct listener_error *error);

/* Closes all sockets; the memory goes when the loop has closed the handles, then `closed` is
 * called. NULL: `closed` is called at once. */
void listeners_close(struct listeners *listeners, void (*closed)(void *user), void *user);

size_t listeners_count(const struct listeners *listeners);

/* Where the n-th listens, its real port included. */
struct lewes_endpoint listeners_address(const struct listeners *listeners, size_t n);

#endif
