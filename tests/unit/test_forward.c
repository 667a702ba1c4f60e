/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/messages.h"
#include "tests/support/vectors.h"

enum field { WHOLE, TARGET, ADDRESS, PACKET };

static const uint8_t packet[5] = {1, 2, 3, 4, 5};

static struct lewes_forward make(struct lewes_ip ip)
{
    struct lewes_forward forward = {
        .address = {.ip = ip, .port = 41264}, .packet = packet, .packet_len = sizeof packet};
    memset(&forward.target, 0x11, sizeof forward.target);
    return forward;
}

/* A forward request with this text as its address. */
static void with_address(struct message *message, const char *text)
{
    uint8_t length = (uint8_t)strlen(text);
    message_load(message, "A.forward");
    message_replace(message, 33, 15, text, length);
    message->bytes[32] = length;
}

static enum lewes_error decode(const struct message *message, struct lewes_forward *forward,
                               unsigned *field)
{
    uint8_t *exact = malloc(message->len ? message->len : 1);
    assert_non_null(exact);
    memcpy(exact, message->bytes, message->len);
    enum lewes_error error = lewes_forward_decode(forward, exact, message->len, field);
    free(exact);
    return error;
}

static void refused(const struct message *message, unsigned expected_field)
{
    struct lewes_forward forward, before;
    unsigned field = 99;
    memset(&forward, 0x5a, sizeof forward);
    before = forward;
    assert_int_not_equal(decode(message, &forward, &field), LEWES_OK);
    assert_memory_equal(&forward, &before, sizeof forward);
    assert_int_equal(field, expected_field);
}

static void encodes_to(const struct lewes_forward *forward, const char *hex)
{
    uint8_t expected[128], out[128];
    size_t n = strlen(hex) / 2, len = 0;
    struct lewes_forward decoded;
    vector_hex(hex, expected, n);
    assert_int_equal(lewes_forward_encode(forward, out, sizeof out, &len), LEWES_OK);
    assert_int_equal(len, n);
    assert_memory_equal(out, expected, n);
    assert_int_equal(lewes_forward_decode(&decoded, out, len, NULL), LEWES_OK);
    assert_memory_equal(&decoded.address, &forward->address, sizeof decoded.address);
    assert_memory_equal(&decoded.target, &forward->target, sizeof decoded.target);
    assert_int_equal(decoded.packet_len, forward->packet_len);
    assert_memory_equal(decoded.packet, forward->packet, forward->packet_len);
}

#define TARGET_KEY "1111111111111111111111111111111111111111111111111111111111111111"

static void the_examples_are_written_and_read(void **state)
{
    struct lewes_forward forward = make((struct lewes_ip){.family = 4, .bytes = {192, 0, 2, 7}});
    (void)state;
    encodes_to(&forward, TARGET_KEY "0f3139322e302e322e373a3431323634050102030405");
    forward = make((struct lewes_ip){.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}});
    encodes_to(&forward, TARGET_KEY "135b323030313a6462383a3a375d3a3431323634050102030405");
}

static void every_cut_and_every_trailing_byte_is_refused(void **state)
{
    struct message message;
    struct lewes_forward forward;
    (void)state;
    message_load(&message, "A.forward");
    size_t len = message.len;
    for (message.len = 0; message.len < len; message.len++)
        assert_int_not_equal(decode(&message, &forward, NULL), LEWES_OK);
    message.bytes[len] = 0;
    message.len = len + 1;
    refused(&message, WHOLE);
}

static void any_text_form_of_an_address_is_read(void **state)
{
    static const struct {
        const char *text;
        struct lewes_ip ip;
    } good[] = {
        {"0.0.0.0:1", {.family = 4}},
        {"255.255.255.255:65535", {.family = 4, .bytes = {255, 255, 255, 255}}},
        {"[::]:1", {.family = 6}},
        {"[::1]:1", {.family = 6, .bytes = {[15] = 1}}},
        {"[1::]:1", {.family = 6, .bytes = {0, 1}}},
        {"[1:2:3:4:5:6:7:8]:1",
         {.family = 6, .bytes = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}},
        {"[1:2:3::6:7:8]:1",
         {.family = 6, .bytes = {0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 6, 0, 7, 0, 8}}},
        {"[::2:3:4:5:6:7:8]:1",
         {.family = 6, .bytes = {0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}}},
        {"[ABCD:ef01::]:1", {.family = 6, .bytes = {0xab, 0xcd, 0xef, 0x01}}},
        {"[0001:02::]:1", {.family = 6, .bytes = {0, 1, 0, 2}}},
        {"[64:ff9b::192.0.2.33]:1",
         {.family = 6, .bytes = {0, 0x64, 0xff, 0x9b, [12] = 192, 0, 2, 33}}},
        {"[::ffff:192.0.2.7]:1", {.family = 4, .bytes = {192, 0, 2, 7}}},
        {"[::ffff:c000:207]:1", {.family = 4, .bytes = {192, 0, 2, 7}}},
        {"[1:2:3:4:5:6:1.2.3.4]:1",
         {.family = 6, .bytes = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct message message;
        struct lewes_forward forward;
        with_address(&message, good[i].text);
        assert_int_equal(lewes_forward_decode(&forward, message.bytes, message.len, NULL),
                         LEWES_OK);
        assert_memory_equal(&forward.address.ip, &good[i].ip, sizeof good[i].ip);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:0",
        "1.2.3.4:65536",
        "1.2.3.4:01",
        "1.2.3.4:+1",
        "1.2.3.4:1 ",
        " 1.2.3.4:1",
        "1.2.3:1234",
        "1.2.3.4.5:1",
        "01.2.3.4:1",
        "1.2.3.256:1",
        "1..3.4:12",
        "host.example:1",
        "1.2.3.4:4294967297",
        "[::1]",
        "[::1]:",
        "[::1]1",
        "[::1:1",
        "::1:1234",
        "[:1]:1234",
        "[1:]:1234",
        "[:::]:1",
        "[1::2::3]:1",
        "[1:2:3:4:5:6:7]:1",
        "[1:2:3:4:5:6:7:8:9]:1",
        "[1:2:3:4::5:6:7:8]:1",
        "[1:2:3:4:5:6:7:8::]:1",
        "[::1:2:3:4:5:6:7:8]:1",
        "[1:2:3:4:5:6:7:8:]:1",
        "[12345::]:1",
        "[g::]:1234",
        "[fe80::1%eth0]:1",
        "[::1.2.3]:1",
        "[1.2.3.4::]:1",
        "[1:2:3:4:5:6:7:1.2.3.4]:1",
        "[]:123",
        "[::1]:65536",
        "[1.2.3.4]:1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct message message;
        with_address(&message, bad[i]);
        refused(&message, ADDRESS);
    }
}

static void addresses_are_written_in_their_canonical_form(void **state)
{
    static const struct {
        struct lewes_ip ip;
        const char *text;
    } forms[] = {
        {{.family = 6}, "[::]:41264"},
        {{.family = 6, .bytes = {[15] = 1}}, "[::1]:41264"},
        {{.family = 6, .bytes = {0, 1}}, "[1::]:41264"},
        {{.family = 6, .bytes = {0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}},
         "[1:0:2:3:4:5:6:7]:41264"},
        {{.family = 6, .bytes = {0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 7}},
         "[1:0:0:3::7]:41264"},
        {{.family = 6, .bytes = {0, 1, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 7}},
         "[1::3:4:0:0:7]:41264"},
        {{.family = 4, .bytes = {10, 0, 200, 9}}, "10.0.200.9:41264"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct lewes_forward forward = make(forms[i].ip);
        uint8_t out[128];
        size_t len = 0, n = strlen(forms[i].text);
        assert_int_equal(lewes_forward_encode(&forward, out, sizeof out, &len), LEWES_OK);
        assert_int_equal(out[32], n);
        assert_memory_equal(out + 33, forms[i].text, n);
    }
}

static void the_packet_has_its_bounds(void **state)
{
    struct lewes_forward forward = make((struct lewes_ip){.family = 4}), decoded;
    uint8_t *large = calloc(1, LEWES_FORWARD_INNER_MAX + 1), *out = malloc(70000);
    struct message message;
    size_t len = 0;
    (void)state;
    assert_non_null(large);
    assert_non_null(out);
    forward.packet = large;
    forward.packet_len = LEWES_FORWARD_INNER_MAX;
    assert_int_equal(lewes_forward_encode(&forward, out, 70000, &len), LEWES_OK);
    assert_int_equal(lewes_forward_decode(&decoded, out, len, NULL), LEWES_OK);
    assert_int_equal(decoded.packet_len, LEWES_FORWARD_INNER_MAX);
    forward.packet_len++;
    assert_int_equal(lewes_forward_encode(&forward, out, 70000, &len), LEWES_ERROR_VALUE);
    forward.packet_len = 0;
    assert_int_equal(lewes_forward_encode(&forward, out, 70000, &len), LEWES_ERROR_VALUE);
    forward.packet_len = 5;
    forward.address.port = 0;
    assert_int_equal(lewes_forward_encode(&forward, out, 70000, &len), LEWES_ERROR_VALUE);
    free(large);
    free(out);
    message_load(&message, "A.forward");
    message_replace(&message, message.len - 6, 6, "\0", 1); /* an empty packet */
    refused(&message, PACKET);
    message_load(&message, "A.forward");
    message_replace(&message, message.len - 6, 1, "\xfb\0\x05", 3); /* a longer length */
    refused(&message, PACKET);
    message_load(&message, "A.forward");
    message_replace(&message, LEWES_KEY_LEN, 1, "\xfb\0\x0f", 3); /* of the address */
    refused(&message, ADDRESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_are_written_and_read),
        cmocka_unit_test(every_cut_and_every_trailing_byte_is_refused),
        cmocka_unit_test(any_text_form_of_an_address_is_read),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_are_written_in_their_canonical_form),
        cmocka_unit_test(the_packet_has_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
