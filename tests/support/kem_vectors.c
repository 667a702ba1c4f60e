/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/kem_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/vectors.h"

#define FILE_NAME "lp/generation1.json"
#define PACKET_CAP 4096
#define BEFORE_BODY 24 /* prefix, outer and inner header */
#define TRAILER 16

static const struct {
    const char *name;
    enum lewes_kem id;
} suites[] = {
    {"X25519", LEWES_KEM_X25519},
    {"MlKem768", LEWES_KEM_MLKEM768},
    {"XWing", LEWES_KEM_XWING},
};
#define SUITES (sizeof suites / sizeof suites[0])

static void parties_of(struct kem_parties *parties, const struct lewes_ed25519_seed *client,
                       const struct lewes_ed25519_seed *gateway)
{
    lewesi_ed25519_from_seed(&parties->client_private, &parties->client, client);
    lewesi_ed25519_from_seed(&parties->gateway_private, &parties->gateway, gateway);
    lewesi_x25519_private_from_seed(&parties->client_x25519_private, client);
    lewesi_x25519_private_from_seed(&parties->gateway_x25519_private, gateway);
    lewesi_x25519_public(&parties->client_x25519, &parties->client_x25519_private);
    lewesi_x25519_public(&parties->gateway_x25519, &parties->gateway_x25519_private);
}

void kem_parties_init(struct kem_parties *parties)
{
    struct lewes_ed25519_seed client, gateway;
    memset(client.bytes, 0x11, sizeof client.bytes);
    memset(gateway.bytes, 0x22, sizeof gateway.bytes);
    parties_of(parties, &client, &gateway);
}

void kem_parties_of_session(struct kem_parties *parties, const json_t *session)
{
    struct lewes_ed25519_seed client, gateway;
    vectors_exact(vectors_member(session, "client"), "ed25519_seed", client.bytes, 32);
    vectors_exact(vectors_member(session, "gateway"), "ed25519_seed", gateway.bytes, 32);
    parties_of(parties, &client, &gateway);
}

static void assert_seeds(const json_t *vector)
{
    uint8_t expected[32], seed[32];
    memset(expected, 0x11, sizeof expected);
    vectors_exact(vector, "client_ed25519_seed", seed, sizeof seed);
    assert_memory_equal(seed, expected, sizeof seed);
    memset(expected, 0x22, sizeof expected);
    vectors_exact(vector, "gateway_ed25519_seed", seed, sizeof seed);
    assert_memory_equal(seed, expected, sizeof seed);
}

static const struct lewesi_kem *suite_of(const json_t *vector)
{
    for (size_t i = 0; i < SUITES; i++)
        if (vectors_text_is(vector, "kem", suites[i].name))
            return lewesi_kem_find(suites[i].id);
    fail_msg("unknown suite %s", vectors_text(vector, "kem"));
    return NULL;
}

void kem_pair_init(struct kem_pair *pair, const struct lewesi_kem *kem)
{
    uint8_t seed[LEWESI_KEM_SEED_MAX], recorded[LEWESI_KEM_PUBLIC_MAX];
    json_t *file = vectors_load(FILE_NAME);
    unsigned found = 0;
    size_t i;
    const json_t *vector;
    memset(pair, 0, sizeof *pair);
    pair->kem = kem;
    json_array_foreach(json_object_get(file, "kem_vectors"), i, vector)
    {
        const struct lewesi_kem *suite = suite_of(vector);
        if (!suite || suite != kem)
            continue;
        if (vectors_text_is(vector, "kind", "kkt")) {
            vectors_exact(vector, "keygen_randomness", seed, kem->seed_len);
            assert_int_equal(kem->keypair(pair->public_key, pair->private_key, seed), LEWES_OK);
            vectors_exact(vector, "kem_public", recorded, kem->public_len);
            assert_memory_equal(pair->public_key, recorded, kem->public_len);
            found |= 1;
        } else {
            vectors_exact(vector, "encaps_randomness", pair->randomness, kem->random_len);
            found |= 2;
        }
    }
    json_decref(file);
    assert_int_equal(found, 3);
}

struct lewesi_kem_public kem_pair_public(const struct kem_pair *pair)
{
    return (struct lewesi_kem_public){pair->kem, pair->public_key};
}

struct lewesi_kem_private kem_pair_private(const struct kem_pair *pair)
{
    return (struct lewesi_kem_private){pair->kem, pair->private_key};
}

void kem_suites_each(void (*check)(const struct lewesi_kem *kem))
{
    for (size_t i = 0; i < SUITES; i++) {
        const struct lewesi_kem *kem = lewesi_kem_find(suites[i].id);
        assert_non_null(kem);
        check(kem);
    }
}

void kem_vectors_each(const char *kind, unsigned per_suite,
                      void (*check)(const json_t *vector, const struct lewesi_kem *kem))
{
    json_t *file = vectors_load(FILE_NAME);
    unsigned count = 0;
    size_t i;
    const json_t *vector;
    json_array_foreach(json_object_get(file, "kem_vectors"), i, vector)
    {
        const struct lewesi_kem *kem = suite_of(vector);
        assert_seeds(vector);
        if (kem && vectors_text_is(vector, "kind", kind)) {
            check(vector, kem);
            count++;
        }
    }
    json_decref(file);
    assert_int_equal(count, per_suite * SUITES);
}

void kem_transcripts_each(unsigned count, void (*check)(const json_t *transcript,
                                                        const json_t *session, const json_t *wire))
{
    json_t *file = vectors_load(FILE_NAME);
    const json_t *transcripts = json_object_get(file, "transcripts");
    size_t i;
    const json_t *transcript;
    assert_int_equal(json_array_size(transcripts), count);
    json_array_foreach(transcripts, i, transcript)
    {
        check(transcript, json_array_get(vectors_member(transcript, "sessions"), 0),
              vectors_member(transcript, "wire"));
    }
    json_decref(file);
}

size_t kem_packet_body(const json_t *wire, size_t index, uint8_t *out, size_t cap)
{
    uint8_t packet[PACKET_CAP];
    size_t len = vectors_hex(json_array_get(wire, index), "hex", packet, sizeof packet);
    assert_true(len >= BEFORE_BODY + TRAILER && len - BEFORE_BODY - TRAILER <= cap);
    memcpy(out, packet + BEFORE_BODY, len - BEFORE_BODY - TRAILER);
    return len - BEFORE_BODY - TRAILER;
}
