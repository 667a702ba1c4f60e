/* SPDX-License-Identifier: Apache-2.0 */
/* The inner session of two hops: each of its packets is a forward request of an outer client
 * (registration.md 8, protocol.md P73, P82). */
#ifndef TESTS_SUPPORT_NESTED_CLIENT_H
#define TESTS_SUPPORT_NESTED_CLIENT_H

#include "tests/support/env.h"
#include "tests/support/rig_exit.h"

struct nested {
    struct client *outer;
    struct rig *exit;
    struct rig_exit target; /* names the exit; has no sockets */
    struct test_env env;
    struct lewes_identity *identity;
    struct lewes_session *session;
    unsigned trips;       /* waits for an answer after everything due was sent */
    unsigned outstanding; /* forwards without an answer yet */
    uint8_t payload[LEWES_PACKET_MAX];
    size_t payload_len;
};

/* A rig as a target: its identity, and where it listens. */
struct rig_exit nested_target(const struct rig *exit);

/* Makes the session; `early`: everything that may be said at once leaves at once. */
void nested_open(struct nested *nested, struct client *outer, struct rig *exit, bool early);
void nested_close(struct nested *nested);

/* The whole handshake. */
void nested_handshake(struct nested *nested);
/* A request and its answer, whose text points into nested->payload. */
struct lewes_answer nested_register(struct nested *nested, const struct lewes_request *request);

#endif
