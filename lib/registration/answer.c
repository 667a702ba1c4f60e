/* SPDX-License-Identifier: Apache-2.0 */
/* Answers (registration.md 5). */
#include <string.h>

#include "lib/registration/codec.h"

#define KEY_TEXT_MIN 32 /* registration.md R6 */
#define KEY_TEXT_MAX 44

/* The fields of registration.md 5, by number. */
enum field { WHOLE, SUCCESS, ERROR_TEXT, GATEWAY_DATA, MIXNET_DATA, BANDWIDTH };

/* An answer as the wire has it, before it is known to be one of the three kinds of R11. */
struct wire_answer {
    bool success, has_error, has_dvpn, has_mixnet;
    struct lewes_refused_answer refused;
    struct lewes_dvpn_answer dvpn;
    struct lewes_mixnet_answer mixnet;
    int64_t bandwidth;
};

static void write_dvpn(struct lewesi_writer *w, const struct lewes_dvpn_answer *dvpn)
{
    char key[LEWES_BASE58_CAP];
    lewes_base58_encode(key, dvpn->gateway_key.bytes);
    size_t len = strlen(key);
    lewesi_write_varint(w, len);
    lewesi_write_copy(w, (const uint8_t *)key, len);
    lewesi_write_endpoint(w, &dvpn->endpoint);
    lewesi_write_copy(w, dvpn->ipv4, sizeof dvpn->ipv4);
    lewesi_write_copy(w, dvpn->ipv6, sizeof dvpn->ipv6);
}

static void write_refusal(struct lewesi_writer *w, const struct lewes_refused_answer *refused)
{
    lewesi_write_u8(w, 1);
    lewesi_write_varint(w, refused->len);
    lewesi_write_copy(w, (const uint8_t *)refused->text, refused->len);
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of the UTF-8 sequence at `text`, or 0 if it is none; NUL is none here. */
static size_t utf8_len(const uint8_t *text, size_t left)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    uint8_t first = text[0];
    size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t point = len == 1 ? first : first & (0x7fu >> len);
    if (is_continuation(first) || first > 0xf4 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(text[i]))
            return 0;
        point = point << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point >= least[len] && point <= 0x10ffff && !surrogate ? len : 0;
}

static bool is_text(const uint8_t *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t n = utf8_len(text + at, len - at);
        if (n == 0)
            return false;
        at += n;
    }
    return len >= 1 && len <= LEWES_REFUSAL_TEXT_MAX;
}

static bool encodable(const struct lewes_answer *answer)
{
    const struct lewes_refused_answer *refused = &answer->as.refused;
    const struct lewes_endpoint *endpoint = &answer->as.dvpn.endpoint;
    switch (answer->kind) {
    case LEWES_ANSWER_DVPN:
        return answer->bandwidth >= 0 && endpoint->port != 0 &&
               (endpoint->ip.family == 4 || endpoint->ip.family == 6);
    case LEWES_ANSWER_MIXNET:
        return answer->bandwidth >= 0;
    case LEWES_ANSWER_REFUSED:
        return answer->bandwidth == 0 && refused->text &&
               is_text((const uint8_t *)refused->text, refused->len);
    }
    return false;
}

enum lewes_error lewes_answer_encode(const struct lewes_answer *answer, uint8_t *out, size_t cap,
                                     size_t *len)
{
    struct lewesi_writer w;
    if (!encodable(answer))
        return LEWES_ERROR_VALUE;
    bool refused = answer->kind == LEWES_ANSWER_REFUSED;
    bool dvpn = answer->kind == LEWES_ANSWER_DVPN;
    bool mixnet = answer->kind == LEWES_ANSWER_MIXNET;
    lewesi_writer_init(&w, out, cap);
    lewesi_write_u8(&w, !refused);
    if (refused)
        write_refusal(&w, &answer->as.refused);
    else
        lewesi_write_u8(&w, 0);
    lewesi_write_u8(&w, dvpn);
    if (dvpn)
        write_dvpn(&w, &answer->as.dvpn);
    lewesi_write_u8(&w, mixnet);
    if (mixnet) {
        lewesi_write_copy(&w, answer->as.mixnet.gateway_identity.bytes, LEWES_KEY_LEN);
        lewesi_write_copy(&w, answer->as.mixnet.sphinx_key.bytes, LEWES_KEY_LEN);
    }
    lewesi_write_varint(&w, lewesi_zigzag(answer->bandwidth));
    return lewesi_write_finish(&w, len);
}

static void read_error(struct lewesi_reader *r, struct wire_answer *wire)
{
    wire->has_error = lewesi_read_bool(r);
    if (!wire->has_error)
        return;
    size_t len = (size_t)lewesi_read_varint(r, LEWES_REFUSAL_TEXT_MAX, LEWESI_SHORTEST);
    const uint8_t *text = lewesi_read_bytes(r, len);
    if (!text || !is_text(text, len))
        r->failed = true;
    wire->refused = (struct lewes_refused_answer){.text = (const char *)text, .len = len};
}

static void read_dvpn(struct lewesi_reader *r, struct wire_answer *wire)
{
    struct lewes_dvpn_answer *dvpn = &wire->dvpn;
    wire->has_dvpn = lewesi_read_bool(r);
    if (!wire->has_dvpn)
        return;
    size_t len = (size_t)lewesi_read_varint(r, KEY_TEXT_MAX, LEWESI_SHORTEST);
    const char *text = (const char *)lewesi_read_bytes(r, len);
    if (!text || len < KEY_TEXT_MIN || lewes_base58_decode(dvpn->gateway_key.bytes, text, len))
        r->failed = true;
    lewesi_read_endpoint(r, &dvpn->endpoint);
    lewesi_read_copy(r, dvpn->ipv4, sizeof dvpn->ipv4);
    lewesi_read_copy(r, dvpn->ipv6, sizeof dvpn->ipv6);
}

static void read_mixnet(struct lewesi_reader *r, struct wire_answer *wire)
{
    wire->has_mixnet = lewesi_read_bool(r);
    if (!wire->has_mixnet)
        return;
    lewesi_read_copy(r, wire->mixnet.gateway_identity.bytes, LEWES_KEY_LEN);
    lewesi_read_copy(r, wire->mixnet.sphinx_key.bytes, LEWES_KEY_LEN);
}

static void read_field(struct lewesi_reader *r, enum field field, struct wire_answer *wire)
{
    switch (field) {
    case SUCCESS:
        wire->success = lewesi_read_bool(r);
        break;
    case ERROR_TEXT:
        read_error(r, wire);
        break;
    case GATEWAY_DATA:
        read_dvpn(r, wire);
        break;
    case MIXNET_DATA:
        read_mixnet(r, wire);
        break;
    case BANDWIDTH:
        wire->bandwidth = lewesi_unzigzag(lewesi_read_varint(r, UINT64_MAX, LEWESI_ANY));
        if (wire->bandwidth < 0)
            r->failed = true;
        break;
    case WHOLE:
        break;
    }
}

/* The three rows of R11; every other combination is malformed. */
static bool classify(const struct wire_answer *wire, struct lewes_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->bandwidth = wire->bandwidth;
    if (wire->success && !wire->has_error && wire->has_dvpn && !wire->has_mixnet) {
        answer->kind = LEWES_ANSWER_DVPN;
        answer->as.dvpn = wire->dvpn;
    } else if (wire->success && !wire->has_error && !wire->has_dvpn && wire->has_mixnet) {
        answer->kind = LEWES_ANSWER_MIXNET;
        answer->as.mixnet = wire->mixnet;
    } else if (!wire->success && wire->has_error && !wire->has_dvpn && !wire->has_mixnet &&
               wire->bandwidth == 0) {
        answer->kind = LEWES_ANSWER_REFUSED;
        answer->as.refused = wire->refused;
    } else {
        return false;
    }
    return true;
}

enum lewes_error lewes_answer_decode(struct lewes_answer *answer, const uint8_t *bytes, size_t len,
                                     unsigned *field)
{
    struct wire_answer wire;
    struct lewes_answer decoded;
    struct lewesi_reader r;
    unsigned at = WHOLE;
    enum lewes_error error = len > LEWES_ANSWER_MAX ? LEWES_ERROR_LENGTH : LEWES_OK;
    memset(&wire, 0, sizeof wire);
    lewesi_reader_init(&r, bytes, len);
    while (!error && at < BANDWIDTH) {
        read_field(&r, (enum field)++ at, &wire);
        if (r.failed)
            error = LEWES_ERROR_FORMAT;
    }
    if (!error) {
        at = WHOLE;
        if (!lewesi_reader_done(&r))
            error = LEWES_ERROR_LENGTH;
        else if (!classify(&wire, &decoded))
            error = LEWES_ERROR_FORMAT;
    }
    if (error && field)
        *field = at;
    if (!error)
        *answer = decoded;
    return error;
}
