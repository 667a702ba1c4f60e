/* SPDX-License-Identifier: Apache-2.0 */
/* A pair whose sessions may be replaced by subsessions, step by step (protocol.md 12). */
#ifndef TESTS_SUPPORT_REKEY_H
#define TESTS_SUPPORT_REKEY_H

#include "tests/support/pair.h"

struct rekey {
    struct pair pair;
    struct lewes_session *begins, *answers;           /* the parent's ends */
    struct lewes_session *begins_next, *answers_next; /* NULL until they exist */
    struct pair_packet packet;                        /* the last that was written */
    struct lewes_event event;                         /* of the last that was read */
};

/* An established pair with the option on; nothing of a rekey has happened. */
void rekey_open(struct rekey *rekey, bool by_client);
/* The same of a pair that has been set up by hand and not yet started. */
void rekey_start(struct rekey *rekey, bool by_client);
/* Begins, and goes on until `messages` of KK1, KK2, Ready have been delivered. */
void rekey_advance(struct rekey *rekey, unsigned messages);
void rekey_end(struct rekey *rekey);

/* Writes what `from` has due and delivers it; a subsession is kept in the one of its side. */
enum lewes_error rekey_pass(struct rekey *rekey, struct lewes_session *from,
                            struct lewes_session *to);
enum lewes_error rekey_read(struct rekey *rekey, struct lewes_session *to,
                            const struct pair_packet *packet);

/* Data in both directions of the new session. */
void rekey_assert_successor_works(struct rekey *rekey);
void rekey_assert_parent_works(struct rekey *rekey);

#endif
