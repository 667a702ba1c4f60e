/* SPDX-License-Identifier: Apache-2.0 */
/* How long a connection's sessions live (gateway.md G4.5, protocol.md 10.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/connection.h"
#include "tests/support/rekey.h"

static struct rekey rekey;
static uv_loop_t loop;
static struct service service;
static struct connection connection;

/* The gateway answers; what happens has happened `ago` milliseconds before the loop's time. */
static void open_at(uint64_t ago, unsigned messages)
{
    const struct sessions_caps caps = {10, 10};

    rekey_open(&rekey, true);
    assert_int_equal(uv_loop_init(&loop), 0);
    service = (struct service){.env = rekey.pair.identities.env, .loop = &loop};
    assert_int_equal(sessions_new(&service.sessions, &service.env, &caps), LEWES_OK);
    assert_true(uv_now(&loop) > ago);
    rekey.pair.now = uv_now(&loop) - ago;
    rekey_advance(&rekey, messages);
    connection = (struct connection){
        .service = &service, .session = rekey.answers, .index = rekey.answers->index};
    assert_int_equal(sessions_insert_established(service.sessions, connection.index), SESSIONS_OK);
    if (messages == 3) {
        connection.parent = rekey.answers;
        connection.parent_index = rekey.answers->index;
        connection.session = rekey.answers_next;
        connection.index = rekey.answers_next->index;
        assert_true(conversation_take_index(service.sessions, connection.index));
    }
}

static void end(void)
{
    sessions_free(service.sessions);
    assert_int_equal(uv_loop_close(&loop), 0);
    rekey.pair.responder = NULL; /* the connection's */
    rekey.answers_next = NULL;
    rekey_end(&rekey);
}

static void a_replaced_session_goes_after_60_seconds(void **state)
{
    (void)state;
    open_at(60000, 3);
    assert_true(conversation_deadline(&connection) == uv_now(&loop));
    conversation_expire(&connection);
    assert_null(connection.parent);
    assert_int_equal(sessions_established(service.sessions), 1);
    assert_true(conversation_deadline(&connection) == LEWES_NEVER);
    assert_int_equal(lewes_session_state(connection.session), LEWES_TRANSPORT);
    conversation_forget_session(&connection);
    assert_int_equal(sessions_established(service.sessions), 0);
    end();
}

static void a_replaced_session_stays_for_60_seconds(void **state)
{
    (void)state;
    open_at(59000, 3);
    conversation_expire(&connection);
    assert_non_null(connection.parent);
    assert_int_equal(sessions_established(service.sessions), 2);
    assert_true(conversation_deadline(&connection) == uv_now(&loop) + 1000);
    conversation_forget_session(&connection);
    assert_int_equal(sessions_established(service.sessions), 0);
    end();
}

static void a_subsession_without_ready_is_given_up_after_10_seconds(void **state)
{
    (void)state;
    open_at(10000, 2);
    assert_int_equal(lewes_session_state(connection.session), LEWES_REKEY_ANSWERED);
    assert_true(conversation_deadline(&connection) == uv_now(&loop));
    conversation_expire(&connection);
    assert_int_equal(lewes_session_state(connection.session), LEWES_TRANSPORT);
    assert_true(conversation_deadline(&connection) == LEWES_NEVER);
    assert_int_equal(sessions_established(service.sessions), 1);
    conversation_forget_session(&connection);
    end();
}

static void a_connection_without_session_has_no_deadline_of_it(void **state)
{
    struct connection none = {.session = NULL};

    (void)state;
    assert_true(conversation_deadline(&none) == LEWES_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_session_goes_after_60_seconds),
        cmocka_unit_test(a_replaced_session_stays_for_60_seconds),
        cmocka_unit_test(a_subsession_without_ready_is_given_up_after_10_seconds),
        cmocka_unit_test(a_connection_without_session_has_no_deadline_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
