/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/paying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIGN 0x20 /* ecash.md E1 */

void paying_open(struct paying *paying)
{
    memset(paying, 0, sizeof *paying);
    shared_env_init(&paying->env, 5);
    minted_open(&paying->mint, &paying->env.env);
    minted_book(&paying->mint, LEWES_TICKET_WG_ENTRY, PAYING_DAY + 2 * LEWES_DAY, &paying->book);
}

void paying_close(struct paying *paying)
{
    minted_close(&paying->mint);
    shared_env_end(&paying->env);
}

void paying_write_keys(const struct paying *paying, const struct rig *rig, unsigned long epoch,
                       const char *range)
{
    FILE *file = fopen(rig->settings.registration.keys, "w");
    if (!file)
        abort();
    (void)fprintf(file, "epoch %lu vk ", epoch);
    for (size_t i = 0; i < paying->mint.len; i++)
        (void)fprintf(file, "%02x", paying->mint.bytes[i]);
    (void)fprintf(file, " %s\n", range);
    assert_int_equal(fclose(file), 0);
}

void paying_configure(const struct paying *paying, struct rig *rig, const char *range)
{
    rig->settings.registration.verifier = SETTINGS_VERIFIER_ECASH;
    (void)snprintf(rig->settings.registration.keys, sizeof rig->settings.registration.keys,
                   "%s/epochs", rig->directory);
    paying_write_keys(paying, rig, 1, range);
}

struct paying_terms paying_terms(struct rig *rig, unsigned coin, uint8_t number)
{
    const int64_t now = (int64_t)(atomic_load(&rig->unix_ms) / 1000);
    struct paying_terms terms = {
        .coin = coin,
        .day = (uint32_t)(now / LEWES_DAY * LEWES_DAY),
        .info = {.unix_seconds = now, .gateway = *lewes_identity_public(rig->identity)},
    };
    memset(terms.info.random, number, sizeof terms.info.random);
    return terms;
}

struct lewes_request paying_request(struct paying *paying, struct rig *rig,
                                    const struct paying_terms *terms, uint8_t wg_who,
                                    struct client_ticket *ticket)
{
    struct lewes_spending spending;
    struct lewes_request request;

    lewes_pay_info_encode(ticket->pay_info, &terms->info);
    assert_int_equal(
        lewes_book_spending(&spending, &paying->book, terms->coin, terms->day, ticket->pay_info),
        LEWES_OK);
    spending.unbound = terms->unbound;
    request = client_request(rig, wg_who, ticket);
    assert_int_equal(lewes_ticket_spend(ticket->payment, &request.credential.payment_len,
                                        paying->mint.key, &spending, &paying->env.env),
                     LEWES_OK);
    request.credential.spend_date = lewes_date_of(terms->day);
    return request;
}

void paying_randomise(struct client_ticket *ticket)
{
    static const size_t signatures[] = {195, 244, 293, 342, 490, 539}; /* ecash.md 5 */
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
        ticket->payment[signatures[i]] ^= SIGN;
}
