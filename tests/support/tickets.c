/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void tickets_load(struct tickets *tickets)
{
    const json_t *set;
    size_t i;

    memset(tickets, 0, sizeof *tickets);
    test_env_init(&tickets->env, 1);
    tickets->root = vectors_load("ecash/ticket-vectors.json");
    assert_int_equal(lewes_ecash_new(&tickets->ecash, &tickets->env.env), LEWES_OK);
    const json_t *const sets = vectors_member(tickets->root, "authority_sets");
    assert_int_equal(json_array_size(sets), TICKETS_SETS);
    json_array_foreach(sets, i, set)
    {
        uint8_t bytes[LEWES_MINT_KEY_MAX];
        const size_t len = vectors_hex(vectors_member(set, "aggregated_verification_key"), "bytes",
                                       bytes, sizeof bytes);
        assert_int_equal(
            lewes_ecash_key_new(&tickets->keys[i], &tickets->env.env, tickets->ecash, bytes, len),
            LEWES_OK);
    }
}

void tickets_unload(struct tickets *tickets)
{
    for (size_t i = 0; i < TICKETS_SETS; i++)
        lewes_ecash_key_free(tickets->keys[i]);
    lewes_ecash_free(tickets->ecash);
    json_decref(tickets->root);
    test_env_assert_clean(&tickets->env);
}

const json_t *tickets_set(const struct tickets *tickets, const json_t *object, unsigned *number)
{
    const json_t *set;
    size_t i;

    json_array_foreach(vectors_member(tickets->root, "authority_sets"), i, set)
    {
        if (vectors_text_is(set, "id", vectors_text(object, "authority_set"))) {
            *number = (unsigned)i;
            return set;
        }
    }
    fail_msg("there is no set %s", vectors_text(object, "authority_set"));
    return NULL;
}

void tickets_payment(const struct tickets *tickets, const json_t *recorded,
                     struct tickets_payment *out)
{
    unsigned set = 0;

    tickets_set(tickets, recorded, &set);
    out->key = tickets->keys[set];
    out->claim = (struct lewes_ticket_claim){
        .payment = out->payment,
        .len = vectors_hex(recorded, "payment", out->payment, sizeof out->payment),
        .pay_info = out->pay_info,
        .day = (uint32_t)json_integer_value(vectors_member(recorded, "spend_date")),
    };
    vectors_exact(recorded, "pay_info", out->pay_info, sizeof out->pay_info);
}

void tickets_good(const struct tickets *tickets, struct tickets_payment *out)
{
    const json_t *recorded;
    size_t i;

    json_array_foreach(vectors_member(tickets->root, "tickets"), i, recorded)
    {
        if (vectors_text_is(vectors_member(recorded, "expected"), "strict", "OK")) {
            tickets_payment(tickets, recorded, out);
            return;
        }
    }
    fail_msg("there is no good ticket");
}

enum lewes_error tickets_verdict(const char *name)
{
    static const struct {
        const char *name;
        enum lewes_error error;
    } verdicts[] = {
        {"OK", LEWES_OK},
        {"ENCODING", LEWES_ERROR_TICKET_FORM},
        {"VALUE", LEWES_ERROR_TICKET_VALUE},
        {"SHAPE", LEWES_ERROR_TICKET_SHAPE},
        {"TYPE", LEWES_ERROR_TICKET_TYPE},
        {"UNBOUND", LEWES_ERROR_TICKET_UNBOUND},
        {"IDENTITY", LEWES_ERROR_TICKET_POINT},
        {"PROOF", LEWES_ERROR_TICKET_PROOF},
        {"WALLET_SIG", LEWES_ERROR_TICKET_WALLET},
        {"DATE_SIG", LEWES_ERROR_TICKET_DATE},
        {"COIN_SIG", LEWES_ERROR_TICKET_INDEX},
    };

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        if (strcmp(verdicts[i].name, name) == 0)
            return verdicts[i].error;
    fail_msg("there is no verdict %s", name);
    return LEWES_OK;
}
