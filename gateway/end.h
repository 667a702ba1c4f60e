/* SPDX-License-Identifier: Apache-2.0 */
/* Why a connection ended: one reason of a fixed set, for log and counts (gateway.md G3.6, 14). */
#ifndef LEWES_GATEWAY_END_H
#define LEWES_GATEWAY_END_H

#include <lewes/base.h>

enum end {
    END_CLOSED, /* by the peer, between messages or not: no error */
    END_IDLE,
    END_FIRST_BYTE,
    END_MESSAGE,
    END_HANDSHAKE,
    END_LIFETIME,
    END_FRAMING,
    END_PARSE,
    END_AUTH,
    END_REPLAY,
    END_INDEX,
    END_KKT,
    END_PSQ,
    END_NOISE,
    END_REFUSED,
    END_IO, /* the socket, or memory or randomness of ours */
    END_BUSY,
    END_SHUTDOWN,
    ENDS
};

/* The name in log and metrics. */
const char *end_name(enum end end);

/* What an error of lewes_session_read() or lewes_hello_check() is to a connection. */
enum end end_of_error(enum lewes_error error);

#endif
