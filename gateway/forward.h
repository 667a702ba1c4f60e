/* SPDX-License-Identifier: Apache-2.0 */
/* Which packets are forwarded, and what a client hears of one that was not (gateway.md G5.1,
 * registration.md 6.2). */
#ifndef LEWES_GATEWAY_FORWARD_H
#define LEWES_GATEWAY_FORWARD_H

#include <lewes/registration.h>
#include <lewes/session.h>

#include "gateway/directory.h"
#include "gateway/settings.h"

#define FORWARD_INNER_MIN LEWES_PACKET_MIN   /* gateway.md G5.5 */
#define FORWARD_ANSWER_MAX LEWES_PAYLOAD_MAX /* gateway.md G5.5 */

enum forward_notice {                   /* registration.md R13 */
                      FORWARD_DONE = 0, /* none: the packet was exchanged */
                      FORWARD_NOT_ALLOWED = 1,
                      FORWARD_NO_STREAM = 2,
                      FORWARD_CONNECT_FAILED = 3,
                      FORWARD_TIMED_OUT = 4,
                      FORWARD_EXIT_CLOSED = 5,
                      FORWARD_OTHER_TARGET = 6,
                      FORWARD_MALFORMED = 7
};
#define FORWARD_NOTICES 8

/* What decides about a target. */
struct forward_rules {
    const struct settings *settings;
    const struct directory *directory;      /* NULL: nothing is allowed */
    const struct lewes_ed25519_public *own; /* the gateway's identity */
    const struct lewes_endpoint *local;     /* where the client has reached it */
};

/* The name in log and metrics. */
const char *forward_notice_name(enum forward_notice notice);

/* Writes the notice about an inner packet: a clear Busy packet. */
void forward_notice_write(uint8_t out[LEWES_PACKET_MIN], const struct lewes_forward *forward,
                          enum forward_notice notice);

/* FORWARD_DONE if the packet may go to its target, else the notice that says why not. */
enum forward_notice forward_judge(const struct forward_rules *rules,
                                  const struct lewes_forward *forward);

#endif
