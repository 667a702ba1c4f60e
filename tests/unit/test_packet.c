/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lewes/session.h>

#include "lib/crypto/crypto.h"
#include "lib/wire/packet.h"
#include "tests/support/vectors.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* protocol.md 17 */
#define ACK "95b9996300000000000000000100000008000000" ZEROS
#define BUSY "2a0000007b000000000000000100000000000000" ZEROS
#define ZEROS "00000000000000000000000000000000"
#define OUTER_KEY "cb3eb6e9d8ccb4df0a546c9aa58668f2094fcfd57dab1c04760ac047977b2466"

struct sealed_row {
    const char *hex;
    uint32_t index;
    uint64_t counter;
    enum lewesi_type type;
    const char *body;
    size_t body_len;
};

static const struct sealed_row sealed_rows[] = {
    {"39300000e7030000000000002fde5de5bf8a5eaa6d82cca15ed31330baa526da996139ca", 12345, 999,
     LEWESI_BUSY, "", 0},
    {"9f86010002000000000000001a49ae889d8a1339d14ec1f28065dd0db268d6fb655a08a2bae70e81ac", 99999, 2,
     LEWESI_HANDSHAKE, "\x01\x02\x03\x04\x05", 5},
    {"39300000000000000000004083fe11f8ffd6df8b50be118c7dcf5671a388c228de1c9f1d", 12345,
     (uint64_t)1 << 62, LEWESI_BUSY, "", 0},
};

/* The linker puts these between the packets and the back end, to make it fail. */
enum lewes_error __real_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);
enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN]);

static bool backend_fails;

enum lewes_error __wrap_lewesi_aead_seal(const uint8_t key[LEWESI_AEAD_KEY_LEN],
                                         const struct lewesi_nonce *nonce, struct lewesi_span aad,
                                         uint8_t *text, size_t len,
                                         uint8_t tag[LEWESI_AEAD_TAG_LEN])
{
    return backend_fails ? LEWES_ERROR_CRYPTO
                         : __real_lewesi_aead_seal(key, nonce, aad, text, len, tag);
}

static struct lewesi_outer_key outer_key(void)
{
    struct lewesi_outer_key key;

    vector_hex(OUTER_KEY, key.bytes, sizeof key.bytes);
    return key;
}

/* A clear packet of any type number; the body is zeros but for what a codec must find. */
static size_t make(uint8_t *out, uint32_t type, size_t body_len)
{
    uint8_t *body = out + LEWESI_BODY_OFFSET;

    memset(out, 0, body_len + LEWESI_PACKET_FRAME);
    lewesi_packet_write(out, 7, 9, LEWESI_BUSY, body_len);
    lewesi_store32le(out + 16, type);
    if (body_len > 0 && (type == LEWESI_SUBSESSION_KK1 || type == LEWESI_SUBSESSION_KK2))
        body[0] = 0x30;
    return body_len + LEWESI_PACKET_FRAME;
}

static enum lewes_error parse(uint32_t type, size_t body_len)
{
    static uint8_t bytes[LEWES_PACKET_MAX + 1];
    struct lewesi_packet packet;

    return lewesi_packet_parse(&packet, bytes, make(bytes, type, body_len));
}

/* Parses a copy of exactly `len` bytes, so that a sanitizer sees every step beyond. */
static enum lewes_error parse_exact(const uint8_t *bytes, size_t len, struct lewesi_packet *packet)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    enum lewes_error error;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    error = lewesi_packet_parse(packet, copy, len);
    free(copy);
    return error;
}

static void the_clear_packets_of_the_specification_are_written(void **state)
{
    uint8_t expected[LEWES_PACKET_MIN], out[LEWES_PACKET_MIN];

    (void)state;
    vector_hex(ACK, expected, sizeof expected);
    memset(out, 0xaa, sizeof out);
    lewesi_packet_write(out, 0x6399b995, 0, LEWESI_ACK, 0);
    assert_memory_equal(out, expected, sizeof out);

    vector_hex(BUSY, expected, sizeof expected);
    memset(out, 0xaa, sizeof out);
    lewesi_packet_write(out, 42, 123, LEWESI_BUSY, 0);
    assert_memory_equal(out, expected, sizeof out);
}

static void the_clear_packets_of_the_specification_are_read(void **state)
{
    uint8_t bytes[LEWES_PACKET_MIN];
    struct lewesi_packet packet;

    (void)state;
    vector_hex(ACK, bytes, sizeof bytes);
    assert_int_equal(lewesi_packet_parse(&packet, bytes, sizeof bytes), LEWES_OK);
    assert_int_equal(packet.index, 0x6399b995);
    assert_int_equal(packet.counter, 0);
    assert_int_equal(packet.type, LEWESI_ACK);
    assert_int_equal(packet.body.len, 0);

    vector_hex(BUSY, bytes, sizeof bytes);
    assert_int_equal(lewesi_packet_parse(&packet, bytes, sizeof bytes), LEWES_OK);
    assert_int_equal(packet.index, 42);
    assert_int_equal(packet.counter, 123);
    assert_int_equal(packet.type, LEWESI_BUSY);
    assert_int_equal(packet.body.len, 0);
}

static void version_reserved_and_trailer_are_ignored(void **state)
{
    static const size_t ignored[] = {12, 13, 14, 15, 20, 28, 35};
    uint8_t bytes[LEWES_PACKET_MIN];
    struct lewesi_packet packet;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(ignored); i++) {
        vector_hex(ACK, bytes, sizeof bytes);
        bytes[ignored[i]] = 9;
        assert_int_equal(lewesi_packet_parse(&packet, bytes, sizeof bytes), LEWES_OK);
        assert_int_equal(packet.type, LEWESI_ACK);
    }
}

static void a_length_that_no_packet_has_is_refused(void **state)
{
    static uint8_t bytes[LEWES_PACKET_MAX + 1];
    const struct lewesi_outer_key key = outer_key();
    struct lewesi_packet packet, before;
    uint32_t index = 5;
    uint64_t counter = 6;
    size_t len;

    (void)state;
    memset(&packet, 0x55, sizeof packet);
    before = packet;
    for (len = 0; len < LEWES_PACKET_MIN; len++) {
        assert_int_equal(parse_exact(bytes, len, &packet), LEWES_ERROR_LENGTH);
        assert_int_equal(lewesi_packet_peek(bytes, len, &index, &counter), LEWES_ERROR_LENGTH);
        assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_ERROR_LENGTH);
    }
    len = make(bytes, LEWESI_DATA, LEWES_PACKET_MAX + 1 - LEWESI_PACKET_FRAME);
    assert_int_equal(parse_exact(bytes, len, &packet), LEWES_ERROR_LENGTH);
    assert_int_equal(lewesi_packet_peek(bytes, len, &index, &counter), LEWES_ERROR_LENGTH);
    assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_ERROR_LENGTH);
    assert_memory_equal(&packet, &before, sizeof packet);
    assert_int_equal(index, 5);
    assert_int_equal(counter, 6);
}

static void index_and_counter_are_little_endian_and_fill_their_fields(void **state)
{
    uint8_t bytes[LEWES_PACKET_MIN];
    uint32_t index;
    uint64_t counter;

    (void)state;
    vector_hex("0102030411121314151617180000000000000000" ZEROS, bytes, sizeof bytes);
    assert_int_equal(lewesi_packet_peek(bytes, sizeof bytes, &index, &counter), LEWES_OK);
    assert_int_equal(index, 0x04030201);
    assert_true(counter == 0x1817161514131211);
}

static void only_the_listed_types_are_packets(void **state)
{
    /* a body that the type may have; 0xffff marks a type that must be refused */
    static const uint16_t body_len[16] = {0, 64, 16, 100, 23, 87, 0xffff, 0,
                                          0, 0,  49, 49,  1,  0,  0xffff, 0xffff};
    static const uint32_t others[] = {16, 255, 256, 0x02000000, 0x08000000, 0x00000108, UINT32_MAX};
    uint32_t type;
    size_t i;

    (void)state;
    for (type = 0; type < 16; type++) {
        if (body_len[type] == 0xffff) {
            assert_int_equal(parse(type, 0), LEWES_ERROR_TYPE);
            assert_int_equal(parse(type, 100), LEWES_ERROR_TYPE);
        } else {
            assert_int_equal(parse(type, body_len[type]), LEWES_OK);
        }
    }
    for (i = 0; i < COUNT(others); i++) {
        assert_int_equal(parse(others[i], 0), LEWES_ERROR_TYPE);
        assert_int_equal(parse(others[i], 16), LEWES_ERROR_TYPE);
    }
}

static void a_body_of_the_wrong_size_is_refused(void **state)
{
    static const struct {
        enum lewesi_type type;
        enum lewes_error error;
        size_t min, max;
    } rows[] = {
        {LEWESI_BUSY, LEWES_ERROR_LENGTH, 0, 0},
        {LEWESI_HANDSHAKE, LEWES_ERROR_LENGTH, 64, 1347},
        {LEWESI_DATA, LEWES_ERROR_LENGTH, 16, 65500},
        {LEWESI_HELLO, LEWES_ERROR_FORMAT, 100, 100},
        {LEWESI_KKT_REQUEST, LEWES_ERROR_LENGTH, 23, 65500},
        {LEWESI_KKT_RESPONSE, LEWES_ERROR_LENGTH, 23, 65500},
        {LEWESI_COLLISION, LEWES_ERROR_LENGTH, 0, 0},
        {LEWESI_ACK, LEWES_ERROR_LENGTH, 0, 0},
        {LEWESI_SUBSESSION_REQUEST, LEWES_ERROR_LENGTH, 0, 0},
        {LEWESI_SUBSESSION_KK1, LEWES_ERROR_FORMAT, 49, 49},
        {LEWESI_SUBSESSION_KK2, LEWES_ERROR_FORMAT, 49, 49},
        {LEWESI_SUBSESSION_ABORT, LEWES_ERROR_LENGTH, 0, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].type, rows[i].min), LEWES_OK);
        assert_int_equal(parse(rows[i].type, rows[i].max), LEWES_OK);
        assert_int_equal(parse(rows[i].type, rows[i].max + 1),
                         rows[i].max == 65500 ? LEWES_ERROR_LENGTH : rows[i].error);
        if (rows[i].min > 0) {
            assert_int_equal(parse(rows[i].type, rows[i].min - 1), rows[i].error);
            assert_int_equal(parse(rows[i].type, 0), rows[i].error);
        }
    }
}

static enum lewes_error parse_body(enum lewesi_type type, const char *hex, size_t zeros)
{
    uint8_t bytes[256] = {0};
    size_t body_len = strlen(hex) / 2 + zeros;
    struct lewesi_packet packet;

    vector_hex(hex, bytes + LEWESI_BODY_OFFSET, strlen(hex) / 2);
    lewesi_packet_write(bytes, 7, 9, type, body_len);
    return parse_exact(bytes, body_len + LEWESI_PACKET_FRAME, &packet);
}

static void a_kk_message_has_its_length_in_the_shortest_form(void **state)
{
    static const enum lewesi_type types[] = {LEWESI_SUBSESSION_KK1, LEWESI_SUBSESSION_KK2};
    static const char *const prefixes[] = {
        "2f", "31", "00", "fb0030", "fc00000030", "fd0000000000000030", "fe", "ff"};
    size_t i, j;

    (void)state;
    for (i = 0; i < COUNT(types); i++) {
        assert_int_equal(parse_body(types[i], "30", 48), LEWES_OK);
        assert_int_equal(parse_body(types[i], "30", 47), LEWES_ERROR_FORMAT);
        assert_int_equal(parse_body(types[i], "30", 49), LEWES_ERROR_FORMAT);
        for (j = 0; j < COUNT(prefixes); j++)
            assert_int_equal(parse_body(types[i], prefixes[j], 48), LEWES_ERROR_FORMAT);
    }
}

static void a_new_index_is_taken_in_the_shortest_form_alone(void **state)
{
    static const char *const good[] = {"00",     "01",         "fa",         "fb00fb",    "fb0100",
                                       "fbffff", "fc00010000", "fc0001869f", "fcffffffff"};
    static const char *const bad[] = {"",
                                      "fb",
                                      "fc",
                                      "fd",
                                      "fe",
                                      "ff",
                                      "fb00",
                                      "fb0000",
                                      "fb00fa",
                                      "fb010000",
                                      "fc000000",
                                      "fc00000000",
                                      "fc000000fb",
                                      "fc0000ffff",
                                      "fd00010000",
                                      "fc0001869f00",
                                      "fbffff000000",
                                      "0000",
                                      "000000",
                                      "fa0100",
                                      "fc0100",
                                      "ff0100",
                                      "fb00010000",
                                      "0000000000",
                                      "fd0000000000010000"};
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++)
        assert_int_equal(parse_body(LEWESI_SUBSESSION_READY, good[i], 0), LEWES_OK);
    for (i = 0; i < COUNT(bad); i++)
        assert_int_equal(parse_body(LEWESI_SUBSESSION_READY, bad[i], 0), LEWES_ERROR_FORMAT);
}

static void a_refused_packet_leaves_the_output_alone(void **state)
{
    static const struct {
        uint32_t type;
        size_t body_len;
    } rows[] = {{LEWESI_ACK, 1}, {LEWESI_HELLO, 99}, {LEWESI_SUBSESSION_READY, 2}, {6, 0}};
    uint8_t bytes[256];
    struct lewesi_packet packet, before;
    size_t i;

    (void)state;
    memset(&packet, 0x55, sizeof packet);
    before = packet;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_not_equal(
            parse_exact(bytes, make(bytes, rows[i].type, rows[i].body_len), &packet), LEWES_OK);
        assert_memory_equal(&packet, &before, sizeof packet);
    }
}

static void the_outer_packets_of_the_specification_are_sealed(void **state)
{
    const struct lewesi_outer_key key = outer_key();
    uint8_t expected[64], out[64];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(sealed_rows); i++) {
        const struct sealed_row *row = &sealed_rows[i];
        const struct lewesi_packet header = {
            .index = row->index, .counter = row->counter, .type = row->type};
        size_t len = strlen(row->hex) / 2;

        assert_int_equal(len, row->body_len + LEWESI_PACKET_FRAME);
        vector_hex(row->hex, expected, len);
        memset(out, 0xaa, sizeof out);
        memcpy(out + LEWESI_BODY_OFFSET, row->body, row->body_len);
        assert_int_equal(lewesi_packet_seal(out, row->body_len, &header, &key), LEWES_OK);
        assert_memory_equal(out, expected, len);
        assert_int_equal(out[len], 0xaa);
    }
}

static void the_outer_packets_of_the_specification_are_opened(void **state)
{
    const struct lewesi_outer_key key = outer_key();
    uint8_t bytes[64], clear[64];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(sealed_rows); i++) {
        const struct sealed_row *row = &sealed_rows[i];
        size_t len = strlen(row->hex) / 2;

        vector_hex(row->hex, bytes, len);
        assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_OK);
        lewesi_packet_write(clear, row->index, row->counter, row->type, row->body_len);
        memcpy(clear + LEWESI_BODY_OFFSET, row->body, row->body_len);
        assert_memory_equal(bytes, clear, len - LEWESI_TRAILER_LEN);
    }
}

static void each_bit_of_an_outer_packet_is_authenticated(void **state)
{
    const struct lewesi_outer_key key = outer_key();
    uint8_t bytes[64];
    size_t i, bit;

    (void)state;
    for (i = 0; i < COUNT(sealed_rows); i++) {
        size_t len = strlen(sealed_rows[i].hex) / 2;

        for (bit = 0; bit < 8 * len; bit++) {
            vector_hex(sealed_rows[i].hex, bytes, len);
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_ERROR_AUTH);
        }
    }
}

static void an_outer_packet_of_another_length_does_not_open(void **state)
{
    const struct lewesi_outer_key key = outer_key();
    const char *hex = sealed_rows[1].hex;
    size_t full = strlen(hex) / 2, len;
    uint8_t bytes[64] = {0};

    (void)state;
    for (len = LEWES_PACKET_MIN; len < full; len++) {
        vector_hex(hex, bytes, full);
        assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_ERROR_AUTH);
    }
    vector_hex(hex, bytes, full);
    bytes[full] = 0;
    assert_int_equal(lewesi_packet_open(bytes, full + 1, &key), LEWES_ERROR_AUTH);
}

static void an_outer_packet_opens_with_its_own_key_alone(void **state)
{
    struct lewesi_outer_key key = outer_key();
    uint8_t bytes[64];
    size_t len = strlen(sealed_rows[0].hex) / 2;

    (void)state;
    key.bytes[31] ^= 0x80;
    vector_hex(sealed_rows[0].hex, bytes, len);
    assert_int_equal(lewesi_packet_open(bytes, len, &key), LEWES_ERROR_AUTH);
}

static void the_largest_packet_comes_back_whole(void **state)
{
    static uint8_t bytes[LEWES_PACKET_MAX];
    const size_t body_len = LEWES_PACKET_MAX - LEWESI_PACKET_FRAME;
    const struct lewesi_outer_key key = outer_key();
    const struct lewesi_packet header = {
        .index = UINT32_MAX, .counter = UINT64_MAX - 1, .type = LEWESI_DATA};
    struct lewesi_packet packet;
    size_t i;

    (void)state;
    for (i = 0; i < body_len; i++)
        bytes[LEWESI_BODY_OFFSET + i] = (uint8_t)(i % 251);
    assert_int_equal(lewesi_packet_seal(bytes, body_len, &header, &key), LEWES_OK);
    assert_int_equal(lewesi_packet_open(bytes, sizeof bytes, &key), LEWES_OK);
    assert_int_equal(lewesi_packet_parse(&packet, bytes, sizeof bytes), LEWES_OK);
    assert_int_equal(packet.index, UINT32_MAX);
    assert_true(packet.counter == UINT64_MAX - 1);
    assert_int_equal(packet.type, LEWESI_DATA);
    assert_int_equal(packet.body.len, body_len);
    for (i = 0; i < body_len; i++)
        assert_int_equal(packet.body.data[i], i % 251);
}

static void a_failed_back_end_leaves_zeros(void **state)
{
    const struct lewesi_outer_key key = outer_key();
    const struct lewesi_packet header = {.index = 7, .counter = 8, .type = LEWESI_DATA};
    const uint8_t zeros[LEWESI_PACKET_FRAME + 16] = {0};
    uint8_t bytes[sizeof zeros + 1];

    (void)state;
    memset(bytes, 0x55, sizeof bytes);
    backend_fails = true;
    assert_int_equal(lewesi_packet_seal(bytes, 16, &header, &key), LEWES_ERROR_CRYPTO);
    backend_fails = false;
    assert_memory_equal(bytes, zeros, sizeof zeros);
    assert_int_equal(bytes[sizeof zeros], 0x55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clear_packets_of_the_specification_are_written),
        cmocka_unit_test(the_clear_packets_of_the_specification_are_read),
        cmocka_unit_test(version_reserved_and_trailer_are_ignored),
        cmocka_unit_test(a_length_that_no_packet_has_is_refused),
        cmocka_unit_test(index_and_counter_are_little_endian_and_fill_their_fields),
        cmocka_unit_test(only_the_listed_types_are_packets),
        cmocka_unit_test(a_body_of_the_wrong_size_is_refused),
        cmocka_unit_test(a_kk_message_has_its_length_in_the_shortest_form),
        cmocka_unit_test(a_new_index_is_taken_in_the_shortest_form_alone),
        cmocka_unit_test(a_refused_packet_leaves_the_output_alone),
        cmocka_unit_test(the_outer_packets_of_the_specification_are_sealed),
        cmocka_unit_test(the_outer_packets_of_the_specification_are_opened),
        cmocka_unit_test(each_bit_of_an_outer_packet_is_authenticated),
        cmocka_unit_test(an_outer_packet_of_another_length_does_not_open),
        cmocka_unit_test(an_outer_packet_opens_with_its_own_key_alone),
        cmocka_unit_test(the_largest_packet_comes_back_whole),
        cmocka_unit_test(a_failed_back_end_leaves_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
