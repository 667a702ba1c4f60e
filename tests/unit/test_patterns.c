/* SPDX-License-Identifier: Apache-2.0 */
/* Every message of both directions against published vectors and recorded handshakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "lib/crypto/crypto.h"
#include "lib/noise/noise.h"
#include "lib/noise/patterns.h"
#include "tests/support/vectors.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The patterns that ours are made of: the interpreter knows no pattern by name. */
static const struct lewesi_noise_pattern xk = {
    .name = "Noise_XK_25519_ChaChaPoly_SHA256",
    .pre_responder = true,
    .messages = 3,
    .tokens = {{LEWESI_TOKEN_E, LEWESI_TOKEN_ES},
               {LEWESI_TOKEN_E, LEWESI_TOKEN_EE},
               {LEWESI_TOKEN_S, LEWESI_TOKEN_SE}},
};

static const struct lewesi_noise_pattern kk = {
    .name = "Noise_KK_25519_ChaChaPoly_SHA256",
    .pre_initiator = true,
    .pre_responder = true,
    .messages = 2,
    .tokens = {{LEWESI_TOKEN_E, LEWESI_TOKEN_ES, LEWESI_TOKEN_SS},
               {LEWESI_TOKEN_E, LEWESI_TOKEN_EE, LEWESI_TOKEN_SE}},
};

/* Two more, because ours never send a text without a key. */
static const struct lewesi_noise_pattern xx = {
    .name = "Noise_XX_25519_ChaChaPoly_SHA256",
    .messages = 3,
    .tokens = {{LEWESI_TOKEN_E},
               {LEWESI_TOKEN_E, LEWESI_TOKEN_EE, LEWESI_TOKEN_S, LEWESI_TOKEN_ES},
               {LEWESI_TOKEN_S, LEWESI_TOKEN_SE}},
};

static const struct lewesi_noise_pattern ix = {
    .name = "Noise_IX_25519_ChaChaPoly_SHA256",
    .messages = 2,
    .tokens = {{LEWESI_TOKEN_E, LEWESI_TOKEN_S},
               {LEWESI_TOKEN_E, LEWESI_TOKEN_EE, LEWESI_TOKEN_SE, LEWESI_TOKEN_S, LEWESI_TOKEN_ES}},
};

static const struct lewesi_noise_pattern *pattern_named(const char *name)
{
    const struct lewesi_noise_pattern *const all[] = {
        &lewesi_noise_xkpsk3, &lewesi_noise_kkpsk0, &xk, &kk, &xx, &ix};
    size_t i;

    for (i = 0; i < COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    fail_msg("no pattern is called %s", name);
    return NULL;
}

struct end {
    struct lewesi_noise noise;
    struct lewes_x25519_private e_private;
    struct lewesi_cipher send, receive;
};

struct end_fields { /* names of the fields that describe an end */
    const char *s_private, *rs, *e_private, *prologue, *psks;
};

/* ---- Published vectors ---- */

static void start_end(struct end *end, const json_t *vector, bool initiator,
                      const struct end_fields *fields)
{
    const char *name = vectors_text(vector, "protocol_name");
    const json_t *psks = json_object_get(vector, fields->psks);
    uint8_t prologue[64], psk[32];
    struct lewes_x25519_private s_private;
    struct lewes_x25519_public s, rs;
    struct lewesi_noise_setup setup = {.initiator = initiator, .s_private = &s_private, .s = &s};

    setup.pattern = pattern_named(name);
    vectors_exact(vector, fields->s_private, s_private.bytes, LEWES_KEY_LEN);
    vectors_exact(vector, fields->e_private, end->e_private.bytes, LEWES_KEY_LEN);
    lewesi_x25519_public(&s, &s_private);
    setup.prologue.data = prologue;
    setup.prologue.len = vectors_hex(vector, fields->prologue, prologue, sizeof prologue);
    if (initiator ? setup.pattern->pre_responder : setup.pattern->pre_initiator) {
        vectors_exact(vector, fields->rs, rs.bytes, LEWES_KEY_LEN);
        setup.rs = &rs;
    }
    lewesi_noise_start(&end->noise, &setup);
    assert_int_equal(json_array_size(psks), setup.pattern->psk);
    if (setup.pattern->psk) {
        assert_int_equal(strlen(json_string_value(json_array_get(psks, 0))), 64);
        vector_hex(json_string_value(json_array_get(psks, 0)), psk, sizeof psk);
        lewesi_noise_set_psk(&end->noise, psk);
    }
}

struct exchanged {
    uint8_t payload[64], message[160], read[160];
    size_t payload_len, message_len;
};

static void check_handshake_message(struct end *writer, struct end *reader, struct exchanged *x)
{
    const struct lewesi_span payload = {x->payload, x->payload_len};
    uint8_t written[160];
    struct lewesi_span message = {written, 0};
    struct lewesi_writer out;
    size_t read_len;

    lewesi_writer_init(&out, written, sizeof written);
    assert_int_equal(lewesi_noise_write(&writer->noise, &writer->e_private, payload, &out),
                     LEWES_OK);
    assert_int_equal(out.at, x->message_len);
    assert_memory_equal(written, x->message, x->message_len);
    message.len = out.at;
    assert_int_equal(lewesi_noise_read(&reader->noise, message, x->read, &read_len), LEWES_OK);
    assert_int_equal(read_len, x->payload_len);
    assert_memory_equal(x->read, x->payload, x->payload_len);
    assert_memory_equal(writer->noise.h, reader->noise.h, sizeof writer->noise.h);
}

static void check_transport_message(struct end *writer, struct end *reader, struct exchanged *x)
{
    uint8_t text[160];

    memcpy(text, x->payload, x->payload_len);
    assert_int_equal(lewesi_cipher_seal(&writer->send, text, x->payload_len), LEWES_OK);
    assert_int_equal(x->payload_len + LEWESI_NOISE_TAG_LEN, x->message_len);
    assert_memory_equal(text, x->message, x->message_len);
    assert_int_equal(lewesi_cipher_open(&reader->receive, text, x->message_len), LEWES_OK);
    assert_memory_equal(text, x->payload, x->payload_len);
}

static void split_both(struct end ends[2], const json_t *vector)
{
    uint8_t hash[32];
    size_t i;

    for (i = 0; i < 2; i++) {
        assert_true(lewesi_noise_finished(&ends[i].noise));
        assert_int_equal(lewesi_noise_split(&ends[i].noise, &ends[i].send, &ends[i].receive),
                         LEWES_OK);
        if (json_object_get(vector, "handshake_hash") != NULL) {
            vectors_exact(vector, "handshake_hash", hash, LEWES_KEY_LEN);
            assert_memory_equal(ends[i].noise.h, hash, sizeof hash);
        }
    }
}

static void check_vector(const json_t *vector)
{
    static const struct end_fields fields[2] = {
        {"init_static", "init_remote_static", "init_ephemeral", "init_prologue", "init_psks"},
        {"resp_static", "resp_remote_static", "resp_ephemeral", "resp_prologue", "resp_psks"},
    };
    const json_t *messages = vectors_member(vector, "messages");
    struct end ends[2];
    size_t i, handshake;

    memset(ends, 0, sizeof ends);
    for (i = 0; i < 2; i++)
        start_end(&ends[i], vector, i == 0, &fields[i]);
    for (i = 0; i < 2; i++) { /* to be set by the split, all of it */
        memset(&ends[i].send, 0x55, sizeof ends[i].send);
        memset(&ends[i].receive, 0x55, sizeof ends[i].receive);
    }
    handshake = ends[0].noise.pattern->messages;
    assert_true(json_array_size(messages) > handshake);
    for (i = 0; i < json_array_size(messages); i++) {
        const json_t *message = json_array_get(messages, i);
        struct end *writer = &ends[i % 2], *reader = &ends[1 - i % 2];
        struct exchanged x;

        x.payload_len = vectors_hex(message, "payload", x.payload, sizeof x.payload);
        x.message_len = vectors_hex(message, "ciphertext", x.message, sizeof x.message);
        if (i == handshake)
            split_both(ends, vector);
        if (i < handshake)
            check_handshake_message(writer, reader, &x);
        else
            check_transport_message(writer, reader, &x);
    }
}

static size_t check_vectors(const char *path)
{
    json_t *file = vectors_load(path);
    const json_t *vectors = vectors_member(file, "vectors");
    const size_t count = json_array_size(vectors);
    size_t i;

    for (i = 0; i < count; i++)
        check_vector(json_array_get(vectors, i));
    json_decref(file);
    return count;
}

static void the_published_vectors_are_reproduced_by_both_ends(void **state)
{
    (void)state;
    assert_int_equal(check_vectors("noise/lp-subset.json"), 6);
}

static void messages_before_the_first_key_are_reproduced_too(void **state)
{
    (void)state;
    assert_int_equal(check_vectors("noise/without-key.json"), 2);
}

/* A message that has no tag is cut at every length: its keys must be whole. */
static void a_message_without_a_key_needs_its_keys(void **state)
{
    const struct lewes_x25519_private s_private = {{1}}, e_private = {{2}};
    const struct lewesi_span nothing = {NULL, 0};
    uint8_t bytes[64], payload[64];
    struct lewesi_span message = {bytes, 0};
    struct lewesi_noise initiator, responder;
    struct lewes_x25519_public s;
    struct lewesi_noise_setup setup = {.pattern = &ix, .s_private = &s_private, .s = &s};
    struct lewesi_writer out;
    size_t len;

    (void)state;
    lewesi_x25519_public(&s, &s_private);
    lewesi_noise_start(&responder, &setup);
    setup.initiator = true;
    lewesi_noise_start(&initiator, &setup);
    lewesi_writer_init(&out, bytes, sizeof bytes);
    assert_int_equal(lewesi_noise_write(&initiator, &e_private, nothing, &out), LEWES_OK);
    assert_int_equal(out.at, 64);
    for (; message.len < 64; message.len++)
        assert_int_equal(lewesi_noise_read(&responder, message, payload, &len), LEWES_ERROR_NOISE);
    assert_int_equal(lewesi_noise_read(&responder, message, payload, &len), LEWES_OK);
    assert_int_equal(len, 0);
    assert_memory_equal(&responder.rs, &s, sizeof s);
}

/* ---- Recorded handshakes ---- */

static void check_state(const struct lewesi_noise *noise, const json_t *expected)
{
    uint8_t value[32];

    vectors_exact(expected, "h", value, LEWES_KEY_LEN);
    assert_memory_equal(noise->h, value, sizeof value);
    vectors_exact(expected, "ck", value, LEWES_KEY_LEN);
    assert_memory_equal(noise->ck, value, sizeof value);
}

static void check_keys(const struct end ends[2], const json_t *expected)
{
    uint8_t key[32];

    vectors_exact(expected, "k_initiator_to_responder", key, LEWES_KEY_LEN);
    assert_memory_equal(ends[0].send.key, key, sizeof key);
    assert_memory_equal(ends[1].receive.key, key, sizeof key);
    vectors_exact(expected, "k_responder_to_initiator", key, LEWES_KEY_LEN);
    assert_memory_equal(ends[0].receive.key, key, sizeof key);
    assert_memory_equal(ends[1].send.key, key, sizeof key);
}

/* Client first: the initiator of all that is recorded. Without a psk; ephemerals not yet known. */
static void start_recorded(struct end ends[2], const json_t *session,
                           const struct lewesi_noise_pattern *pattern)
{
    static const char *const names[2] = {"client", "gateway"};
    struct lewes_x25519_private s_private[2];
    struct lewes_x25519_public s[2];
    size_t i;

    for (i = 0; i < 2; i++) {
        const json_t *end = json_object_get(session, names[i]);

        vectors_exact(end, "x25519_private", s_private[i].bytes, LEWES_KEY_LEN);
        vectors_exact(end, "x25519_public", s[i].bytes, LEWES_KEY_LEN);
    }
    for (i = 0; i < 2; i++) {
        const struct lewesi_noise_setup setup = {
            .pattern = pattern,
            .initiator = i == 0,
            .s_private = &s_private[i],
            .s = &s[i],
            .rs = i == 0 || pattern->pre_initiator ? &s[1 - i] : NULL,
        };

        lewesi_noise_start(&ends[i].noise, &setup);
    }
    if (!pattern->pre_initiator)
        lewesi_noise_expect_static(&ends[1].noise, &s[0]);
}

static void pass_message(struct end ends[2], size_t message, const json_t *expected)
{
    struct end *writer = &ends[message % 2], *reader = &ends[1 - message % 2];
    const struct lewesi_span nothing = {NULL, 0};
    uint8_t bytes[64];
    struct lewesi_span span = {bytes, 0};
    struct lewesi_writer out;

    lewesi_writer_init(&out, bytes, sizeof bytes);
    assert_int_equal(lewesi_noise_write(&writer->noise, &writer->e_private, nothing, &out),
                     LEWES_OK);
    span.len = out.at;
    assert_int_equal(lewesi_noise_read(&reader->noise, span, NULL, NULL), LEWES_OK);
    check_state(&writer->noise, expected);
    check_state(&reader->noise, expected);
}

static void check_handshake(const json_t *session)
{
    static const char *const after[3] = {"noise_after_msg1", "noise_after_msg2", "noise_final"};
    struct end ends[2];
    uint8_t psk[32];
    size_t i;

    memset(ends, 0, sizeof ends);
    start_recorded(ends, session, &lewesi_noise_xkpsk3);
    vectors_exact(json_object_get(session, "client"), "noise_ephemeral_private",
                  ends[0].e_private.bytes, LEWES_KEY_LEN);
    vectors_exact(json_object_get(session, "gateway"), "noise_ephemeral_private",
                  ends[1].e_private.bytes, LEWES_KEY_LEN);
    for (i = 0; i < 3; i++) {
        if (i == 2) { /* P39: messages 1 and 2 do not depend on it */
            vectors_exact(session, "final_psk", psk, LEWES_KEY_LEN);
            lewesi_noise_set_psk(&ends[0].noise, psk);
            lewesi_noise_set_psk(&ends[1].noise, psk);
        }
        pass_message(ends, i, json_object_get(session, after[i]));
    }
    split_both(ends, NULL);
    check_keys(ends, json_object_get(session, "noise_final"));
}

static void check_subsession(const json_t *session, const json_t *subsession)
{
    struct end ends[2];
    uint8_t psk[32];

    memset(ends, 0, sizeof ends);
    start_recorded(ends, session, &lewesi_noise_kkpsk0);
    vectors_exact(subsession, "client_noise_ephemeral_private", ends[0].e_private.bytes,
                  LEWES_KEY_LEN);
    vectors_exact(subsession, "gateway_noise_ephemeral_private", ends[1].e_private.bytes,
                  LEWES_KEY_LEN);
    vectors_exact(subsession, "psk", psk, LEWES_KEY_LEN);
    lewesi_noise_set_psk(&ends[0].noise, psk);
    lewesi_noise_set_psk(&ends[1].noise, psk);
    pass_message(ends, 0, json_object_get(subsession, "noise_after_msg1"));
    pass_message(ends, 1, json_object_get(subsession, "noise_final"));
    split_both(ends, NULL);
    check_keys(ends, json_object_get(subsession, "noise_final"));
}

/* Calls `check` for every recorded session; returns how many there were. */
static size_t for_each_session(void (*check)(const json_t *session))
{
    json_t *file = vectors_load("lp/generation1.json");
    const json_t *transcripts = vectors_member(file, "transcripts");
    size_t i, j, count = 0;

    for (i = 0; i < json_array_size(transcripts); i++) {
        const json_t *sessions = json_object_get(json_array_get(transcripts, i), "sessions");

        for (j = 0; j < json_array_size(sessions); j++) {
            check(json_array_get(sessions, j));
            count++;
        }
    }
    json_decref(file);
    return count;
}

static void the_recorded_handshakes_have_these_secrets_after_each_message(void **state)
{
    (void)state;
    assert_int_equal(for_each_session(check_handshake), 6);
}

static size_t subsessions;

static void check_subsession_if_any(const json_t *session)
{
    const json_t *subsession = json_object_get(session, "subsession");

    if (json_is_object(subsession)) {
        check_subsession(session, subsession);
        subsessions++;
    }
}

static void the_recorded_subsession_has_these_secrets_after_each_message(void **state)
{
    (void)state;
    for_each_session(check_subsession_if_any);
    assert_int_equal(subsessions, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_are_reproduced_by_both_ends),
        cmocka_unit_test(messages_before_the_first_key_are_reproduced_too),
        cmocka_unit_test(a_message_without_a_key_needs_its_keys),
        cmocka_unit_test(the_recorded_handshakes_have_these_secrets_after_each_message),
        cmocka_unit_test(the_recorded_subsession_has_these_secrets_after_each_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
