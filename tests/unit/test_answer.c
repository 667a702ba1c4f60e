/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/messages.h"
#include "tests/support/vectors.h"

enum field { WHOLE, SUCCESS, ERROR_TEXT, GATEWAY_DATA, MIXNET_DATA, BANDWIDTH };

static void hex_message(struct message *message, const char *hex)
{
    message->len = strlen(hex) / 2;
    assert_true(message->len <= sizeof message->bytes);
    vector_hex(hex, message->bytes, message->len);
}

static void refused(const struct message *message, unsigned expected_field)
{
    struct lewes_answer answer, before;
    unsigned field = 99;
    memset(&answer, 0x5a, sizeof answer);
    before = answer;
    uint8_t *exact = malloc(message->len ? message->len : 1);
    assert_non_null(exact);
    memcpy(exact, message->bytes, message->len);
    assert_int_not_equal(lewes_answer_decode(&answer, exact, message->len, &field), LEWES_OK);
    free(exact);
    assert_memory_equal(&answer, &before, sizeof answer);
    assert_int_equal(field, expected_field);
}

static void encodes_to(const struct lewes_answer *answer, const char *hex)
{
    struct message expected;
    struct lewes_answer decoded;
    uint8_t out[LEWES_ANSWER_MAX];
    size_t len = 0;
    hex_message(&expected, hex);
    assert_int_equal(lewes_answer_encode(answer, out, sizeof out, &len), LEWES_OK);
    assert_int_equal(len, expected.len);
    assert_memory_equal(out, expected.bytes, len);
    assert_int_equal(lewes_answer_decode(&decoded, out, len, NULL), LEWES_OK);
    assert_int_equal(decoded.kind, answer->kind);
    assert_int_equal(decoded.bandwidth, answer->bandwidth);
    if (answer->kind == LEWES_ANSWER_REFUSED) {
        assert_int_equal(decoded.as.refused.len, answer->as.refused.len);
        assert_memory_equal(decoded.as.refused.text, answer->as.refused.text,
                            answer->as.refused.len);
    } else {
        assert_memory_equal(&decoded.as, &answer->as, sizeof answer->as);
    }
    for (size_t cap = 0; cap < len; cap++) {
        size_t untouched = 77;
        assert_int_equal(lewes_answer_encode(answer, out, cap, &untouched), LEWES_ERROR_SPACE);
        assert_int_equal(untouched, 77);
    }
}

#define GATEWAY_KEY                                                                                \
    "2b34764a394a5531624a4a4539364657534a4b7648736d6d46414443673467705a516666345033626b4c4b69"
#define TUNNEL_IPS "0a01002afc01000000000000000000000000002a"

static void the_examples_of_tunnels_are_written_and_read(void **state)
{
    struct lewes_answer answer;
    (void)state;
    message_tunnel(&answer); /* example 5 */
    encodes_to(&answer, "010001" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS "00fc3b9aca00");
    answer.as.dvpn.endpoint.ip = (struct lewes_ip){.family = 4}; /* example 4: the original */
    encodes_to(&answer, "010001" GATEWAY_KEY "0000000000fbca6e" TUNNEL_IPS "00fc3b9aca00");
    answer.as.dvpn.endpoint.ip = /* example 6 */
        (struct lewes_ip){.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 7}};
    encodes_to(&answer, "010001" GATEWAY_KEY "0120010db8000000000000000000000007fbca6e" TUNNEL_IPS
                        "00fc3b9aca00");
}

static void the_examples_of_the_mixnet_and_of_refusals_are_written_and_read(void **state)
{
    struct lewes_answer answer;
    (void)state;
    memset(&answer, 0, sizeof answer);
    answer.kind = LEWES_ANSWER_MIXNET; /* example 7 */
    answer.bandwidth = 200000000;
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++) {
        answer.as.mixnet.gateway_identity.bytes[i] = (uint8_t)(0x80 + i);
        answer.as.mixnet.sphinx_key.bytes[i] = (uint8_t)(0xa0 + i);
    }
    encodes_to(&answer, "01000001808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
                        "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebffc17d784"
                        "00");
    memset(&answer, 0, sizeof answer);
    answer.kind = LEWES_ANSWER_REFUSED; /* examples 8 and 9 */
    answer.as.refused = (struct lewes_refused_answer){"Invalid timestamp", 17};
    encodes_to(&answer, "000111496e76616c69642074696d657374616d70000000");
    answer.as.refused = (struct lewes_refused_answer){"Gateway busy", 12};
    encodes_to(&answer, "00010c476174657761792062757379000000");
}

static void the_published_answers_are_read(void **state)
{
    struct message message;
    struct lewes_answer answer;
    (void)state;
    message_load(&message, "A.response.dvpn.ok");
    assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
    assert_int_equal(answer.kind, LEWES_ANSWER_DVPN);
    assert_int_equal(answer.as.dvpn.endpoint.port, 51822);
    message_load(&message, "A.response.mixnet.ok");
    assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
    assert_int_equal(answer.kind, LEWES_ANSWER_MIXNET);
    message_load(&message, "A.response.error");
    assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
    assert_int_equal(answer.kind, LEWES_ANSWER_REFUSED);
    assert_memory_equal(answer.as.refused.text, "Invalid timestamp", 17);
}

static void every_cut_and_every_trailing_byte_is_refused(void **state)
{
    static const char *const names[] = {"A.response.dvpn.ok", "A.response.mixnet.ok",
                                        "A.response.error"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct message message;
        message_load(&message, names[i]);
        size_t len = message.len;
        for (message.len = 0; message.len < len; message.len++) {
            struct lewes_answer answer;
            uint8_t *exact = malloc(message.len ? message.len : 1);
            assert_non_null(exact);
            memcpy(exact, message.bytes, message.len);
            assert_int_not_equal(lewes_answer_decode(&answer, exact, message.len, NULL), LEWES_OK);
            free(exact);
        }
        message.bytes[len] = 0;
        message.len = len + 1;
        refused(&message, WHOLE);
    }
}

/* One of the 32 combinations: the bits say which parts are there. */
static void combine(struct message *message, unsigned bits)
{
    static const char *const parts[][2] = {
        {"00", "01"},
        {"00", "01026e6f"},
        {"00", "01" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS},
        {"00", "01808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
               "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"},
        {"00", "02"}, /* one byte of bandwidth */
    };
    message->len = 0;
    for (unsigned i = 0; i < 5; i++) {
        const char *hex = parts[i][bits >> i & 1];
        size_t n = strlen(hex) / 2;
        vector_hex(hex, message->bytes + message->len, n);
        message->len += n;
    }
}

static void only_the_three_legal_combinations_are_read(void **state)
{
    enum { OK = 1, TEXT = 2, TUNNEL = 4, MIXNET = 8, CREDIT = 16 };
    unsigned good = 0;
    (void)state;
    for (unsigned bits = 0; bits < 32; bits++) {
        struct message message;
        struct lewes_answer answer;
        combine(&message, bits);
        bool legal = (bits & ~(unsigned)CREDIT) == (OK | TUNNEL) ||
                     (bits & ~(unsigned)CREDIT) == (OK | MIXNET) || bits == TEXT;
        if (!legal) {
            refused(&message, WHOLE);
            continue;
        }
        assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
        good++;
    }
    assert_int_equal(good, 5);
}

static void fields_out_of_range_are_refused_by_number(void **state)
{
    static const struct {
        const char *hex;
        unsigned field;
    } bad[] = {
        {"02000000", SUCCESS},
        {"0002", ERROR_TEXT},
        {"000100", ERROR_TEXT},               /* an empty text */
        {"00010161000000ff", WHOLE},          /* trailing */
        {"000101ff000000", ERROR_TEXT},       /* not UTF-8 */
        {"000102bfbf000000", ERROR_TEXT},     /* begins with a continuation */
        {"00010100000000", ERROR_TEXT},       /* NUL */
        {"000102c080000000", ERROR_TEXT},     /* overlong NUL */
        {"000103eda080000000", ERROR_TEXT},   /* a surrogate */
        {"000104f4908080000000", ERROR_TEXT}, /* above U+10FFFF */
        {"000102c3c3000000", ERROR_TEXT},     /* no continuation */
        {"000101c3000000", ERROR_TEXT},       /* cut */
        {"0001fb000161000000", ERROR_TEXT},   /* a longer length */
        {"0001fe", ERROR_TEXT},
        {"010002", GATEWAY_DATA},
        {"01000102", GATEWAY_DATA},
        {"0100fb0001", GATEWAY_DATA},
        {"010001fb00" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS "0000", GATEWAY_DATA},
        {"01000002", MIXNET_DATA},
        {"010001" GATEWAY_KEY "00c633640700" TUNNEL_IPS "0000", GATEWAY_DATA},         /* port 0 */
        {"010001" GATEWAY_KEY "00c6336407fc00010000" TUNNEL_IPS "0000", GATEWAY_DATA}, /* 65536 */
        {"010001" GATEWAY_KEY "02c6336407fbca6e" TUNNEL_IPS "0000", GATEWAY_DATA},
        {"010001" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS "0001", BANDWIDTH}, /* -1 */
        {"010001" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS "00ff", BANDWIDTH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct message message;
        hex_message(&message, bad[i].hex);
        refused(&message, bad[i].field);
    }
}

/* An answer whose gateway key is this text. */
static void with_key_text(struct message *message, const char *text)
{
    uint8_t length = (uint8_t)strlen(text);
    hex_message(message, "010001" GATEWAY_KEY "00c6336407fbca6e" TUNNEL_IPS "00fc3b9aca00");
    message_replace(message, 4, 43, text, length);
    message->bytes[3] = length;
}

static void a_gateway_key_is_base58_of_exactly_32_bytes(void **state)
{
    struct message message;
    struct lewes_answer answer;
    static const char *const bad[] = {
        "0vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi", /* no such digit */
        "lvJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
        "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi11", /* 45 characters and more bytes */
        "1111111111111111111111111111111",               /* 31 bytes */
        "111111111111111111111111111111111",             /* 33 bytes */
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",  /* too large a number */
    };
    (void)state;
    with_key_text(&message, "11111111111111111111111111111111"); /* 32 zero bytes */
    assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
    assert_memory_equal(&answer.as.dvpn.gateway_key, (uint8_t[32]){0}, 32);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        with_key_text(&message, bad[i]);
        refused(&message, GATEWAY_DATA);
    }
}

static void longer_forms_of_values_are_read(void **state)
{
    struct message message;
    struct lewes_answer answer;
    (void)state;
    hex_message(&message,
                "010001" GATEWAY_KEY "00c6336407fc0000ca6e" TUNNEL_IPS "00fd000000003b9aca00");
    assert_int_equal(lewes_answer_decode(&answer, message.bytes, message.len, NULL), LEWES_OK);
    assert_int_equal(answer.as.dvpn.endpoint.port, 51822);
    assert_int_equal(answer.bandwidth, 500000000);
}

static void the_largest_credit_and_the_longest_refusal_survive(void **state)
{
    struct lewes_answer answer, decoded;
    static char text[LEWES_REFUSAL_TEXT_MAX + 1];
    uint8_t out[LEWES_ANSWER_MAX];
    size_t len = 0;
    (void)state;
    message_tunnel(&answer);
    answer.bandwidth = INT64_MAX;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_OK);
    assert_int_equal(lewes_answer_decode(&decoded, out, len, NULL), LEWES_OK);
    assert_true(decoded.bandwidth == INT64_MAX);
    memset(text, 'x', sizeof text);
    memset(&answer, 0, sizeof answer);
    answer.kind = LEWES_ANSWER_REFUSED;
    answer.as.refused = (struct lewes_refused_answer){text, LEWES_REFUSAL_TEXT_MAX};
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_OK);
    assert_int_equal(lewes_answer_decode(&decoded, out, len, NULL), LEWES_OK);
    answer.as.refused.len++;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
}

static void an_answer_without_encoding_is_an_error_of_the_caller(void **state)
{
    struct lewes_answer answer;
    uint8_t out[LEWES_ANSWER_MAX];
    size_t len = 77;
    (void)state;
    message_tunnel(&answer);
    answer.bandwidth = -1;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
    message_tunnel(&answer);
    answer.as.dvpn.endpoint.port = 0;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
    message_tunnel(&answer);
    answer.as.dvpn.endpoint.ip.family = 0;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
    memset(&answer, 0, sizeof answer);
    answer.kind = LEWES_ANSWER_REFUSED;
    answer.as.refused = (struct lewes_refused_answer){"", 0};
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
    answer.as.refused = (struct lewes_refused_answer){"no", 2};
    answer.bandwidth = 1;
    assert_int_equal(lewes_answer_encode(&answer, out, sizeof out, &len), LEWES_ERROR_VALUE);
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_tunnels_are_written_and_read),
        cmocka_unit_test(the_examples_of_the_mixnet_and_of_refusals_are_written_and_read),
        cmocka_unit_test(the_published_answers_are_read),
        cmocka_unit_test(every_cut_and_every_trailing_byte_is_refused),
        cmocka_unit_test(only_the_three_legal_combinations_are_read),
        cmocka_unit_test(fields_out_of_range_are_refused_by_number),
        cmocka_unit_test(a_gateway_key_is_base58_of_exactly_32_bytes),
        cmocka_unit_test(longer_forms_of_values_are_read),
        cmocka_unit_test(the_largest_credit_and_the_longest_refusal_survive),
        cmocka_unit_test(an_answer_without_encoding_is_an_error_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
