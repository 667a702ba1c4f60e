/* SPDX-License-Identifier: Apache-2.0 */
/* KKT frames from either side, as they come, and composed of the fuzzer's fields with a good
 * signature under a key that it owns (protocol.md 7). */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/kkt/kkt.h"

#define FRAME_CAP 4096
#define NO_KEM 2 /* has a number, and is in no build (protocol.md 7.1) */

static struct lewesi_ed25519_private signer;
static struct lewes_ed25519_public identity;
static const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN] = {1, 2, 3};

static void set_up(void)
{
    static const struct lewes_ed25519_seed seed = {{0x42}};
    lewesi_ed25519_from_seed(&signer, &identity, &seed);
}

static void responder(struct lewesi_span frame)
{
    struct lewesi_kkt_request request;
    (void)!lewesi_kkt_request_read(&request, frame, &identity);
}

static void initiator(struct lewesi_span frame, unsigned kem)
{
    struct lewes_x25519_public x25519;
    struct lewes_kem_digest digest = {.kem =
                                          kem == NO_KEM ? LEWES_KEM_X25519 : (enum lewes_kem)kem};
    struct lewesi_kkt_expected expected = {
        .suite = {.kem = (uint8_t)kem},
        .session_id = session_id,
        .gateway = &identity,
        .gateway_x25519 = &x25519,
    };
    struct lewesi_kem_public key;
    uint8_t status = 0;

    memset(&x25519, 0x11, sizeof x25519);
    for (int pinned = 0; pinned < 2; pinned++) {
        expected.digest = pinned ? &digest : NULL;
        if (lewesi_kkt_response_read(&expected, frame, &key, &status) != LEWES_OK)
            continue;
        PROMISE((unsigned)key.kem->id == kem);
        PROMISE(key.bytes >= frame.data &&
                key.bytes + key.kem->public_len <= frame.data + frame.len);
    }
}

static void read_everywhere(struct lewesi_span frame)
{
    static const unsigned kems[] = {LEWES_KEM_X25519, LEWES_KEM_MLKEM768, LEWES_KEM_XWING, NO_KEM};
    responder(frame);
    for (size_t i = 0; i < sizeof kems / sizeof kems[0]; i++)
        initiator(frame, kems[i]);
}

/* context, body, session id, signature */
static void compose(struct input *input)
{
    static const size_t bodies[] = {0, 32, 1184, 1216};
    uint8_t frame[FRAME_CAP] = {0};
    const uint8_t how = input_u8(input);
    size_t len = LEWESI_KKT_CONTEXT_LEN + bodies[how & 3];

    (void)input_bytes(input, frame, LEWESI_KKT_CONTEXT_LEN);
    memset(frame + LEWESI_KKT_CONTEXT_LEN, how & 4 ? 0x11 : 0xff, bodies[how & 3]);
    memcpy(frame + len, session_id, sizeof session_id);
    if (how & 8)
        (void)input_bytes(input, frame + len, sizeof session_id);
    len += sizeof session_id + (how >> 4);
    PROMISE(lewesi_ed25519_sign(frame + len, &signer, (struct lewesi_span){frame, len}) ==
            LEWES_OK);
    read_everywhere((struct lewesi_span){frame, len + LEWESI_SIGNATURE_LEN});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    set_up();
    read_everywhere((struct lewesi_span){data, size});
    compose(&input);
    return 0;
}
