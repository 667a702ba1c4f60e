/* SPDX-License-Identifier: Apache-2.0 */
/* Mixnet registrations: what is answered, what is on disk, what the hook hears (gateway.md 12). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/crypto/crypto.h"
#include "tests/support/gateway_client.h"
#include "tests/support/serial_verifier.h"

#define DAY 86400
#define DAY_MS UINT64_C(86400000)
#define ENTRY INT64_C(200000000) /* what a mixnet-entry ticket is worth */
#define EXIT INT64_C(100000000)

static struct rig rig;
static struct client client;
static struct client_ticket ticket;
static int hook = -1;

static void listen_at_hook(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/hook", rig.directory);
    hook = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (hook < 0)
        abort();
    assert_int_equal(bind(hook, (struct sockaddr *)&at, sizeof at), 0);
}

static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.settings.gateway.modes = SETTINGS_MODE_DVPN | SETTINGS_MODE_MIXNET;
    (void)snprintf(rig.settings.mixnet.hook, sizeof rig.settings.mixnet.hook, "unix:%s/hook",
                   rig.directory);
    return 0;
}

static void start(void)
{
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
}

static int up(void **state)
{
    (void)prepare(state);
    listen_at_hook();
    start();
    return 0;
}

static int down(void **state)
{
    (void)state;
    client_close(&client);
    if (hook >= 0)
        close(hook);
    hook = -1;
    serial_verifier_hold(false);
    rig_down(&rig);
    return 0;
}

static void come_as(uint8_t who)
{
    client_close(&client);
    client_open(&client, &rig, who);
    client_handshake(&client);
}

/* A request of the client's own identity; its WireGuard key is different every time. */
static struct lewes_request request_of(enum lewes_ticket_type type)
{
    static uint8_t wg_who;
    struct lewes_request request = client_request(&rig, ++wg_who, &ticket);
    request.mode = LEWES_MODE_MIXNET;
    request.ticket_type = type;
    request.mixnet_identity = *lewes_identity_public(client.identity);
    memset(&request.mixnet_x25519, 0x60, sizeof request.mixnet_x25519);
    return request;
}

static struct lewes_answer ask(uint8_t number, enum lewes_ticket_type type)
{
    client_ticket(&ticket, &rig, number);
    const struct lewes_request request = request_of(type);
    return client_register(&client, &request);
}

static void assert_mixnet(const struct lewes_answer *answer, int64_t bandwidth)
{
    if (answer->kind == LEWES_ANSWER_REFUSED)
        fail_msg("refused: %.*s", (int)answer->as.refused.len, answer->as.refused.text);
    assert_int_equal(answer->kind, LEWES_ANSWER_MIXNET);
    assert_int_equal(answer->bandwidth, bandwidth);
    assert_memory_equal(&answer->as.mixnet.gateway_identity, lewes_identity_public(rig.identity),
                        LEWES_KEY_LEN);
}

static int64_t midnight(unsigned days)
{
    return (int64_t)(RIG_UNIX_MS / 1000) / DAY * DAY + (int64_t)days * DAY;
}

static bool hook_has(void *user)
{
    char byte;
    (void)user;
    return recv(hook, &byte, 1, MSG_PEEK) >= 0;
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

/* The next event, exactly as it must be. */
static void expect_event(const char *event, int64_t balance, int64_t expires)
{
    char text[1024], key[LEWES_BASE58_CAP], x25519[LEWES_BASE58_CAP];
    struct lewes_x25519_public sent;
    uv_timer_t ticks;
    uv_timer_init(&rig.loop, &ticks);
    uv_timer_start(&ticks, tick, 1, 1);
    rig_wait(&rig, hook_has, NULL);
    uv_close((uv_handle_t *)&ticks, NULL);
    rig_settle(&rig);
    ssize_t len = recv(hook, text, sizeof text, 0);
    assert_true(len > 0);
    json_t *root = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    lewes_base58_encode(key, lewes_identity_public(client.identity)->bytes);
    memset(&sent, 0x60, sizeof sent);
    lewes_base58_encode(x25519, sent.bytes);
    assert_int_equal(json_object_size(root), 5);
    assert_string_equal(json_string_value(json_object_get(root, "event")), event);
    assert_string_equal(json_string_value(json_object_get(root, "ed25519")), key);
    assert_string_equal(json_string_value(json_object_get(root, "x25519")), x25519);
    assert_int_equal(json_integer_value(json_object_get(root, "balance")), balance);
    assert_int_equal(json_integer_value(json_object_get(root, "expires")), expires);
    json_decref(root);
}

static void expect_no_event(void)
{
    rig_settle(&rig);
    assert_false(hook_has(NULL));
    assert_int_equal(errno, EAGAIN);
}

static struct mixnet_client stored(void)
{
    struct mixnet_client found;
    rig_settle(&rig);
    assert_int_equal(store_find_client(rig.store, lewes_identity_public(client.identity), &found),
                     STORE_OK);
    return found;
}

static void a_registration_leaves_an_account_and_an_event_and_nothing_else(void **state)
{
    struct lewes_x25519_public sphinx;
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    assert_int_equal(
        lewesi_x25519_public_from_ed25519(&sphinx, lewes_identity_public(rig.identity)), LEWES_OK);
    assert_memory_equal(&answer.as.mixnet.sphinx_key, &sphinx, sizeof sphinx);
    expect_event("new", ENTRY, midnight(6));
    expect_no_event();
    struct mixnet_client found = stored();
    assert_int_equal(found.account.balance, ENTRY);
    assert_int_equal(found.account.expires, midnight(6));
    assert_int_equal(found.account.answer_len, client.payload_len);
    assert_memory_equal(found.account.answer, client.payload, client.payload_len);
    struct gateway_counts counts = rig_count(&rig);
    assert_int_equal(counts.results[REGISTRAR_NEW], 1);
    assert_int_equal(counts.leased_pairs, 0);
    assert_int_equal(rig_peers(&rig), 0);
}

static void the_sphinx_key_may_be_another(void **state)
{
    char text[LEWES_BASE58_CAP];
    uint8_t key[LEWES_KEY_LEN];
    (void)state;
    memset(key, 0xa5, sizeof key);
    lewes_base58_encode(text, key);
    (void)snprintf(rig.settings.mixnet.sphinx_key, sizeof rig.settings.mixnet.sphinx_key, "%s",
                   text);
    start();
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    assert_memory_equal(&answer.as.mixnet.sphinx_key, key, sizeof key);
}

static void a_repeat_answers_the_same_and_is_no_event(void **state)
{
    uint8_t first[LEASE_ANSWER_MAX];
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    size_t len = client.payload_len;
    memcpy(first, client.payload, len);
    expect_event("new", ENTRY, midnight(6));
    come_as(1);
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_int_equal(client.payload_len, len);
    assert_memory_equal(client.payload, first, len);
    expect_no_event();
    assert_int_equal(stored().account.balance, ENTRY);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
}

/* gateway.md 6.2 */
static void a_new_ticket_follows_the_table(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    expect_event("new", ENTRY, midnight(6));
    answer = ask(2, LEWES_TICKET_MIXNET_ENTRY); /* plenty is left: not taken */
    assert_mixnet(&answer, ENTRY);
    expect_no_event();
    assert_int_equal(rig_count(&rig).results[REGISTRAR_UNCHANGED], 1);
    struct mixnet_client poor = stored();
    poor.account.balance = 49999999;
    assert_int_equal(store_register_client(rig.store, NULL, &poor), STORE_OK);
    answer = ask(3, LEWES_TICKET_MIXNET_EXIT);
    assert_mixnet(&answer, 49999999 + EXIT);
    expect_event("topup", 49999999 + EXIT, midnight(6));
    assert_int_equal(rig_count(&rig).results[REGISTRAR_TOPUP], 1);
}

static void identities_have_accounts_of_their_own(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    expect_event("new", ENTRY, midnight(6));
    come_as(2);
    answer = ask(2, LEWES_TICKET_MIXNET_EXIT);
    assert_mixnet(&answer, EXIT);
    expect_event("new", EXIT, midnight(6));
}

static void the_same_client_may_have_both_modes(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    client_ticket(&ticket, &rig, 2);
    const struct lewes_request request = client_request(&rig, 99, &ticket);
    answer = client_register(&client, &request);
    assert_dvpn(&answer, 500000000);
    assert_int_equal(rig_peers(&rig), 1);
    assert_int_equal(stored().account.balance, ENTRY);
}

/* T12.2 */
static void a_foreign_identity_is_refused_and_nothing_is_taken(void **state)
{
    struct mixnet_client found;
    (void)state;
    struct lewes_request request = request_of(LEWES_TICKET_MIXNET_ENTRY);
    request.mixnet_identity.bytes[0] ^= 1;
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_CLIENT_IDENTITY);
    memset(&request.mixnet_identity, 0, sizeof request.mixnet_identity);
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_CLIENT_IDENTITY);
    expect_no_event();
    assert_int_equal(store_find_client(rig.store, lewes_identity_public(client.identity), &found),
                     STORE_NOT_FOUND);
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY); /* the connection goes on */
    assert_mixnet(&answer, ENTRY);
}

/* Only its text is looked at (registration.md R7). */
static void the_wireguard_key_means_nothing(void **state)
{
    (void)state;
    struct lewes_request request = request_of(LEWES_TICKET_MIXNET_ENTRY);
    memset(&request.wg_key, 0, sizeof request.wg_key);
    struct lewes_answer answer = client_register(&client, &request);
    assert_mixnet(&answer, ENTRY);
}

static void each_mode_can_be_off(void **state)
{
    (void)state;
    rig.settings.gateway.modes = SETTINGS_MODE_MIXNET;
    start();
    const struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_MODE);
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
}

static void the_time_and_the_ticket_are_checked_as_ever(void **state)
{
    (void)state;
    struct lewes_request request = request_of(LEWES_TICKET_MIXNET_ENTRY);
    request.timestamp += 31;
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_TIMESTAMP);
    request.timestamp -= 31;
    ticket.payment[737] = 2;
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_MULTIPLE);
}

static void a_device_that_is_away_does_not_matter(void **state)
{
    (void)state;
    atomic_store(&rig.device_fault, WG_LOST);
    const struct lewes_request request = client_request(&rig, 1, &ticket);
    struct lewes_answer answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_DEVICE);
    answer = ask(2, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
}

/* T12.1: expiry is noticed by the next look, the first of which is at start. */
static void an_account_outlives_a_restart_and_expires(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    expect_event("new", ENTRY, midnight(6));
    rig_stop(&rig);
    rig_reopen(&rig);
    rig_start(&rig);
    come_as(1);
    expect_no_event();
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);

    rig_stop(&rig);
    rig_reopen(&rig);
    atomic_fetch_add(&rig.unix_ms, 6 * DAY_MS);
    rig_start(&rig);
    come_as(1);
    expect_event("expired", ENTRY, midnight(6));
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY); /* the mock counts a ticket again */
    assert_mixnet(&answer, 2 * ENTRY);
    expect_event("topup", 2 * ENTRY, midnight(12));
}

/* T12.3 */
static void a_dead_hook_delays_nobody(void **state)
{
    (void)state;
    start(); /* nobody listens */
    for (uint8_t who = 1; who <= 20; who++) {
        come_as(who);
        struct lewes_answer answer = ask(who, LEWES_TICKET_MIXNET_ENTRY);
        assert_mixnet(&answer, ENTRY);
    }
    assert_true(rig_logged(&rig, "the hook has missed the event"));
    listen_at_hook();
    come_as(21);
    struct lewes_answer answer = ask(21, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    expect_event("new", ENTRY, midnight(6));
}

/* A program that listens and does not read: its queue is full at some time. */
static void a_hook_that_does_not_read_delays_nobody(void **state)
{
    (void)state;
    for (unsigned who = 1; who <= 250; who++) {
        come_as((uint8_t)who);
        struct lewes_answer answer = ask((uint8_t)who, LEWES_TICKET_MIXNET_ENTRY);
        assert_mixnet(&answer, ENTRY);
        if (rig_logged(&rig, "the hook has missed the event"))
            return;
    }
    fail_msg("its queue was never full");
}

/* ---- with serials on disk ---- */

static int up_serials(void **state)
{
    (void)prepare(state);
    listen_at_hook();
    rig.verifier = &serial_verifier;
    serial_verifier_hold(false);
    start();
    return 0;
}

static void a_ticket_is_the_identity_s_that_paid_with_it(void **state)
{
    (void)state;
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY); /* another WireGuard key, and still a repeat */
    assert_mixnet(&answer, ENTRY);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 1);
    come_as(2);
    answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
    const struct lewes_request request = client_request(&rig, 1, &ticket);
    answer = client_register(&client, &request);
    assert_refused(&answer, LEWES_REFUSAL_SPENT);
}

static void a_failure_of_the_store_takes_nothing(void **state)
{
    static const enum store_point points[] = {STORE_POINT_READ, STORE_POINT_TICKET,
                                              STORE_POINT_LEASE, STORE_POINT_COMMIT};
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        atomic_store(&rig.store_fault_point, (int)points[i]);
        struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
        assert_refused(&answer, LEWES_REFUSAL_STORE);
        atomic_store(&rig.store_fault_point, -1);
    }
    expect_no_event();
    struct lewes_answer answer = ask(1, LEWES_TICKET_MIXNET_ENTRY);
    assert_mixnet(&answer, ENTRY);
    expect_event("new", ENTRY, midnight(6));
}

/* One credit, whatever the order. */
static void requests_of_one_identity_wait_for_each_other(void **state)
{
    static struct client others[4];
    struct lewes_answer answer;
    (void)state;
    client_ticket(&ticket, &rig, 1);
    const struct lewes_request request = request_of(LEWES_TICKET_MIXNET_ENTRY);
    for (size_t i = 0; i < 4; i++) {
        client_open(&others[i], &rig, 1);
        client_handshake(&others[i]);
    }
    for (size_t i = 0; i < 4; i++)
        client_send_request(&others[i], &request);
    for (size_t i = 0; i < 4; i++) {
        assert_true(client_answer(&others[i], &answer));
        assert_mixnet(&answer, ENTRY);
        client_close(&others[i]);
    }
    assert_int_equal(rig_count(&rig).results[REGISTRAR_NEW], 1);
    assert_int_equal(rig_count(&rig).results[REGISTRAR_REPEAT], 3);
    expect_event("new", ENTRY, midnight(6));
    expect_no_event();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
#define PREPARED(name) cmocka_unit_test_setup_teardown(name, prepare, down)
#define SERIALS(name) cmocka_unit_test_setup_teardown(name, up_serials, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_registration_leaves_an_account_and_an_event_and_nothing_else),
        PREPARED(the_sphinx_key_may_be_another),
        TEST(a_repeat_answers_the_same_and_is_no_event),
        TEST(a_new_ticket_follows_the_table),
        TEST(identities_have_accounts_of_their_own),
        TEST(the_same_client_may_have_both_modes),
        TEST(a_foreign_identity_is_refused_and_nothing_is_taken),
        TEST(the_wireguard_key_means_nothing),
        PREPARED(each_mode_can_be_off),
        TEST(the_time_and_the_ticket_are_checked_as_ever),
        TEST(a_device_that_is_away_does_not_matter),
        TEST(an_account_outlives_a_restart_and_expires),
        PREPARED(a_dead_hook_delays_nobody),
        TEST(a_hook_that_does_not_read_delays_nobody),
        SERIALS(a_ticket_is_the_identity_s_that_paid_with_it),
        SERIALS(a_failure_of_the_store_takes_nothing),
        SERIALS(requests_of_one_identity_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
