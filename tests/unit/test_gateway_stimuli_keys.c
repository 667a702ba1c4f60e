/* SPDX-License-Identifier: Apache-2.0 */
/* The table of protocol.md 15 at a gateway: the agreement of keys, from the KKTRequest to
 * Handshake3. The rest is in test_gateway_stimuli.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/kkt_frames.h"
#include "tests/support/psq_model.h"
#include "tests/support/stimuli.h"

#define SECONDS (RIG_UNIX_MS / 1000)
#define NOISE1_LEN 48
#define PSQ_LEN 207 /* protocol.md 8.3, suite X25519 */

static struct rig *const rig = &stimuli_rig;
static struct client *const client = &stimuli_client;

/* ---- KKT ---- */

static const uint8_t good_context[LEWESI_KKT_CONTEXT_LEN] = {0x10, 0, 0xff};

static void send_request(const struct kkt_frame *frame, size_t len)
{
    stimuli_send_clear(LEWESI_KKT_REQUEST, frame->bytes, len, 0);
}

/* A well-signed request, whose context has the byte detail % 256 at detail / 256. */
static void say_context(unsigned detail)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    memcpy(context, good_context, sizeof context);
    context[detail >> 8] = (uint8_t)detail;
    kkt_frame_make(&frame, context, (struct lewesi_span){NULL, 0},
                   &client->identity->ed25519_private);
    send_request(&frame, frame.len);
}
#define BYTE(at, value) ((at) << 8 | (value))

static void say_request_of_length(unsigned len)
{
    struct kkt_frame frame;
    kkt_frame_make(&frame, good_context, (struct lewesi_span){NULL, 0},
                   &client->identity->ed25519_private);
    send_request(&frame, len);
}

static void say_request_with_bit(unsigned bit)
{
    struct kkt_frame frame;
    kkt_frame_make(&frame, good_context, (struct lewesi_span){NULL, 0},
                   &client->identity->ed25519_private);
    frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    send_request(&frame, frame.len);
}

static void say_anonymous_request(unsigned detail)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    (void)detail;
    memcpy(context, good_context, sizeof context);
    context[1] = 2;
    kkt_frame_make(&frame, context, (struct lewesi_span){NULL, 0},
                   &client->identity->ed25519_private);
    send_request(&frame, LEWESI_KKT_ANONYMOUS_LEN);
}

static void say_mutual_request(unsigned detail)
{
    uint8_t context[LEWESI_KKT_CONTEXT_LEN];
    struct kkt_frame frame;
    (void)detail;
    memcpy(context, good_context, sizeof context);
    context[1] = 4;
    kkt_frame_make(&frame, context,
                   (struct lewesi_span){client->identity->x25519.bytes, LEWES_KEY_LEN},
                   &client->identity->ed25519_private);
    send_request(&frame, frame.len);
}

static void requests_that_are_not_good_close(void **state)
{
    static const struct stimulus rows[] = {
        {"a bad signature", 2, say_request_with_bit, 8 * 86, CLOSED, END_KKT},
        {"another session id than was signed", 2, say_request_with_bit, 8 * 7, CLOSED, END_KKT},
        {"one byte less", 2, say_request_of_length, 86, CLOSED, END_KKT},
        {"one byte more", 2, say_request_of_length, 88, CLOSED, END_KKT},
        {"nothing", 2, say_request_of_length, 0, CLOSED, END_PARSE},
        {"version 2", 2, say_context, BYTE(0, 0x20), CLOSED, END_KKT},
        {"version 0", 2, say_context, BYTE(0, 0x00), CLOSED, END_KKT},
        {"sequence 1", 2, say_context, BYTE(0, 0x11), CLOSED, END_KKT},
        {"status 1", 2, say_context, BYTE(1, 0x20), CLOSED, END_KKT},
        {"role 1", 2, say_context, BYTE(1, 0x01), CLOSED, END_KKT},
        {"role 2, signed", 2, say_context, BYTE(1, 0x02), CLOSED, END_KKT},
        {"role 3", 2, say_context, BYTE(1, 0x03), CLOSED, END_KKT},
        {"reserved 1", 2, say_context, BYTE(6, 0x01), CLOSED, END_KKT},
        {"anonymous", 2, say_anonymous_request, 0, CLOSED, END_KKT},
        {"mutual", 2, say_mutual_request, 0, CLOSED, END_KKT},
        {"twice", 4, say_context, BYTE(0, 0x10), CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* P27, step 4: the owner of the hello's key may ask again. */
static void suites_that_are_not_served_are_refused_and_the_connection_stays(void **state)
{
    static const struct stimulus rows[] = {
        {"X-Wing, without its key", 2, say_context, BYTE(2, 0), STATUS_4, END_CLOSED},
        {"ML-KEM-768, without its key", 2, say_context, BYTE(2, 1), STATUS_4, END_CLOSED},
        {"Classic McEliece", 2, say_context, BYTE(2, 2), STATUS_4, END_CLOSED},
        {"KEM 3", 2, say_context, BYTE(2, 3), STATUS_4, END_CLOSED},
        {"KEM 254", 2, say_context, BYTE(2, 254), STATUS_4, END_CLOSED},
        {"hash 4", 2, say_context, BYTE(3, 4), STATUS_4, END_CLOSED},
        {"digest length 1", 2, say_context, BYTE(4, 1), STATUS_4, END_CLOSED},
        {"digest length 15", 2, say_context, BYTE(4, 15), STATUS_4, END_CLOSED},
        {"digest length 64", 2, say_context, BYTE(4, 64), STATUS_4, END_CLOSED},
        {"signature scheme 1", 2, say_context, BYTE(5, 1), STATUS_4, END_CLOSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* ---- PSQ: its time, in a Handshake1 that is good in all else ---- */

static void send_handshake1_of(uint64_t seconds, uint32_t milliseconds)
{
    client->session->handshake->params.psq_time = (struct lewesi_psq_times){seconds, milliseconds};
    client_write(client);
}

/* The gateway's clock goes on meanwhile: the edges themselves are in test_psq_time.c. */
static void say_time_ahead(unsigned milliseconds)
{
    const uint64_t at = RIG_UNIX_MS + milliseconds;
    send_handshake1_of(at / 1000, (uint32_t)(at % 1000));
}

static void say_time_behind(unsigned milliseconds)
{
    const uint64_t at = RIG_UNIX_MS - milliseconds;
    send_handshake1_of(at / 1000, (uint32_t)(at % 1000));
}

static void say_milliseconds(unsigned milliseconds)
{
    send_handshake1_of(SECONDS - 300, milliseconds);
}

static void say_time_that_overflows(unsigned milliseconds)
{
    send_handshake1_of(UINT64_MAX, milliseconds);
}

static void say_seconds_of_41_bits(unsigned detail)
{
    (void)detail;
    send_handshake1_of(UINT64_C(1) << 40, 0);
}

static void times_have_their_limits(void **state)
{
    static const struct stimulus rows[] = {
        {"1 ms ahead", 4, say_time_ahead, 1, GOES_ON, END_CLOSED},
        {"30 s ahead", 4, say_time_ahead, 30000, GOES_ON, END_CLOSED},
        {"60 s ahead", 4, say_time_ahead, 60000, CLOSED, END_REFUSED},
        {"3599 s old", 4, say_time_behind, 3599000, GOES_ON, END_CLOSED},
        {"3601 s old", 4, say_time_behind, 3601000, GOES_ON, END_CLOSED},
        {"3610 s old", 4, say_time_behind, 3610000, GOES_ON, END_CLOSED},
        {"3630 s old", 4, say_time_behind, 3630000, CLOSED, END_REFUSED},
        {"999 ms", 4, say_milliseconds, 999, GOES_ON, END_CLOSED},
        {"1500 ms", 4, say_milliseconds, 1500, CLOSED, END_REFUSED},
        {"a sum that overflows", 4, say_time_that_overflows, 4000000000, CLOSED, END_REFUSED},
        {"seconds that overflow", 4, say_time_that_overflows, 0, CLOSED, END_REFUSED},
        {"2^40 seconds", 4, say_seconds_of_41_bits, 0, CLOSED, END_REFUSED},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* ---- PSQ: messages made by hand, with zeros in place of the Noise message ---- */

static struct psq_model model;

static void make_model(void)
{
    psq_model_init(&model, lewesi_kem_find(LEWES_KEM_X25519));
    model.parties.client_private = client->identity->ed25519_private;
    model.parties.client = client->identity->ed25519;
    memcpy(model.pair.public_key, rig->identity->x25519.bytes, LEWES_KEY_LEN);
    model.receiver_index = lewes_session_receiver_index(client->session);
    model.seconds = SECONDS;
}

static void send_psq_part(const uint8_t *part, size_t len)
{
    uint8_t body[2 + PSQ_MODEL_CAP + NOISE1_LEN] = {0};
    lewesi_store16le(body, (uint16_t)len);
    memcpy(body + 2, part, len);
    stimuli_send_clear(LEWESI_HANDSHAKE, body, 2 + len + NOISE1_LEN, 1);
}

static void send_model(void)
{
    psq_model_write(&model);
    send_psq_part(model.message, model.len);
}

enum fault { FAULT_NONE, FAULT_MAC, FAULT_TAG, FAULT_CREDENTIAL, FAULT_SIGNATURE, FAULT_SECRET };

static void say_psq_with(unsigned fault)
{
    make_model();
    model.wrong_mac = fault == FAULT_MAC;
    model.wrong_tag = fault == FAULT_TAG;
    model.wrong_credential = fault == FAULT_CREDENTIAL;
    model.wrong_signature = fault == FAULT_SIGNATURE;
    model.zero_secret = fault == FAULT_SECRET;
    send_model();
}

static void say_psq_with_plaintext_of(unsigned len)
{
    make_model();
    model.plaintext_len = len;
    send_model();
}

/* A plaintext of that length, and behind its ciphertext as much as the whole part lacks. */
static void say_psq_filled_up_to_207(unsigned len)
{
    make_model();
    model.plaintext_len = len;
    psq_model_write(&model);
    memset(model.message + model.len, 0, PSQ_LEN - model.len);
    send_psq_part(model.message, PSQ_LEN);
}

/* 03 or 05, and a length of 8 bytes that begins with the lower byte. */
static void say_huge_length(unsigned tag_and_first)
{
    uint8_t part[PSQ_LEN] = {0};
    part[0] = (uint8_t)(tag_and_first >> 8);
    part[1] = (uint8_t)tag_and_first;
    memset(part + 2, (uint8_t)tag_and_first == 0xff ? 0xff : 0, 7);
    send_psq_part(part, sizeof part);
}

static void say_short_part_with_huge_length(unsigned tag)
{
    uint8_t part[60] = {(uint8_t)tag, 0xc0};
    send_psq_part(part, sizeof part);
}

/* The same with a time to live of 1 ms: ki opens the plaintext, which is sealed again. */
static void say_psq_with_short_life(unsigned detail)
{
    enum { TAG = 65, TEXT = 83, TTL = 12 };
    struct lewesi_nonce nonce;
    (void)detail;
    make_model();
    psq_model_write(&model);
    memcpy(nonce.bytes, model.schedule.ki + 32, sizeof nonce.bytes);
    assert_int_equal(lewesi_aead_open(model.schedule.ki, &nonce, (struct lewesi_span){NULL, 0},
                                      model.message + TEXT, LEWESI_PSQ_PLAINTEXT_LEN,
                                      model.message + TAG),
                     LEWES_OK);
    lewesi_store32be(model.message + TEXT + TTL + 12, 1);
    assert_int_equal(lewesi_aead_seal(model.schedule.ki, &nonce, (struct lewesi_span){NULL, 0},
                                      model.message + TEXT, LEWESI_PSQ_PLAINTEXT_LEN,
                                      model.message + TAG),
                     LEWES_OK);
    send_psq_part(model.message, model.len);
}

/* That PSQ was content shows in the reason: Noise, which comes after it. */
static void psq_messages_that_are_not_good_close(void **state)
{
    static const struct stimulus rows[] = {
        {"good, but for Noise", 4, say_psq_with, FAULT_NONE, CLOSED, END_NOISE},
        {"a time to live of 1 ms", 4, say_psq_with_short_life, 0, CLOSED, END_NOISE},
        {"mac", 4, say_psq_with, FAULT_MAC, CLOSED, END_PSQ},
        {"tag", 4, say_psq_with, FAULT_TAG, CLOSED, END_PSQ},
        {"credential", 4, say_psq_with, FAULT_CREDENTIAL, CLOSED, END_PSQ},
        {"signature", 4, say_psq_with, FAULT_SIGNATURE, CLOSED, END_PSQ},
        {"a secret of zeros", 4, say_psq_with, FAULT_SECRET, CLOSED, END_PSQ},
        {"plaintext with a byte more", 4, say_psq_with_plaintext_of, 125, CLOSED, END_PARSE},
        {"plaintext of 27 bytes", 4, say_psq_with_plaintext_of, 27, CLOSED, END_PARSE},
        {"plaintext of 0 bytes", 4, say_psq_with_plaintext_of, 0, CLOSED, END_PARSE},
        {"plaintext of 27 bytes, filled up", 4, say_psq_filled_up_to_207, 27, CLOSED, END_PSQ},
        {"plaintext of 0 bytes, filled up", 4, say_psq_filled_up_to_207, 0, CLOSED, END_PSQ},
        {"03 and 2^62", 4, say_huge_length, 0x03c0, CLOSED, END_PSQ},
        {"05 and 2^62", 4, say_huge_length, 0x05c0, CLOSED, END_PSQ},
        {"03 and the largest length", 4, say_huge_length, 0x03ff, CLOSED, END_PSQ},
        {"05 and the largest length", 4, say_huge_length, 0x05ff, CLOSED, END_PSQ},
        {"03 and 2^62, 60 bytes", 4, say_short_part_with_huge_length, 3, CLOSED, END_PARSE},
        {"05 and 2^62, 60 bytes", 4, say_short_part_with_huge_length, 5, CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* ---- Handshake1 again ---- */

/* Sends Handshake1, and takes its answer. */
static size_t send_handshake1(uint8_t *packet, size_t cap)
{
    enum lewes_event_kind kind;
    const size_t len = stimuli_take(packet, cap);
    client_send_packet(client, packet, len);
    assert_true(client_read(client, &kind));
    return len;
}

static void say_handshake1_again(unsigned detail)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    const size_t len = send_handshake1(packet, sizeof packet);
    (void)detail;
    client_send_packet(client, packet, len);
}

static void say_handshake1_sealed(unsigned in_transport)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    enum lewes_event_kind kind;
    const size_t len = send_handshake1(packet, sizeof packet);
    if (in_transport) {
        client_write(client);
        assert_true(client_read(client, &kind));
    }
    stimuli_send_sealed(LEWESI_HANDSHAKE, packet + LEWESI_BODY_OFFSET, len - LEWESI_PACKET_FRAME);
}

static void handshake1_counts_once(void **state)
{
    static const struct stimulus rows[] = {
        {"clear", 4, say_handshake1_again, 0, CLOSED, END_AUTH},
        {"under the outer key, for Handshake3", 4, say_handshake1_sealed, 0, CLOSED, END_NOISE},
        {"under the outer key, after it", 4, say_handshake1_sealed, 1, CLOSED, END_PARSE},
    };
    (void)state;
    STIMULI_TRY(rows);
}

/* ---- a recording, after a restart ---- */

struct recording {
    uint8_t hello[LEWES_HELLO_PACKET_LEN], request[256], handshake1[LEWES_HANDSHAKE_PACKET_MAX];
    size_t request_len, handshake1_len;
    uint64_t counter; /* of the Handshake2 that came */
};

static void record(struct recording *r)
{
    enum lewes_event_kind kind;
    client_open(client, rig, 1);
    client_make_hello(client);
    memcpy(r->hello, client->packet, sizeof r->hello);
    client_send_packet(client, r->hello, sizeof r->hello);
    assert_true(client_read(client, &kind));
    r->request_len = stimuli_take(r->request, sizeof r->request);
    client_send_packet(client, r->request, r->request_len);
    assert_true(client_read(client, &kind));
    r->handshake1_len = stimuli_take(r->handshake1, sizeof r->handshake1);
    client_send_packet(client, r->handshake1, r->handshake1_len);
    assert_true(client_receive(client));
    r->counter = lewesi_load64le(client->packet + 4);
    client_close(client);
    rig_wait_quiet(rig);
}

static void replay(const struct recording *r)
{
    client_open(client, rig, 1);
    client_send_packet(client, r->hello, sizeof r->hello);
    client_send_packet(client, r->request, r->request_len);
    client_send_packet(client, r->handshake1, r->handshake1_len);
}

/* The gateway has forgotten its salts, and cannot know better. */
static void after_a_restart_a_recording_is_answered_once_and_with_another_nonce(void **state)
{
    static struct recording recording;
    (void)state;
    rig_up(rig);
    record(&recording);
    replay(&recording);
    client_expect_gone(client);
    client_close(client);
    rig_stop(rig);
    rig_start(rig);
    replay(&recording);
    for (unsigned i = 0; i < 3; i++)
        assert_true(client_receive(client));
    assert_int_equal(client->packet_len, LEWESI_PACKET_FRAME + 80); /* Handshake2 */
    assert_true(lewesi_load64le(client->packet + 4) != recording.counter);
    client_close(client);
    rig_wait_quiet(rig);
    replay(&recording);
    client_expect_gone(client);
    rig_wait_end(rig, END_REPLAY, 1);
    client_close(client);
    rig_down(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stimuli_up, stimuli_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_that_are_not_good_close),
        TEST(suites_that_are_not_served_are_refused_and_the_connection_stays),
        TEST(times_have_their_limits),
        TEST(psq_messages_that_are_not_good_close),
        TEST(handshake1_counts_once),
        cmocka_unit_test(after_a_restart_a_recording_is_answered_once_and_with_another_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
