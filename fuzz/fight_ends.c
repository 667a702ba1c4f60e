/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fuzz/fight.h"

/* Bits of the second byte. */
#define EARLY 0x01
#define SUBSESSIONS 0x02 /* of the initiator; the responder's are three bits up */
#define DATAGRAMS 0x04
#define RESPONDER_SHIFT 3
#define SOME_INDICES 0x40 /* others are in use */
#define SPOIL_HELLO 0x80
/* Bits of the third. */
#define SUITES 0x03 /* none named; ML-KEM-768; X-Wing; all of them */
#define KEY_KNOWN 0x04
#define KEY_STALE 0x08    /* the known key is not the gateway's any more */
#define DIGEST_WRONG 0x10 /* so is the digest */
#define SERVES_NONE 0x20  /* the gateway has its X25519 key alone */

/* Kept from input to input: key pairs take longer than all the rest. */
static struct fuzz_env long_lived;
static struct lewes_identity *client, *gateway, *plain_gateway;
static struct lewes_kem_public keys[2], stale_keys[2]; /* ML-KEM-768, X-Wing */
static const enum lewes_kem kems[2] = {LEWES_KEM_MLKEM768, LEWES_KEM_XWING};

static void add_keys(struct lewes_identity *identity, struct lewes_kem_public out[2], uint8_t first)
{
    struct lewes_kem_seed seed = {{first}};

    for (unsigned i = 0; i < 2; i++) {
        if (kems[i] == LEWES_KEM_XWING)
            memset(seed.bytes + LEWES_KEY_LEN, 0, sizeof seed.bytes - LEWES_KEY_LEN);
        PROMISE(lewes_identity_add_kem(identity, kems[i], &seed) == LEWES_OK);
        PROMISE(lewes_identity_kem(identity, kems[i], &out[i]) == LEWES_OK);
    }
}

static void make_identities(void)
{
    static const struct lewes_ed25519_seed seeds[2] = {{{1}}, {{2}}};
    struct lewes_identity *former;

    if (client != NULL)
        return;
    fuzz_env_init(&long_lived, 1);
    PROMISE(lewes_identity_new(&client, &long_lived.env, &seeds[0]) == LEWES_OK);
    PROMISE(lewes_identity_new(&gateway, &long_lived.env, &seeds[1]) == LEWES_OK);
    PROMISE(lewes_identity_new(&plain_gateway, &long_lived.env, &seeds[1]) == LEWES_OK);
    PROMISE(lewes_identity_new(&former, &long_lived.env, &seeds[1]) == LEWES_OK);
    add_keys(gateway, keys, 3);
    add_keys(former, stale_keys, 4);
    lewes_identity_free(former);
}

static bool take_index(void *user, uint32_t index)
{
    (void)user;
    PROMISE(index != 0);
    return index % 4 != 0;
}

/* What the initiator accepts; returns how many. */
static size_t choose(struct lewes_suite suites[LEWES_KEM_SUITES], uint8_t how)
{
    static struct lewes_kem_digest digests[2];
    size_t chosen = 0;

    for (unsigned i = 0; i < 2; i++) {
        if (!(how & SUITES & (1u << i)))
            continue;
        const struct lewes_kem_public *const known = how & KEY_STALE ? &stale_keys[i] : &keys[i];
        PROMISE(lewes_kem_digest(&digests[i], how & DIGEST_WRONG ? &stale_keys[i] : &keys[i],
                                 (enum lewes_hash)(how >> 6)) == LEWES_OK);
        suites[chosen++] = (struct lewes_suite){
            .kem = kems[i], .digest = &digests[i], .key = how & KEY_KNOWN ? known : NULL};
    }
    if (chosen == 2)
        suites[chosen++] = (struct lewes_suite){.kem = LEWES_KEM_X25519};
    return chosen;
}

static struct lewes_session *make_initiator(struct fight *f, uint8_t flags, uint8_t how)
{
    struct lewes_suite suites[LEWES_KEM_SUITES];
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = client,
        .unix_ms = FIGHT_UNIX_MS,
        .peer = lewes_identity_public(gateway),
        .suites = suites,
        .suite_count = choose(suites, how),
        .early = flags & EARLY,
        .subsessions = flags & SUBSESSIONS,
        .datagrams = flags & DATAGRAMS,
        .take_index = flags & SOME_INDICES ? take_index : NULL,
    };
    struct lewes_session *session = NULL;

    PROMISE(lewes_session_new(&session, &f->env.env, &config, f->now) == LEWES_OK);
    return session;
}

/* NULL if the hello is refused. */
static struct lewes_session *make_responder(struct fight *f, const struct record *hello,
                                            uint8_t flags, uint8_t how)
{
    const uint8_t late = input_u8(&f->input); /* seconds, in two's complement; 30 are tolerated */
    const int64_t offset = late < 128 ? late : late - 256;
    const uint64_t unix_ms = (uint64_t)((int64_t)FIGHT_UNIX_MS + 1000 * offset);
    struct lewes_hello checked;
    const struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = how & SERVES_NONE ? plain_gateway : gateway,
        .unix_ms = unix_ms,
        .hello = &checked,
        .subsessions = flags >> RESPONDER_SHIFT & SUBSESSIONS,
        .datagrams = flags >> RESPONDER_SHIFT & DATAGRAMS,
        .take_index = flags & SOME_INDICES ? take_index : NULL,
    };
    struct lewes_session *session = NULL;

    if (lewes_hello_check(&checked, hello->bytes, hello->len, unix_ms / 1000,
                          LEWES_CLOCK_TOLERANCE) != LEWES_OK ||
        lewes_session_new(&session, &f->env.env, &config, f->now) != LEWES_OK)
        return NULL;
    return session;
}

bool fight_open(struct fight *f, enum lewes_role target)
{
    make_identities();
    fuzz_env_init(&f->env, input_u8(&f->input));
    f->now = 1000;
    f->target = f->peer = NULL;

    const uint8_t flags = input_u8(&f->input), how = input_u8(&f->input);
    struct lewes_session *const initiator = make_initiator(f, flags, how);
    struct record hello;
    bool spoiled = false;

    PROMISE(fight_write(f, initiator, &hello, sizeof hello.bytes));
    if (target == LEWES_RESPONDER && flags & SPOIL_HELLO) {
        const uint8_t bits = input_u8(&f->input);
        hello.bytes[input_u8(&f->input) % hello.len] ^= bits;
        spoiled = bits != 0;
    }
    struct lewes_session *const responder = make_responder(f, &hello, flags, how);
    if (responder == NULL) {
        lewes_session_free(initiator);
        return false;
    }
    f->target = target == LEWES_INITIATOR ? initiator : responder;
    f->peer = target == LEWES_INITIATOR ? responder : initiator;
    f->fair = !spoiled && !(how & (KEY_STALE | DIGEST_WRONG | SERVES_NONE));
    return true;
}

void fight_close(struct fight *f)
{
    lewes_session_free(f->target);
    lewes_session_free(f->peer);
    PROMISE(f->env.blocks == 0);
}

static void remember(struct fight *f, const struct record *packet)
{
    f->history[f->recorded++ % FIGHT_HISTORY] = *packet;
}

bool fight_write(struct fight *f, struct lewes_session *session, struct record *out, size_t cap)
{
    static struct image before;

    image_take(&before, session);
    const enum lewes_error error = lewes_session_write(session, out->bytes, cap, &out->len, f->now);
    if (error != LEWES_OK)
        PROMISE(out->len == 0 && image_same(&before, session));
    if (out->len == 0)
        return false;
    PROMISE(out->len >= LEWES_PACKET_MIN && out->len <= cap);
    check_nonce(f, session, out);
    remember(f, out);
    return true;
}

void fight_succeed(struct fight *f, struct lewes_session **slot, const struct lewes_event *event)
{
    struct record last;

    if (event->kind != LEWES_EVENT_SUBSESSION)
        return;
    f->fair = false;
    PROMISE(event->subsession != NULL);
    PROMISE(lewes_session_state(*slot) == LEWES_READ_ONLY);
    PROMISE(lewes_session_state(event->subsession) == LEWES_TRANSPORT);
    if (input_u8(&f->input) & 1) { /* or the old one goes on being read */
        lewes_session_free(event->subsession);
        return;
    }
    while (fight_write(f, *slot, &last, sizeof last.bytes)) {
    }
    lewes_session_free(*slot);
    *slot = event->subsession;
}
