/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/kkt/kkt.h"

#include <string.h>

#include "lib/base/secret.h"

#define REQUEST_BYTE0 0x10  /* version 1, sequence 0; protocol.md 7.1 */
#define RESPONSE_BYTE0 0x11 /* version 1, sequence 1 */
#define ROLE_INITIATOR 0    /* byte 1, bits 1-0; mode one-way and status 0 are zero bits */
#define ROLE_RESPONDER 1
#define ROLE_ANONYMOUS 2
#define MODE_MUTUAL 0x04 /* byte 1, bits 4-2 */
#define STATUS_SHIFT 5   /* byte 1, bits 7-5 */
#define DIGEST_LEN 32    /* the explicit form of digest length 0 */

struct context {
    uint8_t byte0, byte1;
    struct lewesi_kkt_suite suite;
    uint8_t reserved;
};

struct lewesi_kkt_suite lewesi_kkt_suite_of(enum lewes_kem kem)
{
    return (struct lewesi_kkt_suite){.kem = (uint8_t)kem};
}

size_t lewesi_kkt_response_len(const struct lewesi_kem *kem)
{
    return LEWESI_KKT_STATUS_LEN + (size_t)kem->public_len;
}

static void write_context(struct lewesi_writer *w, uint8_t byte0, uint8_t byte1,
                          struct lewesi_kkt_suite suite)
{
    const uint8_t bytes[LEWESI_KKT_CONTEXT_LEN] = {
        byte0, byte1, suite.kem, suite.hash, suite.digest_len, suite.signature, 0};
    lewesi_write_copy(w, bytes, sizeof bytes);
}

static struct context read_context(struct lewesi_reader *r)
{
    struct context context;
    context.byte0 = lewesi_read_u8(r);
    context.byte1 = lewesi_read_u8(r);
    context.suite.kem = lewesi_read_u8(r);
    context.suite.hash = lewesi_read_u8(r);
    context.suite.digest_len = lewesi_read_u8(r);
    context.suite.signature = lewesi_read_u8(r);
    context.reserved = lewesi_read_u8(r);
    return context;
}

static bool same_suite(struct lewesi_kkt_suite a, struct lewesi_kkt_suite b)
{
    /* The original answers a digest length of 32 with 0 (P31). */
    bool same_length =
        a.digest_len == b.digest_len || (a.digest_len == DIGEST_LEN && b.digest_len == 0);
    return a.kem == b.kem && a.hash == b.hash && same_length && a.signature == b.signature;
}

/* Signs what stands in `w` from `start` on, and appends the signature. */
static enum lewes_error sign(struct lewesi_writer *w, size_t start,
                             const struct lewesi_ed25519_private *key)
{
    uint8_t signature[LEWESI_SIGNATURE_LEN];
    const struct lewesi_span signed_part = {w->data + start, w->at - start};
    enum lewes_error error = lewesi_ed25519_sign(signature, key, signed_part);
    if (!error)
        lewesi_write_copy(w, signature, sizeof signature);
    return error;
}

/* The same; whatever was written from `start` on is zeroed if it fails. */
static enum lewes_error sign_or_undo(struct lewesi_writer *w, size_t start,
                                     const struct lewesi_ed25519_private *key)
{
    enum lewes_error error = sign(w, start, key);
    if (error) {
        lewesi_wipe(w->data + start, w->at - start);
        w->at = start;
    }
    return error;
}

/* True if the frame ends with a signature by `key` over the rest of it. */
static bool is_signed_by(struct lewesi_span frame, const struct lewes_ed25519_public *key)
{
    const struct lewesi_span signed_part = {frame.data, frame.len - LEWESI_SIGNATURE_LEN};
    return lewesi_ed25519_verify(key, frame.data + signed_part.len, signed_part);
}

enum lewes_error lewesi_kkt_request_write(uint8_t out[LEWESI_KKT_REQUEST_LEN],
                                          struct lewesi_kkt_suite suite,
                                          const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN],
                                          const struct lewesi_ed25519_private *key)
{
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, LEWESI_KKT_REQUEST_LEN);
    write_context(&w, REQUEST_BYTE0, ROLE_INITIATOR, suite);
    lewesi_write_copy(&w, session_id, LEWESI_KKT_SESSION_ID_LEN);
    enum lewes_error error = sign(&w, 0, key);
    if (error)
        lewesi_wipe(out, LEWESI_KKT_REQUEST_LEN);
    return error;
}

enum lewes_error lewesi_kkt_mutual_write(struct lewesi_writer *out, struct lewesi_kkt_suite suite,
                                         const uint8_t session_id[LEWESI_KKT_SESSION_ID_LEN],
                                         struct lewesi_kem_public own,
                                         const struct lewesi_ed25519_private *key)
{
    const size_t start = out->at;
    if (out->failed || out->cap - start < (size_t)LEWESI_KKT_REQUEST_LEN + own.kem->public_len)
        return LEWES_ERROR_SPACE;
    write_context(out, REQUEST_BYTE0, MODE_MUTUAL | ROLE_INITIATOR, suite);
    lewesi_write_copy(out, own.bytes, own.kem->public_len);
    lewesi_write_copy(out, session_id, LEWESI_KKT_SESSION_ID_LEN);
    return sign_or_undo(out, start, key);
}

/* Steps 1 to 4 of P25. */
static bool is_answer(const struct lewesi_kkt_expected *expected, const struct lewesi_kem *kem,
                      struct lewesi_span frame)
{
    struct lewesi_reader r;
    lewesi_reader_init(&r, frame.data, frame.len);
    struct context context = read_context(&r);
    unsigned status = context.byte1 >> STATUS_SHIFT;
    size_t len = status ? LEWESI_KKT_STATUS_LEN : lewesi_kkt_response_len(kem);
    if (r.failed || frame.len != len)
        return false;
    const uint8_t *session_id = frame.data + len - LEWESI_SIGNATURE_LEN - LEWESI_KKT_SESSION_ID_LEN;
    const unsigned mode_and_role = (expected->mutual ? MODE_MUTUAL : 0) | ROLE_RESPONDER;
    return context.byte0 == RESPONSE_BYTE0 &&
           (context.byte1 & ((1u << STATUS_SHIFT) - 1)) == mode_and_role &&
           same_suite(expected->suite, context.suite) && context.reserved == 0 &&
           lewesi_equal(session_id, expected->session_id, LEWESI_KKT_SESSION_ID_LEN) &&
           is_signed_by(frame, expected->gateway);
}

/*
 * P26: the original answers every suite with its X25519 key under our own context. Everything but
 * the length must be right: a caller may go back to X25519 on this, so an old frame must not do.
 */
static bool is_x25519_under_another_suite(const struct lewesi_kkt_expected *expected,
                                          struct lewesi_span frame)
{
    return expected->suite.kem != LEWES_KEM_X25519 &&
           is_answer(expected, lewesi_kem_find(LEWES_KEM_X25519), frame);
}

static bool has_digest(struct lewesi_kem_public key, const struct lewes_kem_digest *digest)
{
    uint8_t actual[LEWES_KEM_DIGEST_LEN];
    return key.kem->id == digest->kem &&
           !lewesi_kem_digest(actual, (struct lewesi_span){key.bytes, key.kem->public_len},
                              digest->hash) &&
           lewesi_equal(actual, digest->bytes, sizeof actual);
}

/* Steps 6 to 8 of P25. */
static bool is_key_of(const struct lewesi_kkt_expected *expected, struct lewesi_kem_public key)
{
    if (key.kem->check_public(key.bytes))
        return false;
    if (key.kem->id == LEWES_KEM_X25519 &&
        !lewesi_equal(key.bytes, expected->gateway_x25519->bytes, LEWES_KEY_LEN))
        return false;
    return expected->digest ? has_digest(key, expected->digest) : key.kem->id == LEWES_KEM_X25519;
}

enum lewes_error lewesi_kkt_response_read(const struct lewesi_kkt_expected *expected,
                                          struct lewesi_span frame, struct lewesi_kem_public *key,
                                          uint8_t *status)
{
    const struct lewesi_kem *kem = lewesi_kem_find(expected->suite.kem);
    if (!kem)
        return LEWES_ERROR_KKT;
    if (!is_answer(expected, kem, frame))
        return is_x25519_under_another_suite(expected, frame) ? LEWES_ERROR_SUITE : LEWES_ERROR_KKT;
    if (frame.data[1] >> STATUS_SHIFT) {
        *status = frame.data[1] >> STATUS_SHIFT;
        return LEWES_ERROR_KKT_STATUS;
    }
    const struct lewesi_kem_public sent = {kem, frame.data + LEWESI_KKT_CONTEXT_LEN};
    if (!is_key_of(expected, sent))
        return LEWES_ERROR_KKT_KEY;
    *key = sent;
    return LEWES_OK;
}

/* What the second byte of a request says, and the length that goes with it. */
struct form {
    bool known, anonymous, mutual;
    const struct lewesi_kem *kem; /* mutual: of the key */
    size_t len;
};

static struct form form_of(const struct context *context)
{
    switch (context->byte1) {
    case ROLE_INITIATOR:
        return (struct form){.known = true, .len = LEWESI_KKT_REQUEST_LEN};
    case ROLE_ANONYMOUS:
        return (struct form){.known = true, .anonymous = true, .len = LEWESI_KKT_ANONYMOUS_LEN};
    case MODE_MUTUAL | ROLE_INITIATOR:
        break;
    default:
        return (struct form){.known = false};
    }
    const struct lewesi_kem *kem = lewesi_kem_find(context->suite.kem);
    if (!kem)
        return (struct form){.known = false};
    return (struct form){.known = true,
                         .mutual = true,
                         .kem = kem,
                         .len = (size_t)LEWESI_KKT_REQUEST_LEN + kem->public_len};
}

/* P27 step 3, P32: the digest comes after the signature. */
static bool is_allowed(const struct lewesi_kkt_asker *asker, const struct form *form,
                       struct lewesi_span frame)
{
    if (form->anonymous)
        return asker->may_be_anonymous;
    if (form->mutual && !asker->digest)
        return false;
    if (!is_signed_by(frame, asker->client))
        return false;
    const struct lewesi_kem_public key = {form->kem, frame.data + LEWESI_KKT_CONTEXT_LEN};
    return !form->mutual || (!form->kem->check_public(key.bytes) && has_digest(key, asker->digest));
}

enum lewes_error lewesi_kkt_request_read_from(struct lewesi_kkt_request *request,
                                              struct lewesi_span frame,
                                              const struct lewesi_kkt_asker *asker)
{
    struct lewesi_reader r;
    lewesi_reader_init(&r, frame.data, frame.len);
    struct context context = read_context(&r);
    struct form form = form_of(&context);
    if (r.failed || !form.known || frame.len != form.len || context.byte0 != REQUEST_BYTE0 ||
        context.reserved != 0 || !is_allowed(asker, &form, frame))
        return LEWES_ERROR_KKT;
    request->suite = context.suite;
    request->anonymous = form.anonymous;
    request->mutual = form.mutual;
    request->key = (struct lewesi_kem_public){form.kem, NULL};
    if (form.mutual)
        request->key.bytes = lewesi_read_bytes(&r, form.kem->public_len);
    request->served_form =
        context.suite.signature == 0 && context.suite.hash < LEWES_HASHES &&
        (context.suite.digest_len == 0 || context.suite.digest_len == DIGEST_LEN);
    memcpy(request->session_id, lewesi_read_bytes(&r, LEWESI_KKT_SESSION_ID_LEN),
           LEWESI_KKT_SESSION_ID_LEN);
    return LEWES_OK;
}

enum lewes_error lewesi_kkt_request_read(struct lewesi_kkt_request *request,
                                         struct lewesi_span frame,
                                         const struct lewes_ed25519_public *client)
{
    return lewesi_kkt_request_read_from(request, frame,
                                        &(struct lewesi_kkt_asker){.client = client});
}

enum lewes_error lewesi_kkt_response_write(struct lewesi_writer *out,
                                           const struct lewesi_kkt_request *request,
                                           struct lewesi_kem_public key,
                                           const struct lewesi_ed25519_private *gateway)
{
    uint8_t status = key.kem ? 0 : LEWESI_KKT_STATUS_SUITE << STATUS_SHIFT;
    size_t start = out->at;
    if (out->failed ||
        out->cap - start < (key.kem ? lewesi_kkt_response_len(key.kem) : LEWESI_KKT_STATUS_LEN))
        return LEWES_ERROR_SPACE;
    const uint8_t mode = request->mutual ? MODE_MUTUAL : 0;
    write_context(out, RESPONSE_BYTE0, status | mode | ROLE_RESPONDER, request->suite);
    if (key.kem)
        lewesi_write_copy(out, key.bytes, key.kem->public_len);
    lewesi_write_copy(out, request->session_id, LEWESI_KKT_SESSION_ID_LEN);
    return sign_or_undo(out, start, gateway);
}
