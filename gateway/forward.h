/* SPDX-License-Identifier: Apache-2.0 */
/* What a client hears when a packet was not forwarded (registration.md 6.2). */
#ifndef LEWES_GATEWAY_FORWARD_H
#define LEWES_GATEWAY_FORWARD_H

#include <lewes/registration.h>
#include <lewes/session.h>

#define FORWARD_INNER_MIN LEWES_PACKET_MIN /* gateway.md G5.5 */

enum forward_notice { /* registration.md R13 */
                      FORWARD_NOT_ALLOWED = 1,
                      FORWARD_NO_STREAM = 2,
                      FORWARD_CONNECT_FAILED = 3,
                      FORWARD_TIMED_OUT = 4,
                      FORWARD_EXIT_CLOSED = 5,
                      FORWARD_OTHER_TARGET = 6,
                      FORWARD_MALFORMED = 7
};

/* Writes the notice about an inner packet: a clear Busy packet. */
void forward_notice_write(uint8_t out[LEWES_PACKET_MIN], const struct lewes_forward *forward,
                          enum forward_notice notice);

/* The gateway has no directory, and so nothing is allowed (gateway.md G5.1): which notice says so.
 */
enum forward_notice forward_refusal(const struct lewes_forward *forward);

#endif
