/* SPDX-License-Identifier: Apache-2.0 */
/* PSQ messages: from nowhere, and from an initiator that owns its keys and spoils what it has made
 * (protocol.md 8). */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/crypto/identity.h"
#include "lib/psq/psq.h"

#define NOW UINT64_C(1768384800000)

static struct fuzz_env env;
static struct lewes_identity *gateway;
static struct lewesi_ed25519_private signer;
static struct lewes_ed25519_public client;

static void set_up(void)
{
    static const struct lewes_ed25519_seed seeds[2] = {{{1}}, {{2}}};
    struct lewes_kem_seed seed = {{3}};

    if (gateway != NULL)
        return;
    fuzz_env_init(&env, 1);
    lewesi_ed25519_from_seed(&signer, &client, &seeds[0]);
    PROMISE(lewes_identity_new(&gateway, &env.env, &seeds[1]) == LEWES_OK);
    PROMISE(lewes_identity_add_kem(gateway, LEWES_KEM_MLKEM768, &seed) == LEWES_OK);
    PROMISE(lewes_identity_add_kem(gateway, LEWES_KEM_XWING, &seed) == LEWES_OK);
}

static enum lewes_error accept_message(struct lewesi_span message, unsigned kem)
{
    struct lewesi_psq_keys keys;
    const struct lewesi_psq_acceptance acceptance = {
        .gateway_public = lewesi_identity_kem_public(gateway, kem),
        .gateway_private = lewesi_identity_kem_private(gateway, kem),
        .receiver_index = 7,
        .client = &client,
        .unix_ms = NOW,
        .clock_tolerance = 30,
    };
    const enum lewes_error error = lewesi_psq_accept(&keys, message, &acceptance);

    PROMISE(error == LEWES_OK || error == LEWES_ERROR_PSQ || error == LEWES_ERROR_CLOCK);
    return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING};
    static const uint8_t randomness[LEWESI_KEM_RANDOM_MAX] = {9};
    uint8_t message[LEWESI_PSQ_MESSAGE_MAX];
    struct lewesi_psq_keys keys;
    struct lewesi_writer w;
    struct input input = {data, size};

    set_up();
    for (size_t i = 0; i < 3; i++)
        PROMISE(accept_message((struct lewesi_span){data, size}, kems[i]) != LEWES_OK);
    (void)!lewesi_psq_answer_check((struct lewesi_span){data, size},
                                   &(struct lewesi_psq_keys){.responder_key = {1}});

    const unsigned kem = kems[input_u8(&input) % 3];
    const uint32_t ago = input_u32(&input) % 8000;
    const struct lewesi_psq_initiation initiation = {
        .gateway_key = lewesi_identity_kem_public(gateway, kem),
        .randomness = randomness,
        .receiver_index = 7,
        .time = {NOW / 1000 + 100 - ago, input_u32(&input) % 2000},
        .client_private = &signer,
        .client = &client,
    };
    lewesi_writer_init(&w, message, sizeof message);
    PROMISE(lewesi_psq_initiate(&w, &keys, &initiation) == LEWES_OK);
    const bool in_time = initiation.time.milliseconds <= 999 && ago >= 71 && ago < 3729;
    const enum lewes_error honest = accept_message((struct lewesi_span){message, w.at}, kem);
    if (in_time)
        PROMISE(honest == LEWES_OK);
    else
        PROMISE(honest == LEWES_OK || honest == LEWES_ERROR_CLOCK);
    const size_t at = input_u16(&input) % w.at;
    const uint8_t bits = input_u8(&input);
    message[at] ^= bits;
    if (bits != 0)
        PROMISE(accept_message((struct lewesi_span){message, w.at}, kem) == LEWES_ERROR_PSQ);
    return 0;
}
