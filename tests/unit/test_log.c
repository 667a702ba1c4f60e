/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "gateway/log.h"
#include "gateway/log_line.h"

struct sink {
    struct log_clock clock;
    char text[65536];
    size_t len;
    unsigned lines;
};

static void keep(void *user, const char *line, size_t len)
{
    struct sink *sink = user;
    assert_true(len > 0 && len <= LOG_LINE_MAX && line[len - 1] == '\n');
    assert_null(memchr(line, '\n', len - 1));
    assert_true(sink->len + len < sizeof sink->text);
    memcpy(sink->text + sink->len, line, len);
    sink->len += len;
    sink->text[sink->len] = '\0';
    sink->lines++;
}

static void tell(void *user, struct log_clock *clock)
{
    *clock = ((const struct sink *)user)->clock;
}

/* 2026-01-14 10:00:00.007 UTC */
static struct log *start(struct sink *sink, int level, int format, int addresses)
{
    const struct log_environment environment = {sink, keep, tell};
    memset(sink, 0, sizeof *sink);
    sink->clock = (struct log_clock){5000, UINT64_C(1768384800007)};
    struct log *log = log_new(level, format, addresses, &environment);
    assert_non_null(log);
    return log;
}

#define STAMP "2026-01-14T10:00:00.007Z "

static const struct lewes_ip ip4 = {4, {192, 0, 2, 77}};
static const struct lewes_ip ip6 = {6, {0x20, 1, 0xd, 0xb8, 0xab, 0xcd, 0x12, 0x34, 0, 9}};

static void a_line_has_its_fields_in_their_order(void **state)
{
    static const uint8_t identity[LEWES_KEY_LEN] = {0}; /* base58: 32 times 1 */
    static const struct lewes_wg_public wg_key = {{0}}; /* base64: A... */
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    const struct log_fields fields = {.connection = 7,
                                      .source = &ip4,
                                      .index = 4294967295,
                                      .hop = "entry",
                                      .mode = "dvpn",
                                      .result = "refused",
                                      .reason = "no free address",
                                      .kem = "xwing",
                                      .identity = identity,
                                      .wg_key = &wg_key,
                                      .has_ms = true,
                                      .detail = "all gone"};
    (void)state;
    log_write(log, SETTINGS_LOG_INFO, LOG_REGISTRATION, &fields);
    assert_string_equal(sink.text, STAMP
                        "info registration connection=7 source=192.0.2.77 index=4294967295 "
                        "hop=entry mode=dvpn result=refused reason=\"no free address\" kem=xwing "
                        "identity=11111111 wg_key=AAAAAAAA ms=0 detail=\"all gone\"\n");
    log_free(log);
}

static void an_event_without_fields_is_a_line_too(void **state)
{
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    log_write(log, SETTINGS_LOG_ERROR, LOG_STARTED, NULL);
    assert_string_equal(sink.text, STAMP "error started\n");
    log_write(NULL, SETTINGS_LOG_ERROR, LOG_STARTED, NULL); /* no log is no crash */
    log_free(log);
}

static void json_lines_can_be_read_back(void **state)
{
    struct sink sink;
    json_error_t error;
    struct log *log = start(&sink, SETTINGS_LOG_DEBUG, SETTINGS_LOG_JSON, SETTINGS_LOG_FULL);
    const struct log_fields fields = {.connection = UINT64_C(9007199254740993),
                                      .source = &ip6,
                                      .has_ms = true,
                                      .ms = 12,
                                      .detail = "a\"b\\c\n\t\x01\x7f\xc3\xa9"};
    (void)state;
    log_write(log, SETTINGS_LOG_DEBUG, LOG_HELLO, &fields);
    json_t *json = json_loads(sink.text, 0, &error);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "time")),
                        "2026-01-14T10:00:00.007Z");
    assert_string_equal(json_string_value(json_object_get(json, "level")), "debug");
    assert_string_equal(json_string_value(json_object_get(json, "event")), "hello");
    assert_int_equal(json_integer_value(json_object_get(json, "connection")),
                     INT64_C(9007199254740993));
    assert_string_equal(json_string_value(json_object_get(json, "source")),
                        "2001:db8:abcd:1234:9::");
    assert_int_equal(json_integer_value(json_object_get(json, "ms")), 12);
    /* The two bytes of UTF-8 come back as the two characters of these numbers. */
    assert_string_equal(json_string_value(json_object_get(json, "detail")),
                        "a\"b\\c\n\t\x01\x7f\xc3\x83\xc2\xa9");
    assert_int_equal(json_object_size(json), 7);
    json_decref(json);
    log_free(log);
}

static void nothing_a_peer_wrote_leaves_the_line_or_its_quotes(void **state)
{
    struct sink sink;
    char detail[256];
    (void)state;
    for (int json = 0; json < 2; json++) {
        struct log *log = start(&sink, SETTINGS_LOG_INFO,
                                json ? SETTINGS_LOG_JSON : SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
        for (size_t i = 0; i < 255; i++)
            detail[i] = (char)(i + 1);
        detail[255] = '\0';
        log_write(log, SETTINGS_LOG_INFO, LOG_PACKET, &(struct log_fields){.detail = detail});
        assert_int_equal(sink.lines, 1);
        for (size_t i = 0; i + 1 < sink.len; i++)
            assert_in_range((unsigned char)sink.text[i], 0x20, 0x7e);
        const char *start_of_detail = strstr(sink.text, json ? "\"detail\":\"" : "detail=\"");
        assert_non_null(start_of_detail);
        const char *c = start_of_detail + (json ? 10 : 8);
        for (; *c != '"'; c += *c == '\\' ? 2 : 1)
            ;
        assert_string_equal(c, json ? "\"}\n" : "\"\n");
        log_free(log);
    }
}

static void text_escapes_are_unambiguous(void **state)
{
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    log_write(log, SETTINGS_LOG_INFO, LOG_PACKET,
              &(struct log_fields){.detail = "\x1b[2J\r\n\"quoted\" back\\slash \xff"});
    assert_string_equal(sink.text,
                        STAMP "info packet "
                              "detail=\"\\x1b[2J\\x0d\\x0a\\\"quoted\\\" back\\\\slash \\xff\"\n");
    log_free(log);
}

static void the_longest_line_fits(void **state)
{
    static const uint8_t identity[LEWES_KEY_LEN] = {255};
    static const struct lewes_wg_public wg_key = {{255}};
    char line[LOG_LINE_MAX], long_text[1000];
    memset(long_text, 1, sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    const struct log_fields fields = {.connection = UINT64_MAX,
                                      .source = &ip6,
                                      .index = UINT32_MAX,
                                      .hop = long_text,
                                      .mode = long_text,
                                      .result = long_text,
                                      .reason = long_text,
                                      .identity = identity,
                                      .wg_key = &wg_key,
                                      .has_ms = true,
                                      .ms = UINT64_MAX,
                                      .detail = long_text};
    (void)state;
    for (int json = 0; json < 2; json++) {
        const struct log_style style = {json != 0, SETTINGS_LOG_FULL};
        const struct log_head head = {UINT64_C(253402300799999), SETTINGS_LOG_WARNING, long_text,
                                      UINT64_MAX};
        size_t len = log_line_format(line, &style, &head, &fields);
        assert_true(len < LOG_LINE_MAX);
        assert_int_equal(line[len - 1], '\n');
    }
}

static void addresses_are_shortened_as_the_settings_say(void **state)
{
    static const struct {
        int addresses;
        const struct lewes_ip *ip;
        const char *expected;
    } cases[] = {
        {SETTINGS_LOG_NONE, &ip4, STAMP "info accept\n"},
        {SETTINGS_LOG_NONE, &ip6, STAMP "info accept\n"},
        {SETTINGS_LOG_SHORT, &ip4, STAMP "info accept source=192.0.2.0/24\n"},
        {SETTINGS_LOG_SHORT, &ip6, STAMP "info accept source=2001:db8:abcd::/48\n"},
        {SETTINGS_LOG_FULL, &ip4, STAMP "info accept source=192.0.2.77\n"},
        {SETTINGS_LOG_FULL, &ip6, STAMP "info accept source=2001:db8:abcd:1234:9::\n"},
    };
    struct sink sink;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, cases[i].addresses);
        log_write(log, SETTINGS_LOG_INFO, LOG_ACCEPT, &(struct log_fields){.source = cases[i].ip});
        assert_string_equal(sink.text, cases[i].expected);
        log_free(log);
    }
}

static void levels_below_the_set_one_are_silent(void **state)
{
    struct sink sink;
    (void)state;
    for (int set = SETTINGS_LOG_DEBUG; set <= SETTINGS_LOG_ERROR; set++) {
        struct log *log = start(&sink, set, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
        for (int level = SETTINGS_LOG_DEBUG; level <= SETTINGS_LOG_ERROR; level++)
            log_write(log, (enum settings_log_level)level, LOG_STORE, NULL);
        assert_int_equal(sink.lines, SETTINGS_LOG_ERROR - set + 1);
        log_free(log);
    }
}

static void the_level_can_be_changed(void **state)
{
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_ERROR, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    log_write(log, SETTINGS_LOG_DEBUG, LOG_STORE, NULL);
    log_set(log, SETTINGS_LOG_DEBUG, SETTINGS_LOG_JSON, SETTINGS_LOG_FULL);
    log_write(log, SETTINGS_LOG_DEBUG, LOG_STORE, NULL);
    assert_int_equal(sink.lines, 1);
    assert_int_equal(sink.text[0], '{');
    log_free(log);
}

static void of_one_event_ten_lines_a_second_are_written_and_the_rest_counted(void **state)
{
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    for (int i = 0; i < 500; i++)
        log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
    assert_int_equal(sink.lines, 10);
    log_write(log, SETTINGS_LOG_INFO, LOG_ACCEPT, NULL); /* another event is not held up */
    assert_int_equal(sink.lines, 11);
    sink.clock.now += 999;
    log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
    assert_int_equal(sink.lines, 11);
    sink.clock.now += 1;
    sink.len = 0;
    log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
    assert_string_equal(sink.text, STAMP "info busy dropped=491\n");
    sink.len = 0;
    log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
    assert_string_equal(sink.text, STAMP "info busy\n");
    log_free(log);
}

static void no_second_has_more_than_ten_wherever_it_begins(void **state)
{
    enum { LINES = 400, STEP = 7 };
    struct sink sink;
    unsigned written[LINES];
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    for (int i = 0; i < LINES; i++) {
        unsigned before = sink.lines;
        log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
        written[i] = sink.lines - before;
        sink.clock.now += STEP;
    }
    for (int from = 0; from < LINES; from++) {
        unsigned in_second = 0;
        for (int i = from; i < LINES && (i - from) * STEP < 1000; i++)
            in_second += written[i];
        assert_true(in_second <= 10);
    }
    assert_true(sink.lines >= 20); /* and it does go on */
    log_free(log);
}

static void what_was_left_out_last_is_said_at_the_end(void **state)
{
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    for (int i = 0; i < 13; i++)
        log_write(log, SETTINGS_LOG_INFO, LOG_BUSY, NULL);
    sink.len = 0;
    log_free(log);
    assert_string_equal(sink.text, STAMP "warning busy dropped=3\n");
}

static void a_formatted_detail_is_cut_not_overrun(void **state)
{
    struct sink sink;
    char long_text[1000];
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    log_detail(log, SETTINGS_LOG_INFO, LOG_CONFIG, "%s", long_text);
    assert_int_equal(sink.len, strlen(STAMP "info config detail=\"\"\n") + LOG_DETAIL);
    sink.len = 0;
    log_detail(log, SETTINGS_LOG_INFO, LOG_CONFIG, "line %d: %s", 12, "no");
    assert_string_equal(sink.text, STAMP "info config detail=\"line 12: no\"\n");
    log_free(log);
}

static void *write_many(void *log)
{
    for (int i = 0; i < 2000; i++)
        log_write(log, SETTINGS_LOG_INFO, (enum log_event)(i % LOG_EVENT_COUNT), NULL);
    return NULL;
}

static void threads_share_a_log(void **state)
{
    pthread_t threads[2];
    struct sink sink;
    struct log *log = start(&sink, SETTINGS_LOG_INFO, SETTINGS_LOG_TEXT, SETTINGS_LOG_FULL);
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, log), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sink.lines, LOG_EVENT_COUNT * LOG_PER_SECOND);
    log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_fields_in_their_order),
        cmocka_unit_test(an_event_without_fields_is_a_line_too),
        cmocka_unit_test(json_lines_can_be_read_back),
        cmocka_unit_test(nothing_a_peer_wrote_leaves_the_line_or_its_quotes),
        cmocka_unit_test(text_escapes_are_unambiguous),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(addresses_are_shortened_as_the_settings_say),
        cmocka_unit_test(levels_below_the_set_one_are_silent),
        cmocka_unit_test(the_level_can_be_changed),
        cmocka_unit_test(of_one_event_ten_lines_a_second_are_written_and_the_rest_counted),
        cmocka_unit_test(no_second_has_more_than_ten_wherever_it_begins),
        cmocka_unit_test(what_was_left_out_last_is_said_at_the_end),
        cmocka_unit_test(a_formatted_detail_is_cut_not_overrun),
        cmocka_unit_test(threads_share_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
