/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wireguard/uapi.h"

/* Keys and an answer in the form that the socket speaks; the numbers mean nothing. */
#define KEY_A "b8b2ed130ad68c5a34a9369781e72b5b78dd487a289b114da367a2c8bb671133"
#define KEY_B "58d1e0128fcb328ae6dab341bcc6fda8605e318b439d84c68a7c4b333f08f476"
#define SECRET "16f3b102b132f533d397a7417eb94c92b527c34b098daa52b7ce9744476a6891"

/* As wireguard-go answers "get=1". */
static const char dump[] = "private_key=" SECRET "\n"
                           "listen_port=51822\n"
                           "public_key=" KEY_A "\n"
                           "preshared_key=" SECRET "\n"
                           "protocol_version=1\n"
                           "endpoint=[2001:db8::1]:51820\n"
                           "last_handshake_time_sec=1768384800\n"
                           "last_handshake_time_nsec=5\n"
                           "tx_bytes=18446744073709551615\n"
                           "rx_bytes=38333\n"
                           "persistent_keepalive_interval=25\n"
                           "allowed_ip=10.1.0.42/32\n"
                           "allowed_ip=fc01::2a/128\n"
                           "public_key=" KEY_B "\n"
                           "last_handshake_time_sec=0\n"
                           "tx_bytes=0\n"
                           "rx_bytes=0\n"
                           "persistent_keepalive_interval=0\n"
                           "something_new=yes=no\n"
                           "errno=0\n"
                           "\n";

struct seen {
    struct wg_peer peers[4];
    size_t count;
};

static void keep(void *user, const struct wg_peer *peer)
{
    struct seen *seen = user;
    assert_true(seen->count < 4);
    seen->peers[seen->count++] = *peer;
}

static enum uapi_progress parse(struct uapi_parser *parser, struct seen *seen, const char *text)
{
    seen->count = 0;
    uapi_parser_init(parser, keep, seen);
    return uapi_parse(parser, text, strlen(text));
}

static void assert_dump(const struct seen *seen)
{
    static const uint8_t ipv4[4] = {10, 1, 0, 42};
    static const uint8_t ipv6[16] = {0xfc, 1, [15] = 0x2a};
    static const uint8_t none[16];
    assert_int_equal(seen->count, 2);
    assert_int_equal(seen->peers[0].key.bytes[0], 0xb8);
    assert_int_equal(seen->peers[0].key.bytes[31], 0x33);
    assert_memory_equal(seen->peers[0].ipv4, ipv4, 4);
    assert_memory_equal(seen->peers[0].ipv6, ipv6, 16);
    assert_int_equal(seen->peers[0].keepalive, 25);
    assert_int_equal(seen->peers[0].rx, 38333);
    assert_true(seen->peers[0].tx == UINT64_MAX);
    assert_int_equal(seen->peers[0].handshake, 1768384800);
    assert_false(seen->peers[0].other_ips);
    assert_int_equal(seen->peers[1].key.bytes[0], 0x58);
    assert_memory_equal(seen->peers[1].ipv4, none, 4);
    assert_memory_equal(seen->peers[1].ipv6, none, 16);
    assert_int_equal(seen->peers[1].keepalive, 0);
    assert_int_equal(seen->peers[1].rx, 0);
    assert_false(seen->peers[1].other_ips);
}

static void a_dump_is_its_peers(void **state)
{
    struct uapi_parser parser;
    struct seen seen;
    (void)state;
    assert_int_equal(parse(&parser, &seen, dump), UAPI_DONE);
    assert_int_equal(parser.error, 0);
    assert_dump(&seen);
}

static void an_answer_may_come_in_any_pieces(void **state)
{
    struct uapi_parser parser;
    struct seen seen = {.count = 0};
    (void)state;
    for (size_t cut = 1; cut < sizeof dump - 1; cut++) {
        seen.count = 0;
        uapi_parser_init(&parser, keep, &seen);
        assert_int_equal(uapi_parse(&parser, dump, cut), UAPI_MORE);
        assert_int_equal(uapi_parse(&parser, dump + cut, sizeof dump - 1 - cut), UAPI_DONE);
        assert_dump(&seen);
    }
    seen.count = 0;
    uapi_parser_init(&parser, keep, &seen);
    for (size_t i = 0; i < sizeof dump - 1; i++) {
        assert_int_equal(parser.progress, UAPI_MORE);
        uapi_parse(&parser, dump + i, 1);
    }
    assert_int_equal(parser.progress, UAPI_DONE);
    assert_dump(&seen);
}

static void no_truncation_is_a_whole_answer(void **state)
{
    struct uapi_parser parser;
    struct seen seen = {.count = 0};
    (void)state;
    for (size_t len = 0; len < sizeof dump - 1; len++) {
        char *copy = malloc(len + 1); /* exactly sized, so that a byte too far is seen */
        assert_non_null(copy);
        memcpy(copy, dump, len);
        seen.count = 0;
        uapi_parser_init(&parser, keep, &seen);
        assert_int_equal(uapi_parse(&parser, copy, len), UAPI_MORE);
        assert_true(seen.count <= 1); /* the last peer counts with the end only */
        free(copy);
    }
}

static void what_follows_an_answer_spoils_it(void **state)
{
    struct uapi_parser parser;
    struct seen seen;
    (void)state;
    assert_int_equal(parse(&parser, &seen, "errno=0\n\n"), UAPI_DONE);
    assert_int_equal(uapi_parse(&parser, "", 0), UAPI_DONE);
    assert_int_equal(uapi_parse(&parser, "e", 1), UAPI_BAD);
    assert_int_equal(parse(&parser, &seen, "errno=0\n\n\n"), UAPI_BAD);
    assert_int_equal(uapi_parse(&parser, "errno=0\n\n", 9), UAPI_BAD); /* for good */
}

static void an_error_number_is_signed(void **state)
{
    static const struct {
        const char *text;
        int64_t error;
    } cases[] = {{"errno=0\n\n", 0},
                 {"errno=-22\n\n", -22},
                 {"errno=-98\n\n", -98},
                 {"errno=5\n\n", 5},
                 {"errno=-2147483647\n\n", -2147483647}};
    struct uapi_parser parser;
    struct seen seen;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(&parser, &seen, cases[i].text), UAPI_DONE);
        assert_true(parser.error == cases[i].error);
    }
}

static void what_is_no_answer_is_refused(void **state)
{
    static const char *const texts[] = {
        "\n",
        "no equals sign\nerrno=0\n\n",
        "errno=\n\n",
        "errno=-\n\n",
        "errno=+1\n\n",
        "errno=0x1\n\n",
        "errno=--1\n\n",
        "errno=99999999999999999999\n\n",
        "errno=0\nerrno=0\n\n",
        "errno=0\nlisten_port=1\n\n",
        "public_key=" KEY_A "\n\n",
        "public_key=" KEY_A "0\nerrno=0\n\n",
        "public_key=abcd\nerrno=0\n\n",
        "public_key=B8B2ED130AD68C5A34A9369781E72B5B78DD487A289B114DA367A2C8BB671133\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=10.0.0.1\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=10.0.0.1/33\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=10.0.0.1/-1\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=10.0.0.256/32\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=fc01::1/129\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip=/32\nerrno=0\n\n",
        "public_key=" KEY_A "\nallowed_ip="
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/32\nerrno=0\n\n",
        "public_key=" KEY_A "\nrx_bytes=18446744073709551616\nerrno=0\n\n",
        "public_key=" KEY_A "\nrx_bytes=-1\nerrno=0\n\n",
        "public_key=" KEY_A "\ntx_bytes=\nerrno=0\n\n",
        "public_key=" KEY_A "\nlast_handshake_time_sec=x\nerrno=0\n\n",
        "public_key=" KEY_A "\npersistent_keepalive_interval=65536\nerrno=0\n\n",
    };
    struct uapi_parser parser;
    struct seen seen;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (parse(&parser, &seen, texts[i]) != UAPI_BAD)
            fail_msg("%s", texts[i]);
    uapi_parser_init(&parser, NULL, NULL);
    assert_int_equal(uapi_parse(&parser, "a=\0b\nerrno=0\n\n", 15), UAPI_BAD);
}

static void a_line_has_a_longest_length(void **state)
{
    struct uapi_parser parser;
    char line[UAPI_LINE_MAX + 16];
    (void)state;
    for (int over = 0; over < 2; over++) {
        size_t len = UAPI_LINE_MAX - 1 + (size_t)over;
        memset(line, 'x', sizeof line);
        line[1] = '=';
        memcpy(line + len, "\nerrno=0\n\n", 11);
        uapi_parser_init(&parser, NULL, NULL);
        assert_int_equal(uapi_parse(&parser, line, strlen(line)), over ? UAPI_BAD : UAPI_DONE);
    }
}

static void addresses_that_are_not_ours_are_noticed(void **state)
{
    static const struct {
        const char *lines;
        bool other;
    } cases[] = {
        {"allowed_ip=10.0.0.1/32\nallowed_ip=fc01::1/128\n", false},
        {"allowed_ip=fc01::1/128\nallowed_ip=10.0.0.1/32\n", false},
        {"allowed_ip=10.0.0.1/32\nallowed_ip=10.0.0.2/32\n", true},
        {"allowed_ip=fc01::1/128\nallowed_ip=fc01::2/128\n", true},
        {"allowed_ip=10.0.0.0/31\n", true},
        {"allowed_ip=fc01::/127\n", true},
        {"allowed_ip=0.0.0.0/0\nallowed_ip=::/0\n", true},
    };
    struct uapi_parser parser;
    struct seen seen;
    char text[300];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "public_key=" KEY_A "\n%serrno=0\n\n", cases[i].lines);
        assert_int_equal(parse(&parser, &seen, text), UAPI_DONE);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.peers[0].other_ips, cases[i].other);
    }
}

static bool holds(const void *block, size_t len, const char *text)
{
    const char *bytes = block;
    size_t text_len = strlen(text);
    for (size_t i = 0; i + text_len <= len; i++)
        if (memcmp(bytes + i, text, text_len) == 0)
            return true;
    return false;
}

static void private_keys_do_not_stay_in_the_parser(void **state)
{
    struct uapi_parser parser;
    struct seen seen;
    static const char half[] = "private_key=16f3b102b132f533d397a7417eb94c92b527c34b098daa52";
    (void)state;
    assert_int_equal(parse(&parser, &seen, dump), UAPI_DONE);
    assert_false(holds(&parser, sizeof parser, "b102b132f533d397"));
    assert_int_equal(parse(&parser, &seen, half), UAPI_MORE);
    assert_true(holds(&parser, sizeof parser, "b102b132f533d397"));
    uapi_parser_wipe(&parser);
    assert_false(holds(&parser, sizeof parser, "b102b132f533d397"));
}

static void requests_are_what_the_device_expects(void **state)
{
    struct wg_peer peer = {.ipv4 = {10, 1, 0, 42}, .ipv6 = {0xfc, 1, [15] = 0x2a}, .keepalive = 25};
    struct lewes_wg_private secret;
    struct lewesi_writer w;
    uint8_t text[1024];
    (void)state;
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++) {
        peer.key.bytes[i] = (uint8_t)(i * 9);
        secret.bytes[i] = (uint8_t)(0xf0 + i);
    }
    lewesi_writer_init(&w, text, sizeof text);
    uapi_write_set(&w);
    uapi_write_device(&w, &secret, 65535);
    uapi_write_peer(&w, &peer);
    uapi_write_remove(&w, &peer.key);
    uapi_write_end(&w);
    uapi_write_get(&w);
    assert_false(w.failed);
    text[w.at] = '\0';
    assert_string_equal(
        (const char *)text,
        "set=1\n"
        "private_key=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f\n"
        "listen_port=65535\n"
        "public_key=0009121b242d363f48515a636c757e879099a2abb4bdc6cfd8e1eaf3fc050e17\n"
        "replace_allowed_ips=true\n"
        "allowed_ip=10.1.0.42/32\n"
        "allowed_ip=fc01::2a/128\n"
        "persistent_keepalive_interval=25\n"
        "public_key=0009121b242d363f48515a636c757e879099a2abb4bdc6cfd8e1eaf3fc050e17\n"
        "remove=true\n"
        "\n"
        "get=1\n\n");
}

static void the_longest_peer_fits_its_room(void **state)
{
    struct wg_peer peer;
    struct lewes_wg_private secret = {{0}};
    struct lewesi_writer w;
    uint8_t text[UAPI_PEER_TEXT];
    (void)state;
    memset(&peer, 0xff, sizeof peer);
    memset(peer.ipv6, 0x11, sizeof peer.ipv6);
    peer.keepalive = 65535;
    lewesi_writer_init(&w, text, sizeof text);
    uapi_write_peer(&w, &peer);
    assert_false(w.failed);
    lewesi_writer_init(&w, text, UAPI_FRAME_TEXT);
    uapi_write_set(&w);
    uapi_write_device(&w, &secret, 65535);
    uapi_write_end(&w);
    assert_false(w.failed);
    lewesi_writer_init(&w, text, 100);
    uapi_write_peer(&w, &peer);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_is_its_peers),
        cmocka_unit_test(an_answer_may_come_in_any_pieces),
        cmocka_unit_test(no_truncation_is_a_whole_answer),
        cmocka_unit_test(what_follows_an_answer_spoils_it),
        cmocka_unit_test(an_error_number_is_signed),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_line_has_a_longest_length),
        cmocka_unit_test(addresses_that_are_not_ours_are_noticed),
        cmocka_unit_test(private_keys_do_not_stay_in_the_parser),
        cmocka_unit_test(requests_are_what_the_device_expects),
        cmocka_unit_test(the_longest_peer_fits_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
