/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway on loopback that does what a test tells it, in a thread of its own. */
#ifndef LEWES_TESTS_SCRIPTED_GATEWAY_H
#define LEWES_TESTS_SCRIPTED_GATEWAY_H

#include <pthread.h>

#include <lewes/client.h>

enum script_end {
    SCRIPT_SERVE, /* until the client has gone */
    SCRIPT_CLOSE, /* after `frames` answers, the next frame is read and the connection closed */
    SCRIPT_RESET, /* the same with a reset */
    SCRIPT_STALL, /* the same, and nothing more is answered */
    SCRIPT_NOISE  /* the same, and the answer is a frame of garbage */
};

struct script {
    enum script_end end;
    int frames;            /* answers before `end` */
    int collisions;        /* hellos that are answered with Collision */
    bool busy;             /* the hello is answered with Busy */
    bool bad_length;       /* the first answer is a frame longer than any packet */
    const uint8_t *answer; /* plaintext of the answer to a request */
    size_t answer_len;
};

struct scripted_gateway {
    struct script script;
    struct lewes_ed25519_public identity;
    uint16_t port;
    int connections;              /* that it has taken */
    int answered;                 /* frames, in the last one */
    struct lewes_request request; /* the last one that was decoded, without its payment */
    bool has_request;
    /* private */
    struct lewes_identity *keys;
    int listener;
    pthread_t thread;
};

/* Starts a gateway that serves one connection after the other. */
void scripted_gateway_start(struct scripted_gateway *gateway, const struct script *script);

/* Waits until it has served its last connection, and frees what it holds. */
void scripted_gateway_stop(struct scripted_gateway *gateway);

#endif
