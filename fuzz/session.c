/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/session.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/session/session_internal.h"

#define UNIX_MS UINT64_C(1768384800000)
#define STEPS_MAX 64
#define PACKET_CAP 4096
#define HISTORY 8
#define PAYLOAD_CAP 256
#define WRITES_MAX 16 /* packets due at once; a session queues fewer */

struct record {
    size_t len;
    uint8_t bytes[PACKET_CAP];
};

struct fight {
    struct fuzz_env env;
    struct input input;
    struct lewes_identity *identities[2]; /* by role */
    struct lewes_session *target, *peer;  /* the peer is ours, and plays fair if it is let */
    struct record history[HISTORY];       /* what the peer wrote, then what the target wrote */
    unsigned recorded;
    lewes_time now;
    uint64_t last_counter; /* of the target's encrypted packets */
    bool counted;
    uint8_t payload[PAYLOAD_CAP];
};

/* ---- making both ends ---- */

static void make_identity(struct fight *f, enum lewes_role role)
{
    static const struct lewes_ed25519_seed seeds[2] = {{{1}}, {{2}}};
    PROMISE(lewes_identity_new(&f->identities[role], &f->env.env, &seeds[role]) == LEWES_OK);
}

static struct lewes_session *make_initiator(struct fight *f, uint8_t flags)
{
    const struct lewes_session_config config = {
        .role = LEWES_INITIATOR,
        .identity = f->identities[LEWES_INITIATOR],
        .unix_ms = UNIX_MS,
        .peer = lewes_identity_public(f->identities[LEWES_RESPONDER]),
        .early = flags & 1,
        .subsessions = flags & 2,
        .datagrams = flags & 4,
    };
    struct lewes_session *session = NULL;
    PROMISE(lewes_session_new(&session, &f->env.env, &config, f->now) == LEWES_OK);
    return session;
}

/* NULL if the hello is refused. */
static struct lewes_session *make_responder(struct fight *f, const struct record *hello,
                                            uint8_t flags)
{
    struct lewes_hello checked;
    struct lewes_session_config config = {
        .role = LEWES_RESPONDER,
        .identity = f->identities[LEWES_RESPONDER],
        .unix_ms = UNIX_MS,
        .hello = &checked,
        .subsessions = flags & 2,
        .datagrams = flags & 4,
    };
    struct lewes_session *session = NULL;
    if (lewes_hello_check(&checked, hello->bytes, hello->len, UNIX_MS / 1000, 0) != LEWES_OK)
        return NULL;
    if (lewes_session_new(&session, &f->env.env, &config, f->now) != LEWES_OK)
        return NULL;
    return session;
}

/* ---- what the target writes ---- */

static void remember(struct fight *f, const struct record *packet)
{
    f->history[f->recorded++ % HISTORY] = *packet;
}

/* Encrypted packets: the counters only rise, within the range of the role (P64). */
static void check_counter(struct fight *f, const struct record *packet)
{
    const uint64_t counter = lewesi_load64le(packet->bytes + 4);
    if (counter < LEWESI_INITIATOR_BASE)
        return; /* clear */
    if (f->target->role == LEWES_INITIATOR)
        PROMISE(counter < LEWESI_INITIATOR_BASE + LEWESI_PACKETS_MAX);
    else
        PROMISE(counter >= LEWESI_RESPONDER_BASE);
    PROMISE(!f->counted || counter > f->last_counter);
    f->last_counter = counter;
    f->counted = true;
}

static bool write_one(struct fight *f, struct lewes_session *session, struct record *out)
{
    if (lewes_session_write(session, out->bytes, sizeof out->bytes, &out->len, f->now) != LEWES_OK)
        PROMISE(out->len == 0);
    if (out->len == 0)
        return false;
    if (session == f->target)
        check_counter(f, out);
    remember(f, out);
    return true;
}

/* ---- events ---- */

/* A subsession takes the place of the session that made it. */
static void succeed(struct fight *f, struct lewes_session **slot, const struct lewes_event *event)
{
    if (event->kind != LEWES_EVENT_SUBSESSION)
        return;
    PROMISE(event->subsession != NULL);
    PROMISE(lewes_session_state(*slot) == LEWES_READ_ONLY);
    PROMISE(lewes_session_state(event->subsession) == LEWES_TRANSPORT);
    if (input_u8(&f->input) & 1) { /* or the old one goes on being read */
        lewes_session_free(event->subsession);
        return;
    }
    struct record last;
    while (write_one(f, *slot, &last)) {
    }
    lewes_session_free(*slot);
    *slot = event->subsession;
    if (slot == &f->target)
        f->counted = false;
}

/* What an error of class packet must not touch. */
struct image {
    enum lewes_state state;
    uint32_t index;
    uint64_t counter;
    uint64_t send_nonce;
    uint8_t due_count, due[LEWESI_DUE_MAX];
    bool keyed, payload_waits;
    struct lewesi_outer_key outer_key;
    const void *handshake, *rekey;
};

static struct image image_of(const struct lewes_session *session)
{
    struct image image;
    memset(&image, 0, sizeof image);
    image.state = session->state;
    image.index = session->index;
    image.counter = session->counter;
    image.send_nonce = session->send.nonce;
    image.due_count = session->due_count;
    memcpy(image.due, session->due, session->due_count);
    image.keyed = session->keyed;
    image.payload_waits = session->payload_waits;
    image.outer_key = session->outer_key;
    image.handshake = session->handshake;
    image.rekey = session->rekey;
    return image;
}

static bool may_follow(enum lewes_state from, enum lewes_state to)
{
    if (from == to || to == LEWES_CLOSED)
        return true;
    switch (from) {
    case LEWES_AWAIT_ACK:
    case LEWES_AWAIT_KEY:
    case LEWES_AWAIT_HANDSHAKE2:
    case LEWES_AWAIT_REQUEST:
    case LEWES_AWAIT_HANDSHAKE1:
        return (int)to == (int)from + 1;
    case LEWES_AWAIT_ESTABLISHED:
    case LEWES_AWAIT_HANDSHAKE3:
        return to == LEWES_TRANSPORT;
    case LEWES_TRANSPORT:
        return to == LEWES_REKEY_ANSWERED;
    case LEWES_REKEY_SENT:
        return to == LEWES_REKEY_ANSWERED || to == LEWES_READ_ONLY || to == LEWES_TRANSPORT;
    case LEWES_REKEY_ANSWERED:
        return to == LEWES_READ_ONLY || to == LEWES_TRANSPORT;
    case LEWES_READ_ONLY:
    case LEWES_CLOSED:
        break;
    }
    return false;
}

static void check_event(const struct lewes_event *event, enum lewes_error error,
                        const struct record *packet)
{
    if (error != LEWES_OK)
        PROMISE(event->kind == LEWES_EVENT_NONE);
    if (event->kind == LEWES_EVENT_PAYLOAD)
        PROMISE(event->payload >= packet->bytes &&
                event->payload + event->len <= packet->bytes + packet->len);
}

/* Gives a packet to the target, and checks what became of it. */
static void attack(struct fight *f, struct record *packet, bool datagram)
{
    struct lewes_event event;
    const struct image before = image_of(f->target);
    const bool was_closed = before.state == LEWES_CLOSED;
    const enum lewes_error error =
        datagram
            ? lewes_session_read_datagram(f->target, packet->bytes, packet->len, f->now, &event)
            : lewes_session_read(f->target, packet->bytes, packet->len, f->now, &event);
    const struct image after = image_of(f->target);

    check_event(&event, error, packet);
    PROMISE(may_follow(before.state, after.state));
    if (was_closed)
        PROMISE(error == LEWES_ERROR_CLOSED);
    if (lewes_error_class(error) == LEWES_CLASS_PACKET)
        PROMISE(memcmp(&before, &after, sizeof before) == 0);
    if (lewes_error_class(error) == LEWES_CLASS_SESSION)
        PROMISE(after.state == LEWES_CLOSED && !after.keyed && after.due_count == 0);
    succeed(f, &f->target, &event);
}

/* ---- the peer's packets ---- */

static bool is_sealed(const struct fight *f, const struct record *packet)
{
    return f->peer->keyed && lewesi_load64le(packet->bytes + 4) >= LEWESI_INITIATOR_BASE;
}

/* Bytes of the packet, or of what is inside of its outer encryption. */
static void spoil(struct fight *f, struct record *packet)
{
    const uint8_t how = input_u8(&f->input);
    const bool inside =
        how & 1 && is_sealed(f, packet) && packet->len >= LEWES_PACKET_MIN &&
        lewesi_packet_open(packet->bytes, packet->len, &f->peer->outer_key) == LEWES_OK;
    const size_t at = input_u16(&f->input) % (packet->len + 1);

    if (how & 2 && packet->len < sizeof packet->bytes)
        packet->bytes[packet->len++] = input_u8(&f->input);
    else if (how & 4)
        packet->len = at;
    else if (at < packet->len)
        packet->bytes[at] ^= input_u8(&f->input);
    if (!inside || packet->len < LEWES_PACKET_MIN)
        return;
    const struct lewesi_packet header = {
        .index = f->target->index,
        .counter = f->peer->counter + input_u8(&f->input),
        .type = (enum lewesi_type)(packet->bytes[16] % LEWESI_TYPES),
    };
    PROMISE(lewesi_packet_seal(packet->bytes, packet->len - LEWESI_PACKET_FRAME, &header,
                               &f->peer->outer_key) == LEWES_OK);
}

static void deliver(struct fight *f, bool spoiled)
{
    struct record packet;
    if (!write_one(f, f->peer, &packet))
        return;
    if (spoiled)
        spoil(f, &packet);
    attack(f, &packet, false);
}

static void repeat(struct fight *f, bool spoiled)
{
    if (f->recorded == 0)
        return;
    struct record packet =
        f->history[input_u8(&f->input) % (f->recorded < HISTORY ? f->recorded : HISTORY)];
    if (spoiled)
        spoil(f, &packet);
    attack(f, &packet, false);
}

/* A packet of any type with a body of the fuzzer's, in clear or under the peer's key. */
static void invent(struct fight *f)
{
    struct record packet = {0};
    const uint8_t how = input_u8(&f->input);
    const struct lewesi_packet header = {
        .index = how & 1 ? input_u32(&f->input) : f->target->index,
        .counter = how & 2 ? f->peer->counter + input_u8(&f->input) : input_u32(&f->input),
        .type = (enum lewesi_type)(how >> 4 < LEWESI_TYPES ? how >> 4 : 2),
    };
    const size_t body_len =
        input_bytes(&f->input, packet.bytes + LEWESI_BODY_OFFSET, input_u8(&f->input));

    packet.len = body_len + LEWESI_PACKET_FRAME;
    if (how & 4 && f->peer->keyed)
        PROMISE(lewesi_packet_seal(packet.bytes, body_len, &header, &f->peer->outer_key) ==
                LEWES_OK);
    else
        lewesi_packet_write(packet.bytes, header.index, header.counter, header.type, body_len);
    attack(f, &packet, how & 8);
}

/* What the target has due goes to the peer, which answers when it is asked to. */
static void answer(struct fight *f)
{
    struct record packet;
    struct lewes_event event;
    unsigned writes = 0;

    while (write_one(f, f->target, &packet)) {
        PROMISE(++writes <= WRITES_MAX);
        if (lewes_session_read(f->peer, packet.bytes, packet.len, f->now, &event) == LEWES_OK)
            succeed(f, &f->peer, &event);
    }
}

/* ---- steps ---- */

static void send_from(struct fight *f, struct lewes_session *session)
{
    const size_t len = input_u8(&f->input);
    (void)!lewes_session_send(session, f->payload, len, f->now);
}

static void pass_time(struct fight *f)
{
    const uint16_t ms = input_u16(&f->input);
    const lewes_time deadline = lewes_session_deadline(f->target);
    const enum lewes_state before = lewes_session_state(f->target);

    f->now += ms;
    const enum lewes_error error = lewes_session_expire(f->target, f->now);
    PROMISE(error == LEWES_OK || f->now >= deadline);
    if (f->now < deadline)
        PROMISE(lewes_session_state(f->target) == before);
}

static void step(struct fight *f)
{
    switch (input_u8(&f->input) % 14) {
    case 0:
    case 1:
    case 2:
        deliver(f, false);
        break;
    case 3:
        deliver(f, true);
        break;
    case 4:
    case 5:
    case 6:
        answer(f);
        break;
    case 7:
        repeat(f, false);
        break;
    case 8:
        repeat(f, true);
        break;
    case 9:
        invent(f);
        break;
    case 10:
        send_from(f, input_u8(&f->input) & 1 ? f->target : f->peer);
        break;
    case 11:
        (void)!lewes_session_rekey(input_u8(&f->input) & 1 ? f->target : f->peer, f->now);
        break;
    case 12:
        pass_time(f);
        break;
    default:
        if (input_u8(&f->input) == 0xff)
            lewes_session_close(f->target, f->now);
        break;
    }
}

/* Both ends; false if the fuzzer's hello was refused. */
static bool open_fight(struct fight *f, enum lewes_role target)
{
    const uint8_t flags = input_u8(&f->input);
    struct lewes_session *const initiator = make_initiator(f, flags);
    struct record hello;

    f->target = NULL;
    PROMISE(write_one(f, initiator, &hello));
    if (target == LEWES_RESPONDER && flags & 0x80)
        hello.bytes[input_u8(&f->input) % hello.len] ^= input_u8(&f->input);
    struct lewes_session *const responder = make_responder(f, &hello, flags >> 3);
    if (responder == NULL) {
        lewes_session_free(initiator);
        return false;
    }
    f->target = target == LEWES_INITIATOR ? initiator : responder;
    f->peer = target == LEWES_INITIATOR ? responder : initiator;
    return true;
}

int fuzz_session(const uint8_t *data, size_t size, enum lewes_role target)
{
    static struct fight f;

    memset(&f, 0, sizeof f);
    f.input = (struct input){data, size};
    fuzz_env_init(&f.env, input_u8(&f.input));
    f.now = 1000;
    make_identity(&f, LEWES_INITIATOR);
    make_identity(&f, LEWES_RESPONDER);
    if (open_fight(&f, target)) {
        for (unsigned i = 0; i < STEPS_MAX && f.input.len > 0; i++)
            step(&f);
        lewes_session_free(f.target);
        lewes_session_free(f.peer);
    }
    lewes_identity_free(f.identities[LEWES_INITIATOR]);
    lewes_identity_free(f.identities[LEWES_RESPONDER]);
    PROMISE(f.env.blocks == 0);
    return 0;
}
