/* SPDX-License-Identifier: Apache-2.0 */
/* A session under attack, the peer that attacks it, and what is checked at every step. */
#ifndef FUZZ_FIGHT_H
#define FUZZ_FIGHT_H

#include "fuzz/fuzz.h"
#include "lib/session/session_internal.h"

#define FIGHT_UNIX_MS UINT64_C(1768384800000)
#define FIGHT_PACKET_CAP 4096
#define FIGHT_HISTORY 8
#define FIGHT_LEDGER 1024

struct record {
    size_t len;
    uint8_t bytes[FIGHT_PACKET_CAP];
};

/* A nonce that was used. */
struct ledger_line {
    struct lewesi_outer_key key;
    uint64_t counter;
};

struct fight {
    struct fuzz_env env;
    struct input input;
    struct lewes_session *target, *peer;  /* the peer is ours, and plays fair if it is let */
    struct record history[FIGHT_HISTORY]; /* what either end wrote */
    unsigned recorded;
    struct ledger_line ledger[FIGHT_LEDGER];
    unsigned written;
    lewes_time now;
    bool fair; /* nothing has happened but what protocol.md 6 says */
};

/* ---- fight_ends.c ---- */

/* Makes both ends from the first bytes of the input; false if the hello was refused. */
bool fight_open(struct fight *f, enum lewes_role target);
void fight_close(struct fight *f);
/* Writes what `session` has due; false if that is nothing. */
bool fight_write(struct fight *f, struct lewes_session *session, struct record *out, size_t cap);
/* An event may bring a session that takes the place of `*slot`. */
void fight_succeed(struct fight *f, struct lewes_session **slot, const struct lewes_event *event);

/* ---- fight_checks.c ---- */

/* Every byte of a session and of what it owns, but for what a refused packet may change: counts of
 * failures and which counters are used up (protocol.md P51). */
struct image {
    struct lewes_session session;
    size_t handshake_len, rekey_len;
    uint8_t handshake[8192], rekey[sizeof(struct lewesi_rekey) + sizeof(struct lewes_session)];
};

void image_take(struct image *image, const struct lewes_session *session);
bool image_same(const struct image *image, const struct lewes_session *session);

/* Nobody uses a nonce twice under one key, and each role stays in its range (P64). */
void check_nonce(struct fight *f, const struct lewes_session *writer, const struct record *packet);
/* What the tables allow to follow when a packet was read (protocol.md 10.2 to 10.5). */
void check_step(const struct image *before, const struct lewes_session *after,
                enum lewes_error error, const struct record *packet);
void check_event(const struct lewes_event *event, enum lewes_error error,
                 const struct record *packet);

#endif
