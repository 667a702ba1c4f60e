/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway starts whole or not at all, and says why. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/bytes.h"
#include "tests/support/gateway_client.h"

static struct rig rig;
static struct client client;
static struct gateway_error error;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_down(&rig);
    return 0;
}

static int try_start(void)
{
    struct gateway *gateway = NULL;
    const struct gateway_parts parts = rig_parts(&rig);
    int result = gateway_start(&gateway, &parts, &error);
    if (result == 0) {
        rig.gateway = gateway;
        rig_stop(&rig);
    }
    rig_settle(&rig);
    return result;
}

static void starting_and_stopping_leaves_nothing(void **state)
{
    (void)state;
    rig_open(&rig);
    assert_int_equal(try_start(), 0);
    struct shared_env_counts before = shared_env_count(&rig.env);
    size_t descriptors = rig_descriptors();
    for (int i = 0; i < 10; i++)
        assert_int_equal(try_start(), 0);
    assert_int_equal(shared_env_count(&rig.env).blocks, before.blocks);
    assert_int_equal(rig_descriptors(), descriptors);
}

static void any_failure_at_start_leaves_nothing(void **state)
{
    (void)state;
    rig_open(&rig);
    for (int kind = 0; kind < 2; kind++) {
        for (unsigned n = 1;; n++) {
            size_t blocks = shared_env_count(&rig.env).blocks;
            size_t descriptors = rig_descriptors();
            shared_env_fail(&rig.env, kind == 0 ? n : 0, kind == 1 ? n : 0);
            int result = try_start();
            bool failed = shared_env_count(&rig.env).failures > 0;
            shared_env_fail(&rig.env, 0, 0);
            assert_int_equal(shared_env_count(&rig.env).blocks, blocks);
            assert_int_equal(rig_descriptors(), descriptors);
            assert_int_equal(result, failed ? -1 : 0);
            if (!failed) {
                assert_true(n > 1);
                break;
            }
            assert_true(strlen(error.text) > 0);
        }
    }
}

static void real_tickets_need_the_keys_of_a_mint(void **state)
{
    (void)state;
    rig_open(&rig);
    rig.settings.registration.verifier = SETTINGS_VERIFIER_ECASH;
    strcpy(rig.settings.registration.keys, "none");
    assert_int_equal(try_start(), -1);
    assert_non_null(strstr(error.text, "lewes-mint"));
    assert_non_null(strstr(error.text, "allow_mock"));
    strcpy(rig.settings.registration.keys, "/nonexistent/epochs");
    assert_int_equal(try_start(), -1);
    assert_non_null(strstr(error.text, "/nonexistent/epochs: No such file"));
}

static void a_port_in_use_is_named(void **state)
{
    char port[16];
    (void)state;
    rig_start(&rig);
    rig.settings.listen.control.at[0].port = rig.port;
    const struct gateway_parts parts = rig_parts(&rig);
    struct gateway *second = NULL;
    assert_int_equal(gateway_start(&second, &parts, &error), -1);
    rig_settle(&rig);
    (void)snprintf(port, sizeof port, "127.0.0.1:%u", rig.port);
    assert_non_null(strstr(error.text, port));
}

static void a_store_that_cannot_be_read_stops_the_start(void **state)
{
    (void)state;
    rig_open(&rig);
    atomic_store(&rig.store_fault_point, STORE_POINT_READ);
    assert_int_equal(try_start(), -1);
    atomic_store(&rig.store_fault_point, -1);
    assert_int_equal(try_start(), 0);
}

static void networks_without_a_free_address_stop_the_start(void **state)
{
    (void)state;
    rig_open(&rig);
    rig.settings.wireguard.address4.prefix = 30;
    rig.settings.wireguard.address6.prefix = 126;
    rig.settings.wireguard.reserved.count = 1;
    rig.settings.wireguard.reserved.at[0] = (struct lewes_ip){4, {10, 1, 0, 2}};
    assert_int_equal(try_start(), -1);
    assert_non_null(strstr(error.text, "address4"));
}

static void every_address_of_the_list_is_served(void **state)
{
    (void)state;
    rig.settings.listen.control.count = 2;
    rig.settings.listen.control.at[1] = (struct lewes_endpoint){.ip = {4, {127, 0, 0, 2}}};
    rig_start(&rig);
    const struct listeners *listeners = gateway_listeners(rig.gateway);
    assert_int_equal(listeners_count(listeners), 2);
    for (size_t i = 0; i < 2; i++) {
        struct lewes_endpoint at = listeners_address(listeners, i);
        int fd = client_dial(&rig, lewesi_load32be(at.ip.bytes), at.port);
        rig_wait_open(&rig, 1);
        close(fd);
        rig_wait_quiet(&rig);
    }
}

static void both_families_share_one_socket_and_one_limit(void **state)
{
    (void)state;
    rig.settings.listen.control.at[0] = (struct lewes_endpoint){.ip = {.family = 6}};
    rig_start(&rig);
    if (rig_logged(&rig, "no IPv6"))
        assert_int_equal(listeners_address(gateway_listeners(rig.gateway), 0).ip.family, 4);
    int fd = client_dial(&rig, INADDR_LOOPBACK, rig.port);
    rig_wait_open(&rig, 1);
    close(fd);
    rig_wait_quiet(&rig);
    assert_true(rig_logged(&rig, "source=127.0.0.1"));
}

static void without_descriptors_newcomers_wait(void **state)
{
    struct rlimit old, tight;
    (void)state;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0); /* the lowest that is free: the client's */
    close(next);
    tight = old;
    tight.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int fd = client_dial(&rig, INADDR_LOOPBACK, rig.port);
    while (!rig_logged(&rig, "cannot accept"))
        uv_run(&rig.loop, UV_RUN_ONCE);
    assert_int_equal(rig_count(&rig).connections, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    rig_wait_open(&rig, 1);
    close(fd);
    rig_wait_quiet(&rig);
}

static void the_log_names_events_and_no_secrets(void **state)
{
    struct client_ticket ticket;
    char key[LEWES_BASE64_CAP];
    (void)state;
    rig_start(&rig);
    client_open(&client, &rig, 1);
    client_handshake(&client);
    client_ticket(&ticket, &rig, 1);
    struct lewes_request request = client_request(&rig, 1, &ticket);
    (void)client_register(&client, &request);
    client_close(&client);
    rig_wait_quiet(&rig);
    assert_true(rig_logged(&rig, "listening on 127.0.0.1:"));
    assert_true(rig_logged(&rig, "tickets are not checked"));
    assert_true(rig_logged(&rig, "info handshake"));
    assert_true(rig_logged(&rig, "result=new"));
    assert_true(rig_logged(&rig, "reason=closed"));
    lewes_base64_encode(key, request.wg_key.bytes);
    assert_false(rig_logged(&rig, key));
    lewes_base64_encode(key, rig.wg_private.bytes);
    assert_false(rig_logged(&rig, key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starting_and_stopping_leaves_nothing),
        TEST(any_failure_at_start_leaves_nothing),
        TEST(real_tickets_need_the_keys_of_a_mint),
        TEST(a_port_in_use_is_named),
        TEST(a_store_that_cannot_be_read_stops_the_start),
        TEST(networks_without_a_free_address_stop_the_start),
        TEST(every_address_of_the_list_is_served),
        TEST(both_families_share_one_socket_and_one_limit),
        TEST(without_descriptors_newcomers_wait),
        TEST(the_log_names_events_and_no_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
