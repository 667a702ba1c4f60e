/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/kkt_frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const uint8_t kkt_session_id[LEWESI_KKT_SESSION_ID_LEN] = {
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};

void kkt_frame_sign(struct kkt_frame *frame, const struct lewesi_ed25519_private *key)
{
    assert_true(frame->len >= LEWESI_SIGNATURE_LEN && frame->len <= sizeof frame->bytes);
    const size_t signed_len = frame->len - LEWESI_SIGNATURE_LEN;
    assert_int_equal(lewesi_ed25519_sign(frame->bytes + signed_len, key,
                                         (struct lewesi_span){frame->bytes, signed_len}),
                     LEWES_OK);
}

void kkt_frame_make(struct kkt_frame *frame, const uint8_t context[LEWESI_KKT_CONTEXT_LEN],
                    struct lewesi_span body, const struct lewesi_ed25519_private *key)
{
    struct lewesi_writer w;
    memset(frame, 0, sizeof *frame);
    lewesi_writer_init(&w, frame->bytes, sizeof frame->bytes);
    lewesi_write_copy(&w, context, LEWESI_KKT_CONTEXT_LEN);
    if (body.len > 0)
        lewesi_write_copy(&w, body.data, body.len);
    lewesi_write_copy(&w, kkt_session_id, LEWESI_KKT_SESSION_ID_LEN);
    lewesi_write_zeros(&w, LEWESI_SIGNATURE_LEN);
    assert_false(w.failed);
    frame->len = w.at;
    kkt_frame_sign(frame, key);
}

static uint8_t *copy_of(const struct kkt_frame *frame, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    assert_true(len <= sizeof frame->bytes);
    memcpy(copy, frame->bytes, len);
    return copy;
}

static void assert_key(const struct kkt_frame *frame, struct lewesi_kkt_request *request,
                       const uint8_t *copy)
{
    if (!request->mutual) {
        assert_null(request->key.kem);
        assert_null(request->key.bytes);
        return;
    }
    assert_int_equal(request->key.kem->id, request->suite.kem);
    assert_ptr_equal(request->key.bytes, copy + LEWESI_KKT_CONTEXT_LEN);
    request->key.bytes = frame->bytes + LEWESI_KKT_CONTEXT_LEN;
}

enum lewes_error kkt_frame_read_request_from(const struct kkt_frame *frame, size_t len,
                                             struct lewesi_kkt_request *request,
                                             const struct lewesi_kkt_asker *asker)
{
    struct lewesi_kkt_request before;
    uint8_t *copy = copy_of(frame, len);
    memset(request, 0x55, sizeof *request);
    memset(&before, 0x55, sizeof before);
    enum lewes_error error =
        lewesi_kkt_request_read_from(request, (struct lewesi_span){copy, len}, asker);
    if (error)
        assert_memory_equal(request, &before, sizeof before);
    else
        assert_key(frame, request, copy);
    free(copy);
    return error;
}

enum lewes_error kkt_frame_read_request(const struct kkt_frame *frame, size_t len,
                                        struct lewesi_kkt_request *request,
                                        const struct lewes_ed25519_public *client)
{
    struct lewesi_kkt_request before;
    uint8_t *copy = copy_of(frame, len);
    memset(request, 0x55, sizeof *request);
    memset(&before, 0x55, sizeof before);
    enum lewes_error error =
        lewesi_kkt_request_read(request, (struct lewesi_span){copy, len}, client);
    if (error)
        assert_memory_equal(request, &before, sizeof before);
    else
        assert_key(frame, request, copy);
    free(copy);
    return error;
}

enum lewes_error kkt_frame_read_response(const struct kkt_frame *frame, size_t len,
                                         const struct lewesi_kkt_expected *expected,
                                         const uint8_t *key, uint8_t *status)
{
    static const struct lewesi_kem none;
    struct lewesi_kem_public received = {&none, NULL};
    uint8_t *copy = copy_of(frame, len);
    *status = 0xff;
    enum lewes_error error =
        lewesi_kkt_response_read(expected, (struct lewesi_span){copy, len}, &received, status);
    if (error) {
        assert_ptr_equal(received.kem, &none);
        assert_null(received.bytes);
    } else {
        assert_non_null(key);
        assert_ptr_equal(received.kem, lewesi_kem_find(expected->suite.kem));
        assert_ptr_equal(received.bytes, copy + LEWESI_KKT_CONTEXT_LEN);
        assert_memory_equal(received.bytes, key, received.kem->public_len);
    }
    if (error != LEWES_ERROR_KKT_STATUS)
        assert_int_equal(*status, 0xff);
    free(copy);
    return error;
}
