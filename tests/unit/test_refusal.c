/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and coins of registration.md 5.1, and dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/registration.h>

static const struct {
    enum lewes_refusal refusal;
    const char *text;
    enum lewes_coin coin;
} table[] = {
    {LEWES_REFUSAL_TIMESTAMP, "Invalid timestamp", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_NO_ADDRESS, "WireGuard peer registration failed: no free address",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_PUBLIC_KEY, "WireGuard peer registration failed: invalid public key",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_OTHER_IDENTITY,
     "WireGuard peer registration failed: key belongs to another identity", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_DEVICE,
     "WireGuard peer registration failed: device error, retry with the same ticket",
     LEWES_COIN_CREDITED},
    {LEWES_REFUSAL_SPENT, "Credential verification failed: ticket already spent", LEWES_COIN_LOST},
    {LEWES_REFUSAL_PROOF, "Credential verification failed: invalid proof", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_MULTIPLE, "Credential verification failed: multiple tickets",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_TICKET_TYPE, "Credential verification failed: wrong ticket type",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_SPEND_DATE, "Credential verification failed: wrong spend date",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_STALE, "Credential verification failed: stale payment information",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_PAYEE, "Credential verification failed: payment is for another gateway",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_EPOCH, "Credential verification failed: unknown epoch", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_STORE, "Credential verification failed: store unavailable",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_CLIENT_IDENTITY, "Invalid client ed25519 key: not the session's",
     LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_ALREADY_REGISTERED, "Client already registered", LEWES_COIN_UNKNOWN},
    {LEWES_REFUSAL_MODE, "Registration mode not enabled", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_MALFORMED, "Malformed registration request", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_BUSY, "Gateway busy", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_SHUTDOWN, "Gateway shutting down", LEWES_COIN_NOT_TAKEN},
    {LEWES_REFUSAL_OTHER, "something that nobody has agreed on", LEWES_COIN_UNKNOWN},
};

static void every_text_names_its_refusal_and_its_coin(void **state)
{
    (void)state;
    assert_int_equal(sizeof table / sizeof table[0], LEWES_REFUSAL_OTHER + 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(lewes_refusal_find(table[i].text, strlen(table[i].text)),
                         table[i].refusal);
        assert_int_equal(lewes_refusal_coin(table[i].refusal), table[i].coin);
    }
}

static void a_gateway_sends_the_agreed_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *sent = lewes_refusal_text(table[i].refusal);
        bool open_end = table[i].refusal == LEWES_REFUSAL_CLIENT_IDENTITY ||
                        table[i].refusal == LEWES_REFUSAL_OTHER;
        assert_true(strlen(sent) <= 256);
        if (open_end)
            assert_memory_equal(table[i].text, sent, strlen(sent));
        else
            assert_string_equal(sent, table[i].text);
    }
}

static void a_text_that_is_cut_or_goes_on_is_told_by_its_beginning(void **state)
{
    const char *longer = "Gateway busy, come back later";
    (void)state;
    assert_int_equal(lewes_refusal_find(longer, strlen(longer)), LEWES_REFUSAL_BUSY);
    assert_int_equal(lewes_refusal_find(longer, 11), LEWES_REFUSAL_OTHER);
    assert_int_equal(lewes_refusal_find("", 0), LEWES_REFUSAL_OTHER);
}

static void a_unix_time_has_its_day(void **state)
{
    static const struct {
        uint64_t seconds;
        uint16_t year, day;
    } days[] = {
        {0, 1970, 1},
        {86399, 1970, 1},
        {86400, 1970, 2},
        {951782400, 2000, 60}, /* 29 February */
        {978220800, 2000, 366},
        {1768392000, 2026, 14},  /* registration.md, example 1 */
        {1788825600, 2026, 251}, /* 8 September */
        {1798675200, 2026, 365},
        {1798761600, 2027, 1},
        {1861833600, 2028, 366},
    };
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct lewes_date date = lewes_date_of(days[i].seconds);
        assert_int_equal(date.year, days[i].year);
        assert_int_equal(date.day, days[i].day);
    }
    assert_true(lewes_date_of(UINT64_MAX).year > 2199); /* no encoding, and no endless loop */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_names_its_refusal_and_its_coin),
        cmocka_unit_test(a_gateway_sends_the_agreed_texts),
        cmocka_unit_test(a_text_that_is_cut_or_goes_on_is_told_by_its_beginning),
        cmocka_unit_test(a_unix_time_has_its_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
