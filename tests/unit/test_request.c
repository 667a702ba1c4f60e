/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/crypto/crypto.h"
#include "tests/support/messages.h"
#include "tests/support/vectors.h"

/* Offsets in example 1 (registration.md 3). */
enum offset {
    PAYMENT = 45,
    PAY_INFO = 1202,
    DATE = 1275,
    EPOCH = 1279,
    TYPE = 1280,
    MODE = 1281,
    IP = 1282,
    TIME = 1287
};
/* Numbers of fields. */
enum field { WHOLE, WG_KEY, CREDENTIAL, TICKET_TYPE, MODE_FIELD, CLIENT_IP, TIMESTAMP };

static void refused(const struct message *message, unsigned expected_field)
{
    struct lewes_request request, before;
    unsigned field = 99;
    memset(&request, 0x5a, sizeof request);
    before = request;
    /* A copy of the exact size lets the sanitizer see a byte that is read behind the end. */
    uint8_t *exact = malloc(message->len ? message->len : 1);
    assert_non_null(exact);
    memcpy(exact, message->bytes, message->len);
    assert_int_not_equal(lewes_request_decode(&request, exact, message->len, &field), LEWES_OK);
    free(exact);
    assert_memory_equal(&request, &before, sizeof request);
    assert_int_equal(field, expected_field);
}

static void accepted(const struct message *message, struct lewes_request *request)
{
    assert_int_equal(lewes_request_decode(request, message->bytes, message->len, NULL), LEWES_OK);
}

/* Replaces a field of example 1 and says whether it must be read. */
static void with(size_t at, size_t len, const char *hex, unsigned refused_field)
{
    struct message message;
    struct lewes_request request;
    uint8_t bytes[16];
    size_t n = strlen(hex) / 2;
    vector_hex(hex, bytes, n);
    message_load(&message, "A.request.dvpn");
    message_replace(&message, at, len, bytes, n);
    if (refused_field)
        refused(&message, refused_field);
    else
        accepted(&message, &request);
}

static void check_digest(const struct message *message, const char *sha256)
{
    uint8_t digest[32], expected[32];
    vector_hex(sha256, expected, sizeof expected);
    lewesi_sha256(digest, (struct lewesi_span){message->bytes, message->len},
                  (struct lewesi_span){0});
    assert_memory_equal(digest, expected, sizeof digest);
}

static void check_encoding(const struct lewes_request *request, const char *name)
{
    struct message published;
    struct lewes_request decoded;
    uint8_t out[LEWES_REQUEST_MAX];
    size_t len = 0;
    message_load(&published, name);
    assert_int_equal(lewes_request_encode(request, out, sizeof out, &len), LEWES_OK);
    assert_int_equal(len, published.len);
    assert_memory_equal(out, published.bytes, len);
    accepted(&published, &decoded);
    assert_int_equal(lewes_request_encode(&decoded, out, sizeof out, &len), LEWES_OK);
    assert_memory_equal(out, published.bytes, published.len);
    assert_int_equal(decoded.timestamp, request->timestamp);
    assert_int_equal(decoded.mode, request->mode);
    assert_int_equal(decoded.ticket_type, request->ticket_type);
    assert_memory_equal(&decoded.wg_key, &request->wg_key, LEWES_KEY_LEN);
    assert_memory_equal(&decoded.client_ip, &request->client_ip, sizeof request->client_ip);
    assert_memory_equal(&decoded.mixnet_identity, &request->mixnet_identity, LEWES_KEY_LEN);
    assert_memory_equal(&decoded.mixnet_x25519, &request->mixnet_x25519, LEWES_KEY_LEN);
}

static void the_published_requests_are_written_and_read(void **state)
{
    struct lewes_request request;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct message message;
    (void)state;
    message_load(&message, "A.request.dvpn");
    check_digest(&message, "ee21e95401525a8ee0fdb70dc67e447130fd7fa54925203a0ba1a64df47ba7c6");
    message_request(&request, payment);
    check_encoding(&request, "A.request.dvpn");

    message_load(&message, "A.request.mixnet");
    check_digest(&message, "42b1ffef2d4334eb43de4e2ecbf783fe25f606b98bee9b8112c1dee07ba0241e");
    request.ticket_type = LEWES_TICKET_MIXNET_ENTRY;
    request.mode = LEWES_MODE_MIXNET;
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++) {
        request.mixnet_identity.bytes[i] = (uint8_t)(0x40 + i);
        request.mixnet_x25519.bytes[i] = (uint8_t)(0x60 + i);
    }
    check_encoding(&request, "A.request.mixnet");

    message_load(&message, "A.request.dvpn.ipv6client");
    check_digest(&message, "61cf75ef31b3285c073f49158bc422b2a7f9a904a6481327fc66a77506312013");
    message_request(&request, payment);
    request.ticket_type = LEWES_TICKET_WG_EXIT;
    request.client_ip = (struct lewes_ip){.family = 6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    check_encoding(&request, "A.request.dvpn.ipv6client");
}

static void every_cut_and_every_trailing_byte_is_refused(void **state)
{
    static const char *const names[] = {"A.request.dvpn", "A.request.mixnet",
                                        "A.request.dvpn.ipv6client"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct message message;
        struct lewes_request request;
        message_load(&message, names[i]);
        size_t len = message.len;
        for (message.len = 0; message.len < len; message.len++)
            assert_int_not_equal(lewes_request_decode(&request, message.bytes, message.len, NULL),
                                 LEWES_OK);
        message.bytes[len] = 0;
        message.len = len + 1;
        refused(&message, WHOLE);
    }
}

static void a_cut_message_is_not_read_behind_its_end(void **state)
{
    static const unsigned fields[][2] = {
        {0, WG_KEY},        {44, WG_KEY},       {45, CREDENTIAL},    {932, CREDENTIAL},
        {933, CREDENTIAL},  {1201, CREDENTIAL}, {EPOCH, CREDENTIAL}, {TYPE, TICKET_TYPE},
        {MODE, MODE_FIELD}, {IP, CLIENT_IP},    {TIME, TIMESTAMP},   {1291, TIMESTAMP}};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct message message;
        message_load(&message, "A.request.dvpn");
        message.len = fields[i][0];
        refused(&message, fields[i][1]);
    }
}

static void integers_may_be_longer_than_necessary_but_structure_has_one_spelling(void **state)
{
    (void)state;
    with(TIME, 5, "fd0000000069678540", 0);
    with(EPOCH, 1, "fb0001", 0);
    with(EPOCH, 1, "fc00000001", 0);
    with(EPOCH, 1, "fd0000000000000001", 0);
    with(DATE, 3, "fc00000fd4", 0);
    with(DATE, 3, "fd0000000000000fd4", 0);
    with(DATE + 3, 1, "fb000e", 0);
    with(DATE + 3, 1, "fd000000000000000e", 0);
    with(0, 1, "fb002c", WG_KEY);
    with(PAY_INFO, 1, "fb0048", CREDENTIAL);
    with(TYPE, 1, "fb0002", TICKET_TYPE);
    with(MODE, 1, "fb0000", MODE_FIELD);
    with(IP, 1, "fb0000", CLIENT_IP);
}

static void the_marks_fe_and_ff_are_refused_everywhere(void **state)
{
    static const struct {
        size_t at, len;
        unsigned field;
    } varints[] = {{0, 1, WG_KEY},         {PAY_INFO, 1, CREDENTIAL},
                   {DATE, 3, CREDENTIAL},  {DATE + 3, 1, CREDENTIAL},
                   {EPOCH, 1, CREDENTIAL}, {TYPE, 1, TICKET_TYPE},
                   {MODE, 1, MODE_FIELD},  {IP, 1, CLIENT_IP},
                   {TIME, 5, TIMESTAMP}};
    (void)state;
    for (size_t i = 0; i < sizeof varints / sizeof varints[0]; i++) {
        with(varints[i].at, varints[i].len, "fe", varints[i].field);
        with(varints[i].at, varints[i].len, "ff", varints[i].field);
        with(varints[i].at, varints[i].len, "fe0000000000000001", varints[i].field);
    }
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    with(TYPE, 1, "03", 0);
    with(TYPE, 1, "04", TICKET_TYPE);
    with(MODE, 1, "02", MODE_FIELD);
    with(IP, 1, "02", CLIENT_IP);
    with(PAY_INFO, 1, "47", CREDENTIAL);
    with(PAY_INFO, 1, "49", CREDENTIAL);
    with(EPOCH, 1, "fd7fffffffffffffff", 0);
    with(EPOCH, 1, "fd8000000000000000", CREDENTIAL);
    with(TIME, 5, "fd7fffffffffffffff", 0);
    with(TIME, 5, "fd8000000000000000", TIMESTAMP);
    with(DATE, 3, "fb0fc6", CREDENTIAL);         /* 2019 */
    with(DATE, 3, "fb0fc8", 0);                  /* 2020 */
    with(DATE, 3, "fb112e", 0);                  /* 2199 */
    with(DATE, 3, "fb1130", CREDENTIAL);         /* 2200 */
    with(DATE, 3, "fb0fd3", CREDENTIAL);         /* a negative year */
    with(DATE, 3, "fc00020fd4", CREDENTIAL);     /* 2026 + 65536 */
    with(DATE, 3, "fc0001f02b", CREDENTIAL);     /* 2026 - 65536 */
    with(DATE + 3, 1, "fc0001000e", CREDENTIAL); /* 14 + 65536 */
    with(DATE + 3, 1, "00", CREDENTIAL);
    with(DATE + 3, 1, "fa", 0);
    with(DATE + 3, 1, "fb00fb", 0);          /* day 251 */
    with(DATE + 3, 1, "fb016d", 0);          /* 365 */
    with(DATE + 3, 1, "fb016e", CREDENTIAL); /* 366 in 2026 */
    with(DATE + 3, 1, "fb016f", CREDENTIAL); /* 367 */
    with(DATE, 4, "fb0fd8fb016e", 0);        /* 366 in 2028 */
    with(DATE, 4, "fb0fd8fb016f", CREDENTIAL);
}

static void a_key_text_has_one_form(void **state)
{
    (void)state;
    with(44, 1, "41", WG_KEY); /* no pad */
    with(43, 1, "3d", WG_KEY); /* two pads */
    with(10, 1, "2d", WG_KEY); /* URL-safe */
    with(10, 1, "5f", WG_KEY);
    with(10, 1, "20", WG_KEY);
    with(43, 1, "39", WG_KEY); /* '8' is canonical, '9' sets an unused bit */
    with(0, 1, "2b", WG_KEY);
    with(0, 1, "2d", WG_KEY);
}

static void only_one_ticket_is_read_and_its_end_is_found(void **state)
{
    struct message message;
    struct lewes_request request;
    uint8_t bound[34] = {1, 32};
    (void)state;
    with(PAYMENT + 887, 1, "02", CREDENTIAL);
    with(PAYMENT + 887, 1, "fd", CREDENTIAL);
    with(PAYMENT + 887, 1, "fd1000000000000000", CREDENTIAL); /* 2^60 */
    message_load(&message, "A.request.dvpn");
    accepted(&message, &request);
    assert_int_equal(request.credential.payment_len, LEWES_PAYMENT_UNBOUND_LEN);
    assert_ptr_equal(request.credential.payment, message.bytes + PAYMENT);
    message_replace(&message, PAYMENT + 887, 1, bound, sizeof bound);
    accepted(&message, &request);
    assert_int_equal(request.credential.payment_len, LEWES_PAYMENT_BOUND_LEN);
    assert_int_equal(request.credential.spend_date.day, 14);
}

static void a_request_longer_than_the_cap_is_refused(void **state)
{
    struct message message;
    struct lewes_request request;
    (void)state;
    memset(&message, 0, sizeof message);
    message.len = LEWES_REQUEST_MAX + 1;
    assert_int_equal(lewes_request_decode(&request, message.bytes, message.len, NULL),
                     LEWES_ERROR_LENGTH);
}

static void a_value_without_encoding_is_an_error_of_the_caller(void **state)
{
    struct lewes_request good, bad;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], out[LEWES_REQUEST_MAX];
    size_t len = 77;
    (void)state;
    message_request(&good, payment);
#define REFUSED(change)                                                                            \
    bad = good;                                                                                    \
    bad.change;                                                                                    \
    assert_int_equal(lewes_request_encode(&bad, out, sizeof out, &len), LEWES_ERROR_VALUE);        \
    assert_int_equal(len, 77)
    REFUSED(credential.payment_len = LEWES_PAYMENT_BOUND_LEN);
    REFUSED(credential.payment_len = 3);
    REFUSED(credential.payment = NULL);
    REFUSED(credential.spend_date.day = 0);
    REFUSED(credential.spend_date.day = 366);
    REFUSED(credential.spend_date.year = 2019);
    REFUSED(credential.epoch = (uint64_t)INT64_MAX + 1);
    REFUSED(timestamp = (uint64_t)INT64_MAX + 1);
    REFUSED(client_ip.family = 5);
    /* NOLINTBEGIN(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
    REFUSED(ticket_type = (enum lewes_ticket_type)4);
    REFUSED(mode = (enum lewes_mode)2);
    /* NOLINTEND(clang-analyzer-optin.core.EnumCastOutOfRange) */
#undef REFUSED
    for (size_t cap = 0; cap < 1292; cap++) {
        memset(out, 0, sizeof out);
        assert_int_equal(lewes_request_encode(&good, out, cap, &len), LEWES_ERROR_SPACE);
        assert_memory_equal(out, (uint8_t[LEWES_REQUEST_MAX]){0}, sizeof out);
    }
    assert_int_equal(len, 77);
    assert_int_equal(lewes_request_encode(&good, out, 1292, &len), LEWES_OK);
}

/* A small generator: the property must hold for any values, not for good ones. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void what_is_decoded_encodes_to_the_same_bytes(void **state)
{
    uint64_t seed = 1;
    uint8_t payment[LEWES_PAYMENT_BOUND_LEN], first[LEWES_REQUEST_MAX], second[LEWES_REQUEST_MAX];
    struct lewes_request request, decoded;
    size_t len = 0, again = 0;
    (void)state;
    message_request(&request, payment);
    for (int round = 0; round < 2000; round++) {
        payment[887] = next(&seed) & 1;
        request.credential.payment_len =
            payment[887] ? LEWES_PAYMENT_BOUND_LEN : LEWES_PAYMENT_UNBOUND_LEN;
        request.credential.spend_date.year = (uint16_t)(2020 + next(&seed) % 180);
        request.credential.spend_date.day = (uint16_t)(1 + next(&seed) % 365);
        request.credential.epoch = next(&seed) >> (1 + next(&seed) % 63);
        request.timestamp = next(&seed) >> (1 + next(&seed) % 63);
        request.ticket_type = (enum lewes_ticket_type)(next(&seed) % 4);
        request.mode = (enum lewes_mode)(next(&seed) % 2);
        request.client_ip.family = next(&seed) & 1 ? 4 : 6;
        assert_int_equal(lewes_request_encode(&request, first, sizeof first, &len), LEWES_OK);
        assert_int_equal(lewes_request_decode(&decoded, first, len, NULL), LEWES_OK);
        assert_int_equal(lewes_request_encode(&decoded, second, sizeof second, &again), LEWES_OK);
        assert_int_equal(again, len);
        assert_memory_equal(first, second, len);
    }
}

static void a_registration_is_told_from_a_forward_before_decoding(void **state)
{
    struct message message;
    (void)state;
    message_load(&message, "A.request.dvpn");
    assert_int_equal(lewes_payload_kind(message.bytes, message.len), LEWES_PAYLOAD_REGISTRATION);
    assert_int_equal(lewes_payload_kind(message.bytes, 44), LEWES_PAYLOAD_FORWARD);
    assert_int_equal(lewes_payload_kind(message.bytes, 45), LEWES_PAYLOAD_REGISTRATION);
    assert_int_equal(lewes_payload_kind(message.bytes, 2048), LEWES_PAYLOAD_REGISTRATION);
    assert_int_equal(lewes_payload_kind(message.bytes, 2049), LEWES_PAYLOAD_FORWARD);
    assert_int_equal(lewes_payload_kind(NULL, 0), LEWES_PAYLOAD_FORWARD);
    for (size_t at = 0; at <= 44; at++) {
        uint8_t kept = message.bytes[at];
        message.bytes[at] = '.';
        assert_int_equal(lewes_payload_kind(message.bytes, message.len), LEWES_PAYLOAD_FORWARD);
        message.bytes[at] = kept;
    }
    message_load(&message, "A.forward");
    message.bytes[0] = 0x2c;
    memset(message.bytes + 1, 'A', 31); /* an identity that looks like a key */
    assert_int_equal(lewes_payload_kind(message.bytes, message.len), LEWES_PAYLOAD_FORWARD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_requests_are_written_and_read),
        cmocka_unit_test(every_cut_and_every_trailing_byte_is_refused),
        cmocka_unit_test(a_cut_message_is_not_read_behind_its_end),
        cmocka_unit_test(integers_may_be_longer_than_necessary_but_structure_has_one_spelling),
        cmocka_unit_test(the_marks_fe_and_ff_are_refused_everywhere),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(a_key_text_has_one_form),
        cmocka_unit_test(only_one_ticket_is_read_and_its_end_is_found),
        cmocka_unit_test(a_request_longer_than_the_cap_is_refused),
        cmocka_unit_test(a_value_without_encoding_is_an_error_of_the_caller),
        cmocka_unit_test(what_is_decoded_encodes_to_the_same_bytes),
        cmocka_unit_test(a_registration_is_told_from_a_forward_before_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
