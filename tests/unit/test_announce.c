/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway's settings become in its self-description (gateway.md 13, T13 2 and 3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/registration.h>
#include <lewes/version.h>

#include "gateway/announce.h"
#include "gateway/config.h"
#include "tests/support/description_text.h"

#define NOW UINT64_C(1768384800)

static struct lewes_identity *identity;
static struct config config;

static int set_up(void **state)
{
    static const struct config_sources nothing;
    struct config_error error;

    (void)state;
    if (identity == NULL)
        identity = description_identity(0x22);
    return config_load(&config, &nothing, &error);
}

static int free_identity(void **state)
{
    (void)state;
    lewes_identity_free(identity);
    return 0;
}

static struct lewes_description announced(void)
{
    struct lewes_description found;
    struct announce_error error;
    char *const text = announce_text(&config.settings, identity, NOW, &error);

    assert_non_null(text);
    assert_int_equal(
        description_try_text(text, strlen(text), lewes_identity_public(identity), &found),
        LEWES_DESCRIPTION_OK);
    free(text);
    return found;
}

static void the_defaults_are_announced(void **state)
{
    const struct lewes_description found = announced();

    (void)state;
    assert_int_equal(found.time, NOW);
    assert_int_equal(found.expires, NOW + 86400);
    assert_true(found.enabled);
    assert_int_equal(found.control_port, 41264);
    assert_int_equal(found.modes, 1u << LEWES_MODE_DVPN | 1u << LEWES_MODE_MIXNET);
    assert_int_equal(found.ticket_types, 15);
    assert_int_equal(found.suite_count, 3);
    assert_string_equal(found.software_name, "lewesd");
    assert_string_equal(found.software_version, LEWES_VERSION);
}

static void a_gateway_that_takes_nobody_says_so(void **state)
{
    (void)state;
    config.settings.gateway.enabled = false;
    assert_false(announced().enabled);
}

static void the_tickets_are_those_of_the_modes(void **state)
{
    struct lewes_description found;

    (void)state;
    config.settings.gateway.modes = SETTINGS_MODE_DVPN;
    found = announced();
    assert_int_equal(found.modes, 1u << LEWES_MODE_DVPN);
    assert_int_equal(found.ticket_types, 1u << LEWES_TICKET_WG_ENTRY | 1u << LEWES_TICKET_WG_EXIT);
    config.settings.gateway.modes = SETTINGS_MODE_MIXNET;
    found = announced();
    assert_int_equal(found.modes, 1u << LEWES_MODE_MIXNET);
    assert_int_equal(found.ticket_types,
                     1u << LEWES_TICKET_MIXNET_ENTRY | 1u << LEWES_TICKET_MIXNET_EXIT);
}

/* T13.2 */
static void a_data_port_is_announced_while_it_is_on(void **state)
{
    (void)state;
    config.settings.data.enabled = false;
    assert_int_equal(announced().data_port, 0);
    config.settings.data.enabled = true;
    assert_int_equal(announced().data_port, 51264);
}

static void a_port_that_nobody_knows_is_not_announced(void **state)
{
    struct announce_error error = {NULL};

    (void)state;
    config.settings.listen.control.at[0].port = 0;
    assert_null(announce_text(&config.settings, identity, NOW, &error));
    assert_non_null(strstr(error.text, "[listen] control"));
    config.settings.listen.control.at[0].port = 1;
    config.settings.data.bind.at[0].port = 0;
    assert_int_equal(announced().data_port, 0);
    config.settings.data.enabled = true;
    error.text = NULL;
    assert_null(announce_text(&config.settings, identity, NOW, &error));
    assert_non_null(strstr(error.text, "[data] bind"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_defaults_are_announced),
        TEST(a_gateway_that_takes_nobody_says_so),
        TEST(the_tickets_are_those_of_the_modes),
        TEST(a_data_port_is_announced_while_it_is_on),
        TEST(a_port_that_nobody_knows_is_not_announced),
    };

    return cmocka_run_group_tests(tests, NULL, free_identity);
}
