/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constant_time NAME: runs one subject, to be watched by valgrind (tests/constant_time/run).
 * `constant_time --list` names the subjects, `--leaks` the programs that valgrind must complain of.
 */
#include <string.h>

#include <lewes/session.h>

#include "lib/base/secret.h"
#include "lib/crypto/identity.h"
#include "lib/noise/noise.h"
#include "lib/psq/psq.h"
#include "tests/constant_time/exchange.h"
#include "tests/constant_time/tickets.h"
#include "tests/support/secret.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define UNIX_MS UINT64_C(1768384800500)

static const enum lewes_kem kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};

/* ---- base ---- */

static void comparing(void)
{
    uint8_t a[32] = {1, 2, 3}, b[32] = {1, 2, 3};

    make_secret(a, sizeof a);
    make_secret(b, sizeof b);
    MUST(lewesi_equal(a, b, sizeof a));
    MUST(!lewesi_is_zero(a, sizeof a));
    b[31] ^= 1;
    MUST(!lewesi_equal(a, b, sizeof a));
    lewesi_wipe(a, sizeof a);
    MUST(!is_secret(a, sizeof a));
}

static void base64_of_keys(void)
{
    struct lewes_wg_private key, again;
    char text[LEWES_BASE64_CAP];

    exchange_secret(&key, sizeof key);
    lewes_base64_encode(text, key.bytes);
    MUST(is_secret(text, sizeof text));
    MUST(lewes_base64_decode(again.bytes, text, sizeof text - 1) == LEWES_OK);
    MUST(is_secret(&again, sizeof again));
    MUST(lewesi_equal(&key, &again, sizeof key));
    text[43] = '/';
    MUST(lewes_base64_decode(again.bytes, text, sizeof text - 1) != LEWES_OK);
}

/* ---- keys ---- */

static void keys_of_identities(void)
{
    struct exchange exchange;
    struct lewes_kem_seed seed;
    struct lewes_identity *identity = NULL;
    struct lewes_ed25519_seed identity_seed;

    exchange_env(&exchange);
    MUST(lewes_ed25519_generate(&identity_seed, &exchange.env) == LEWES_OK);
    MUST(is_secret(&identity_seed, sizeof identity_seed));
    MUST(lewes_identity_new(&identity, &exchange.env, &identity_seed) == LEWES_OK);
    MUST(is_secret(&identity->x25519_private, sizeof identity->x25519_private));
    for (size_t i = 1; i < COUNT(kems); i++) {
        MUST(lewes_kem_generate(&seed, kems[i], &exchange.env) == LEWES_OK);
        MUST(lewes_identity_add_kem(identity, kems[i], &seed) == LEWES_OK);
        MUST(is_secret(identity->pairs[i - 1]->private_key, LEWESI_KEM_PRIVATE_MAX));
    }
    lewes_identity_free(identity);
}

static void wireguard_keys(void)
{
    struct exchange exchange;
    struct lewes_wg_private key;
    struct lewes_wg_public public_key;

    exchange_env(&exchange);
    MUST(lewes_wg_generate(&key, &exchange.env) == LEWES_OK);
    MUST(is_secret(&key, sizeof key));
    lewes_wg_public(&public_key, &key);
    MUST(!is_secret(&public_key, sizeof public_key));
}

/* ---- PSQ ---- */

static void psq_with(struct exchange *exchange, enum lewes_kem kem)
{
    uint8_t message[LEWESI_PSQ_MESSAGE_MAX], answer[LEWESI_PSQ_ANSWER_LEN];
    uint8_t random[LEWESI_KEM_RANDOM_MAX], ecdh[32], salt[32] = {7}, psk[32], outer[32];
    struct lewesi_psq_keys ours, theirs;
    struct lewesi_writer w;
    const struct lewesi_psq_initiation initiation = {
        .gateway_key = lewesi_identity_kem_public(exchange->gateway, kem),
        .randomness = random,
        .receiver_index = 7,
        .time = {UNIX_MS / 1000, 0},
        .client_private = &exchange->client->ed25519_private,
        .client = &exchange->client->ed25519,
    };
    const struct lewesi_psq_acceptance acceptance = {
        .gateway_public = initiation.gateway_key,
        .gateway_private = lewesi_identity_kem_private(exchange->gateway, kem),
        .receiver_index = 7,
        .client = &exchange->client->ed25519,
        .unix_ms = UNIX_MS,
    };

    exchange_secret(random, sizeof random);
    exchange_secret(ecdh, sizeof ecdh);
    lewesi_writer_init(&w, message, sizeof message);
    MUST(lewesi_psq_initiate(&w, &ours, &initiation) == LEWES_OK);
    MUST(is_secret(&ours, sizeof ours));
    make_public(message, w.at); /* sent */
    MUST(lewesi_psq_accept(&theirs, (struct lewesi_span){message, w.at}, &acceptance) == LEWES_OK);
    MUST(lewesi_equal(&ours, &theirs, sizeof ours));
    MUST(lewesi_psq_answer(answer, &theirs) == LEWES_OK);
    MUST(lewesi_psq_answer_check((struct lewesi_span){answer, sizeof answer}, &ours) == LEWES_OK);
    lewesi_psk_derive(psk, outer, &(struct lewesi_psk_input){ecdh, ours.psk_registration, salt});
    MUST(is_secret(psk, sizeof psk) && is_secret(outer, sizeof outer));
    message[40] ^= 1; /* refused, and as slowly */
    MUST(lewesi_psq_accept(&theirs, (struct lewesi_span){message, w.at}, &acceptance) != LEWES_OK);
}

static void psq_schedule(void)
{
    struct exchange exchange;

    exchange_identities(&exchange);
    for (size_t i = 0; i < COUNT(kems); i++)
        psq_with(&exchange, kems[i]);
    exchange_end(&exchange);
}

/* ---- Noise ---- */

static void start(struct lewesi_noise *noise, const struct lewesi_noise_pattern *pattern,
                  const struct exchange *exchange, bool initiator)
{
    const struct lewes_identity *const own = initiator ? exchange->client : exchange->gateway;
    const struct lewes_identity *const peer = initiator ? exchange->gateway : exchange->client;
    uint8_t psk[32] = {9};

    lewesi_noise_start(
        noise, &(struct lewesi_noise_setup){
                   .pattern = pattern,
                   .initiator = initiator,
                   .s_private = &own->x25519_private,
                   .s = &own->x25519,
                   .rs = initiator || pattern == &lewesi_noise_kkpsk0 ? &peer->x25519 : NULL,
               });
    make_secret(psk, sizeof psk);
    lewesi_noise_set_psk(noise, psk);
    if (!initiator)
        lewesi_noise_expect_static(noise, &peer->x25519);
}

static void noise_messages(struct lewesi_noise ends[2])
{
    uint8_t message[128];

    for (unsigned i = 0; !lewesi_noise_finished(&ends[0]); i++) {
        struct lewes_x25519_private ephemeral;
        struct lewesi_writer w;

        exchange_secret(&ephemeral, sizeof ephemeral);
        lewesi_writer_init(&w, message, sizeof message);
        MUST(lewesi_noise_write(&ends[i % 2], &ephemeral, (struct lewesi_span){0}, &w) == LEWES_OK);
        make_public(message, w.at);
        message[w.at - 1] ^= 1;
        MUST(lewesi_noise_read(&ends[1 - i % 2], (struct lewesi_span){message, w.at}, NULL, NULL) !=
             LEWES_OK);
        message[w.at - 1] ^= 1;
        MUST(lewesi_noise_read(&ends[1 - i % 2], (struct lewesi_span){message, w.at}, NULL, NULL) ==
             LEWES_OK);
    }
}

static void noise_pattern(const struct lewesi_noise_pattern *pattern)
{
    struct exchange exchange;
    struct lewesi_noise ends[2];
    struct lewesi_cipher ours[2], theirs[2]; /* to send, to receive */
    uint8_t text[64 + LEWESI_NOISE_TAG_LEN] = {0};

    exchange_identities(&exchange);
    start(&ends[0], pattern, &exchange, true);
    start(&ends[1], pattern, &exchange, false);
    noise_messages(ends);
    MUST(lewesi_noise_split(&ends[0], &ours[0], &ours[1]) == LEWES_OK);
    MUST(lewesi_noise_split(&ends[1], &theirs[0], &theirs[1]) == LEWES_OK);
    MUST(is_secret(ours[0].key, sizeof ours[0].key));
    make_secret(text, 64);
    MUST(lewesi_cipher_seal(&ours[0], text, 64) == LEWES_OK);
    MUST(!is_secret(text, sizeof text));
    MUST(lewesi_cipher_open(&theirs[1], text, sizeof text) == LEWES_OK);
    MUST(is_secret(text, 64));
    exchange_end(&exchange);
}

static void noise(void)
{
    noise_pattern(&lewesi_noise_xkpsk3);
    noise_pattern(&lewesi_noise_kkpsk0);
}

/* ---- sessions ---- */

static void sessions_of_every_suite(void)
{
    for (size_t i = 0; i < COUNT(kems); i++) {
        for (unsigned early = 0; early < 2; early++) {
            struct exchange exchange;

            exchange_identities(&exchange);
            exchange_handshake(&exchange, kems[i], early);
            exchange_data(&exchange);
            exchange_rekey(&exchange);
            exchange_data(&exchange);
            exchange_end(&exchange);
        }
    }
}

/* ---- what valgrind must notice ---- */

static volatile unsigned sink;

static void a_branch_on_a_secret(void)
{
    uint8_t key[32];

    exchange_secret(key, sizeof key);
    if (key[7] & 1)
        sink++;
}

static void an_address_from_a_secret(void)
{
    static const uint8_t table[256] = {1, 2, 3};
    uint8_t key[32];

    exchange_secret(key, sizeof key);
    sink += table[key[7]];
}

static void a_comparison_that_ends_early(void)
{
    uint8_t key[32], other[32] = {0};

    exchange_secret(key, sizeof key);
    for (size_t i = 0; i < sizeof key && key[i] == other[i]; i++)
        sink++;
}

/* One that only taint through all of the schedule can show. */
static void a_branch_on_a_derived_key(void)
{
    struct exchange exchange;

    exchange_identities(&exchange);
    exchange_handshake(&exchange, LEWES_KEM_X25519, false);
    exchange_leak(&exchange, &sink);
    exchange_end(&exchange);
}

static void a_branch_on_a_number_of_a_book(void)
{
    tickets_leak(&sink);
}

static const struct program {
    const char *name;
    void (*run)(void);
} subjects[] =
    {
        {"comparing", comparing},
        {"base64 of keys", base64_of_keys},
        {"keys of identities", keys_of_identities},
        {"WireGuard keys", wireguard_keys},
        {"PSQ", psq_schedule},
        {"Noise", noise},
        {"sessions of every suite", sessions_of_every_suite},
        {"tickets", tickets_from_key_to_payment},
},
  leaks[] = {
      {"a branch on a secret", a_branch_on_a_secret},
      {"an address from a secret", an_address_from_a_secret},
      {"a comparison that ends early", a_comparison_that_ends_early},
      {"a branch on a derived key", a_branch_on_a_derived_key},
      {"a branch on a number of a book", a_branch_on_a_number_of_a_book},
};

static bool run_named(const struct program *programs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(programs[i].name, name) == 0) {
            programs[i].run();
            return true;
        }
    }
    return false;
}

static void list(const struct program *programs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        puts(programs[i].name);
}

int main(int argc, char **argv)
{
    const char *const name = argc == 2 ? argv[1] : "";

    if (strcmp(name, "--list") == 0) {
        list(subjects, COUNT(subjects));
    } else if (strcmp(name, "--leaks") == 0) {
        list(leaks, COUNT(leaks));
    } else if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "%s: not under valgrind, or built without its header\n", argv[0]);
        return 2;
    } else if (!run_named(subjects, COUNT(subjects), name) &&
               !run_named(leaks, COUNT(leaks), name)) {
        fprintf(stderr, "%s: no subject '%s'\n", argv[0], name);
        return 2;
    }
    return 0;
}
