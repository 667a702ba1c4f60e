/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/session.h"

#include <string.h>

#include "fuzz/fight.h"

#define STEPS_MAX 64
#define PAYLOAD_CAP 256
#define WRITES_MAX 16 /* packets due at once; a session queues fewer */

static struct fight f;
static uint8_t payload[PAYLOAD_CAP];

/* ---- the target reads ---- */

/* Gives a packet to the target, and checks what became of it. */
static void attack(struct record *packet, bool datagram)
{
    static struct image before;
    struct lewes_event event;

    image_take(&before, f.target);
    const enum lewes_error error =
        datagram ? lewes_session_read_datagram(f.target, packet->bytes, packet->len, f.now, &event)
                 : lewes_session_read(f.target, packet->bytes, packet->len, f.now, &event);

    check_event(&event, error, packet);
    check_step(&before, f.target, error, packet);
    fight_succeed(&f, &f.target, &event);
    if (f.fair)
        PROMISE(error == LEWES_OK);
}

/* ---- the peer's packets ---- */

static bool is_sealed(const struct record *packet)
{
    return f.peer->keyed && lewesi_load64le(packet->bytes + 4) >= LEWESI_INITIATOR_BASE;
}

/* The same type of packet from the peer again, with the next of its counters. */
static void seal_again(struct record *packet)
{
    const uint8_t type = packet->bytes[16];
    const struct lewesi_packet header = {
        .index = f.target->index,
        .counter = f.peer->counter + input_u8(&f.input),
        .type = (enum lewesi_type)(type % LEWESI_TYPES),
    };

    if (packet->len >= LEWES_PACKET_MIN)
        PROMISE(lewesi_packet_seal(packet->bytes, packet->len - LEWESI_PACKET_FRAME, &header,
                                   &f.peer->outer_key) == LEWES_OK);
}

/* Changes bytes of the packet, or of what is inside of its outer encryption. */
static void spoil(struct record *packet)
{
    const uint8_t how = input_u8(&f.input);
    const bool inside =
        how & 1 && is_sealed(packet) && packet->len >= LEWES_PACKET_MIN &&
        lewesi_packet_open(packet->bytes, packet->len, &f.peer->outer_key) == LEWES_OK;
    const size_t at = input_u16(&f.input) % (packet->len + 1);

    f.fair = false;
    if (how & 2 && packet->len < sizeof packet->bytes)
        packet->bytes[packet->len++] = input_u8(&f.input);
    else if (how & 4)
        packet->len = at;
    else if (how & 8)
        (void)input_bytes(&f.input, packet->bytes + at, packet->len - at);
    else if (at < packet->len)
        packet->bytes[at] ^= input_u8(&f.input);
    if (inside)
        seal_again(packet);
}

static void deliver(bool spoiled)
{
    struct record packet;

    if (!fight_write(&f, f.peer, &packet, sizeof packet.bytes))
        return;
    if (spoiled)
        spoil(&packet);
    attack(&packet, false);
}

/* Lost packets are those that are never repeated. */
static void deliver_datagram(bool lost)
{
    struct record packet;

    f.fair = false;
    if (fight_write(&f, f.peer, &packet, sizeof packet.bytes) && !lost)
        attack(&packet, true);
}

static void repeat(bool spoiled)
{
    const uint8_t which = input_u8(&f.input);

    if (f.recorded == 0)
        return;
    struct record packet =
        f.history[which % (f.recorded < FIGHT_HISTORY ? f.recorded : FIGHT_HISTORY)];
    f.fair = false;
    if (spoiled)
        spoil(&packet);
    attack(&packet, which & 0x80);
}

/* A packet of any type with a body of the fuzzer's, in clear or under the peer's key. */
static void invent(void)
{
    struct record packet = {0};
    const uint8_t how = input_u8(&f.input);
    const struct lewesi_packet header = {
        .index = how & 1 ? input_u32(&f.input) : f.target->index,
        .counter = how & 2 ? f.peer->counter + input_u8(&f.input) : input_u32(&f.input),
        .type = (enum lewesi_type)(how >> 4 < LEWESI_TYPES ? how >> 4 : LEWESI_DATA),
    };
    const size_t body_len = input_u16(&f.input) % (sizeof packet.bytes - LEWESI_PACKET_FRAME);

    (void)input_bytes(&f.input, packet.bytes + LEWESI_BODY_OFFSET, body_len < 64 ? body_len : 64);
    packet.len = body_len + LEWESI_PACKET_FRAME;
    f.fair = false;
    if (how & 4 && f.peer->keyed)
        PROMISE(lewesi_packet_seal(packet.bytes, body_len, &header, &f.peer->outer_key) ==
                LEWES_OK);
    else
        lewesi_packet_write(packet.bytes, header.index, header.counter, header.type, body_len);
    attack(&packet, how & 8);
}

/* What the target has due goes to the peer, which answers when it is asked to. */
static void answer(void)
{
    struct record packet;
    struct lewes_event event;
    unsigned writes = 0;

    while (fight_write(&f, f.target, &packet, sizeof packet.bytes)) {
        PROMISE(++writes <= WRITES_MAX);
        const enum lewes_error error =
            lewes_session_read(f.peer, packet.bytes, packet.len, f.now, &event);
        PROMISE(error == LEWES_OK || !f.fair);
        if (error == LEWES_OK)
            fight_succeed(&f, &f.peer, &event);
    }
}

/* ---- the peer lies ---- */

struct region {
    void *start;
    size_t len;
};

/* Secrets and values that the peer works with; how many there are. */
static size_t regions_of(struct lewes_session *peer, struct region out[16])
{
    struct lewesi_handshake *const h = peer->handshake;
    struct lewesi_rekey *const rekey = peer->rekey;
    size_t n = 0;

    out[n++] = (struct region){&peer->send, sizeof peer->send};
    out[n++] = (struct region){peer->psk_registration, sizeof peer->psk_registration};
    out[n++] = (struct region){&peer->outer_key, sizeof peer->outer_key};
    if (h != NULL) {
        out[n++] = (struct region){&h->noise.s, sizeof h->noise.s};
        out[n++] = (struct region){&h->noise.s_private, sizeof h->noise.s_private};
        out[n++] = (struct region){h->noise.psk, sizeof h->noise.psk};
        out[n++] = (struct region){h->noise.ck, sizeof h->noise.ck};
        out[n++] = (struct region){&h->psq, sizeof h->psq};
        out[n++] = (struct region){&h->params.psq_time, sizeof h->params.psq_time};
        out[n++] = (struct region){h->params.kem_random, sizeof h->params.kem_random};
        out[n++] = (struct region){h->params.salt, sizeof h->params.salt};
    }
    if (rekey != NULL) {
        out[n++] = (struct region){rekey->noise.ck, sizeof rekey->noise.ck};
        out[n++] = (struct region){rekey->message + 1, sizeof rekey->message - 1};
        out[n++] = (struct region){&rekey->index, sizeof rekey->index};
        out[n++] = (struct region){&rekey->successor->outer_key, sizeof(struct lewesi_outer_key)};
    }
    return n;
}

static void lie(void)
{
    struct region regions[16];
    const uint8_t which = input_u8(&f.input), at = input_u8(&f.input), bits = input_u8(&f.input);
    const struct region region = regions[which % regions_of(f.peer, regions)];

    f.fair = false;
    if (which & 0x80)
        f.peer->counter += bits;
    else
        ((uint8_t *)region.start)[at % region.len] ^= bits;
}

/* ---- local input ---- */

/* An error of class caller or machine leaves everything as it was. */
static void check_call(const struct image *before, const struct lewes_session *session,
                       enum lewes_error error)
{
    if (error == LEWES_OK)
        return;
    PROMISE(lewes_error_class(error) == LEWES_CLASS_CALLER ||
            lewes_error_class(error) == LEWES_CLASS_MACHINE);
    PROMISE(image_same(before, session));
}

static void send_from(struct lewes_session *session)
{
    static struct image before;

    image_take(&before, session);
    check_call(&before, session, lewes_session_send(session, payload, input_u8(&f.input), f.now));
}

static void rekey(struct lewes_session *session)
{
    static struct image before;

    f.fair = false;
    image_take(&before, session);
    check_call(&before, session, lewes_session_rekey(session, f.now));
}

/* Into a buffer that may be too small. */
static void write_short(void)
{
    struct record packet;
    struct lewes_event event;

    f.fair = false;
    if (fight_write(&f, f.target, &packet, input_u8(&f.input)) &&
        lewes_session_read(f.peer, packet.bytes, packet.len, f.now, &event) == LEWES_OK)
        fight_succeed(&f, &f.peer, &event);
}

static void pass_time(void)
{
    const uint16_t ms = input_u16(&f.input);
    const lewes_time deadline = lewes_session_deadline(f.target);
    const enum lewes_state before = lewes_session_state(f.target);

    f.fair = false;
    f.now += ms;
    const enum lewes_error error = lewes_session_expire(f.target, f.now);
    PROMISE(error == LEWES_OK || (error == LEWES_ERROR_TIMEOUT && f.now >= deadline));
    if (f.now < deadline)
        PROMISE(lewes_session_state(f.target) == before);
    PROMISE(lewes_session_deadline(f.target) > f.now);
    (void)lewes_session_expire(f.peer, f.now);
}

static void close_target(void)
{
    f.fair = false;
    lewes_session_close(f.target, f.now);
    PROMISE(lewes_session_state(f.target) == LEWES_CLOSED);
    PROMISE(lewes_session_deadline(f.target) == LEWES_NEVER);
}

/* ---- steps ---- */

static struct lewes_session *either(void)
{
    return input_u8(&f.input) & 1 ? f.target : f.peer;
}

static void step(void)
{
    switch (input_u8(&f.input) % 20) {
    case 0:
    case 1:
    case 2:
        deliver(false);
        break;
    case 3:
        deliver(true);
        break;
    case 4:
    case 5:
    case 6:
        answer();
        break;
    case 7:
        repeat(false);
        break;
    case 8:
        repeat(true);
        break;
    case 9:
        invent();
        break;
    case 10:
        send_from(either());
        break;
    case 11:
        rekey(either());
        break;
    case 12:
        pass_time();
        break;
    case 13:
        lie();
        break;
    case 14:
        deliver_datagram(false);
        break;
    case 15:
        deliver_datagram(true);
        break;
    case 16:
        f.fair = false;
        f.env.fails_in = 1u + input_u8(&f.input) % 4u;
        break;
    case 17:
        write_short();
        break;
    default:
        if (input_u8(&f.input) == 0xff)
            close_target();
        break;
    }
}

int fuzz_session(const uint8_t *data, size_t size, enum lewes_role target)
{
    memset(&f, 0, sizeof f);
    f.input = (struct input){data, size};
    if (!fight_open(&f, target))
        return 0;
    for (unsigned i = 0; i < STEPS_MAX && f.input.len > 0; i++)
        step();
    fight_close(&f);
    return 0;
}
