/* SPDX-License-Identifier: Apache-2.0 */
/* Closing a socket so that the peer reads what was sent last: a reset must not overtake it
 * (gateway.md G2.8). */
#ifndef LEWES_GATEWAY_FAREWELL_H
#define LEWES_GATEWAY_FAREWELL_H

#include <uv.h>

#include <lewes/base.h>

struct farewells; /* all sockets that are being closed */

/* Error: LEWES_ERROR_MEMORY. */
LEWES_MUST_USE enum lewes_error farewells_new(struct farewells **farewells, uv_loop_t *loop,
                                              const struct lewes_env *env);

/* Only when farewells_count() is 0 and the loop has run since. */
void farewells_free(struct farewells *farewells);

/* Takes over a non-blocking socket whose last bytes have been given to the kernel. */
void farewell_begin(struct farewells *farewells, int fd);

/* Sends Busy with `index` (0 = to a connection, not to a hello) and says farewell. */
void farewell_busy(struct farewells *farewells, int fd, uint32_t index);

/* Sockets not closed yet, or whose memory is not free yet. */
size_t farewells_count(const struct farewells *farewells);

/* Closes all of them now. */
void farewells_cut(struct farewells *farewells);

/* `empty` is called each time that the count falls to 0. */
void farewells_when_empty(struct farewells *farewells, void (*empty)(void *user), void *user);

#endif
