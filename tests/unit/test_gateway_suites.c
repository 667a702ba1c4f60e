/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway with the keys of several suites: what it says of itself is what it answers with
 * (gateway.md T13.3, protocol.md P27, P28, P33). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/description.h>

#include "gateway/announce.h"
#include "tests/support/gateway_client.h"

static const enum lewes_kem kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
#define KEMS (sizeof kems / sizeof kems[0])

static struct rig rig;
static struct client client;
static struct lewes_description description;

static void serve(enum lewes_kem kem)
{
    struct lewes_kem_seed seed;

    assert_int_equal(lewes_kem_generate(&seed, kem, &rig.env.env), LEWES_OK);
    assert_int_equal(lewes_identity_add_kem(rig.identity, kem, &seed), LEWES_OK);
}

/* The rig's port is the system's choice, so the description names the usual one. */
static void describe(void)
{
    struct settings settings = rig.settings;
    struct announce_error error;
    char *text;

    settings.listen.control.at[0].port = LEWES_CONTROL_PORT;
    text = announce_text(&settings, rig.identity, RIG_UNIX_MS / 1000, &error);
    assert_non_null(text);
    assert_int_equal(lewes_description_read(&description, text, strlen(text),
                                            lewes_identity_public(rig.identity)),
                     LEWES_DESCRIPTION_OK);
    free(text);
}

static struct lewes_kem_digest digest_of(enum lewes_kem kem, enum lewes_hash hash)
{
    struct lewes_kem_digest digest = {.kem = kem, .hash = hash};
    const uint8_t *const bytes = lewes_description_digest(&description, kem, hash);

    assert_non_null(bytes);
    memcpy(digest.bytes, bytes, sizeof digest.bytes);
    return digest;
}

static void assert_logged(const char *kem)
{
    char field[32];

    (void)snprintf(field, sizeof field, " kem=%s ", kem);
    assert_non_null(strstr(rig.lines, field));
}

static void every_announced_digest_is_that_of_the_key_that_comes(void **state)
{
    (void)state;
    rig_init(&rig);
    serve(LEWES_KEM_MLKEM768);
    serve(LEWES_KEM_XWING);
    describe();
    assert_int_equal(description.suite_count, 3);
    rig_start(&rig);
    for (unsigned i = 0; i < KEMS * LEWES_HASHES; i++) {
        const enum lewes_kem kem = kems[i / LEWES_HASHES];
        const struct lewes_kem_digest digest = digest_of(kem, (enum lewes_hash)(i % LEWES_HASHES));
        const struct lewes_suite suite = {.kem = kem, .digest = &digest};

        client_open(&client, &rig, (uint8_t)(i + 1));
        client.suites = &suite;
        client.suite_count = 1;
        client_handshake(&client);
        assert_int_equal(lewes_session_kem(client.session), kem);
        assert_true(lewes_session_digest_pinned(client.session));
        assert_logged(lewes_kem_name(kem));
        client_close(&client);
    }
    rig_down(&rig);
}

static void a_suite_that_is_off_is_answered_with_its_status_on_the_same_connection(void **state)
{
    struct lewes_kem_digest made_up = {.kem = LEWES_KEM_XWING, .bytes = {1}}, digest;
    const struct lewes_suite suites[] = {{.kem = LEWES_KEM_XWING, .digest = &made_up},
                                         {.kem = LEWES_KEM_MLKEM768, .digest = &digest}};

    (void)state;
    rig_init(&rig);
    serve(LEWES_KEM_MLKEM768);
    describe();
    assert_int_equal(description.suite_count, 2);
    assert_null(lewes_description_digest(&description, LEWES_KEM_XWING, LEWES_HASH_BLAKE3));
    digest = digest_of(LEWES_KEM_MLKEM768, LEWES_HASH_SHAKE256);
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client.suites = suites;
    client.suite_count = 2;
    client_handshake(&client);
    assert_int_equal(lewes_session_kkt_status(client.session), 4);
    assert_int_equal(lewes_session_kem(client.session), LEWES_KEM_MLKEM768);
    client_close(&client);
    rig_down(&rig);
}

static void a_registration_works_over_each_suite(void **state)
{
    (void)state;
    rig_init(&rig);
    serve(LEWES_KEM_MLKEM768);
    serve(LEWES_KEM_XWING);
    describe();
    rig_start(&rig);
    for (uint8_t i = 0; i < (uint8_t)KEMS; i++) {
        const struct lewes_kem_digest digest = digest_of(kems[i], LEWES_HASH_BLAKE3);
        const struct lewes_suite suite = {.kem = kems[i], .digest = &digest};
        struct client_ticket ticket;
        struct lewes_request request;
        struct lewes_answer answer;

        client_open(&client, &rig, (uint8_t)(i + 1));
        client.suites = &suite;
        client.suite_count = 1;
        client_handshake(&client);
        client_ticket(&ticket, &rig, i);
        request = client_request(&rig, i, &ticket);
        answer = client_register(&client, &request);
        assert_int_equal(answer.kind, LEWES_ANSWER_DVPN);
        client_close(&client);
    }
    rig_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_announced_digest_is_that_of_the_key_that_comes),
        cmocka_unit_test(a_suite_that_is_off_is_answered_with_its_status_on_the_same_connection),
        cmocka_unit_test(a_registration_works_over_each_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
