/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/rekey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void rekey_open(struct rekey *rekey, bool by_client)
{
    pair_init(&rekey->pair, 1);
    rekey->pair.subsessions = true;
    rekey_start(rekey, by_client);
}

void rekey_start(struct rekey *rekey, bool by_client)
{
    struct pair *const pair = &rekey->pair;

    pair_start(pair);
    pair_advance(pair, PAIR_MESSAGES);
    rekey->begins = by_client ? pair->initiator : pair->responder;
    rekey->answers = by_client ? pair->responder : pair->initiator;
    rekey->begins_next = NULL;
    rekey->answers_next = NULL;
}

enum lewes_error rekey_read(struct rekey *rekey, struct lewes_session *to,
                            const struct pair_packet *packet)
{
    const enum lewes_error error = pair_read(&rekey->pair, to, packet, &rekey->event);
    struct lewes_session **const next =
        to == rekey->begins ? &rekey->begins_next : &rekey->answers_next;

    if (rekey->event.kind == LEWES_EVENT_SUBSESSION) {
        assert_null(*next);
        assert_non_null(rekey->event.subsession);
        *next = rekey->event.subsession;
    }
    return error;
}

enum lewes_error rekey_pass(struct rekey *rekey, struct lewes_session *from,
                            struct lewes_session *to)
{
    pair_write(&rekey->pair, from, &rekey->packet);
    return rekey_read(rekey, to, &rekey->packet);
}

void rekey_advance(struct rekey *rekey, unsigned messages)
{
    assert_int_equal(lewes_session_rekey(rekey->begins, rekey->pair.now), LEWES_OK);
    for (unsigned i = 0; i < messages; i++) {
        struct lewes_session *const from = i == 1 ? rekey->answers : rekey->begins;
        struct lewes_session *const to = i == 1 ? rekey->begins : rekey->answers;

        assert_int_equal(rekey_pass(rekey, from, to), LEWES_OK);
    }
}

void rekey_end(struct rekey *rekey)
{
    lewes_session_free(rekey->begins_next);
    lewes_session_free(rekey->answers_next);
    pair_end(&rekey->pair);
}

static void exchange(struct rekey *rekey, struct lewes_session *a, struct lewes_session *b)
{
    for (size_t i = 0; i < 3; i++) {
        pair_exchange(&rekey->pair, a, b, 100 * i);
        pair_exchange(&rekey->pair, b, a, 10 * i);
    }
}

void rekey_assert_successor_works(struct rekey *rekey)
{
    assert_non_null(rekey->begins_next);
    assert_non_null(rekey->answers_next);
    exchange(rekey, rekey->begins_next, rekey->answers_next);
}

void rekey_assert_parent_works(struct rekey *rekey)
{
    exchange(rekey, rekey->begins, rekey->answers);
}
