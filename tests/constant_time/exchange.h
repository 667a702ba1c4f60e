/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions of which everything that is secret is marked so. */
#ifndef TESTS_CONSTANT_TIME_EXCHANGE_H
#define TESTS_CONSTANT_TIME_EXCHANGE_H

#include <lewes/session.h>

struct exchange {
    struct lewes_env env;
    unsigned draws;
    struct lewes_identity *client, *gateway;
    struct lewes_session *initiator, *responder;
    lewes_time now;
};

/* Random bytes, and memory; keys are drawn 32 or 64 bytes at a time, and are secret. */
void exchange_env(struct exchange *exchange);
/* `len` secret bytes. */
void exchange_secret(void *at, size_t len);
/* exchange_env, and two identities of secret seeds; the gateway serves every suite. */
void exchange_identities(struct exchange *exchange);
void exchange_handshake(struct exchange *exchange, enum lewes_kem kem, bool early);
/* A secret payload in either direction. */
void exchange_data(struct exchange *exchange);
/* A subsession that takes the place of both. */
void exchange_rekey(struct exchange *exchange);
/* Adds to `sink` in a way that depends on the outer key. */
void exchange_leak(const struct exchange *exchange, volatile unsigned *sink);
void exchange_end(struct exchange *exchange);

#endif
