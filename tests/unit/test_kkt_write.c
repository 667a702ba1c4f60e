/* SPDX-License-Identifier: Apache-2.0 */
/* Writing KKT frames where there is no room, or no working back end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/kkt/kkt.h"
#include "tests/support/kem_vectors.h"
#include "tests/support/kkt_frames.h"

/* The linker puts this between KKT and the back end, to make it fail. */
enum lewes_error __real_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);
enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message);

static bool backend_fails;
static struct kem_parties parties;

enum lewes_error __wrap_lewesi_ed25519_sign(uint8_t out[LEWESI_SIGNATURE_LEN],
                                            const struct lewesi_ed25519_private *key,
                                            struct lewesi_span message)
{
    return backend_fails ? LEWES_ERROR_CRYPTO : __real_lewesi_ed25519_sign(out, key, message);
}

static int init(void **state)
{
    (void)state;
    kem_parties_init(&parties);
    return 0;
}

static int mend_backend(void **state)
{
    (void)state;
    backend_fails = false;
    return 0;
}

static struct lewesi_kkt_request request_for(const struct lewesi_kem *kem)
{
    struct lewesi_kkt_request request = {.suite = lewesi_kkt_suite_of(kem->id),
                                         .served_form = true};
    memcpy(request.session_id, kkt_session_id, sizeof request.session_id);
    return request;
}

static void a_request_that_cannot_be_signed_is_zeroed(void **state)
{
    const uint8_t zeros[LEWESI_KKT_REQUEST_LEN] = {0};
    uint8_t out[LEWESI_KKT_REQUEST_LEN];
    (void)state;
    memset(out, 0x55, sizeof out);
    backend_fails = true;
    assert_int_equal(lewesi_kkt_request_write(out, lewesi_kkt_suite_of(LEWES_KEM_X25519),
                                              kkt_session_id, &parties.client_private),
                     LEWES_ERROR_CRYPTO);
    assert_memory_equal(out, zeros, sizeof out);
}

/* Writes behind 3 bytes that stand there already. */
static enum lewes_error write_behind(struct lewesi_writer *w, uint8_t *out, size_t cap,
                                     struct lewesi_kem_public key, const struct lewesi_kem *kem)
{
    const struct lewesi_kkt_request request = request_for(kem);
    lewesi_writer_init(w, out, cap);
    lewesi_write_copy(w, (const uint8_t *)"abc", 3);
    return lewesi_kkt_response_write(w, &request, key, &parties.gateway_private);
}

static void check_room(const struct lewesi_kem *kem)
{
    uint8_t out[LEWESI_KKT_RESPONSE_MAX + 3];
    struct kem_pair pair;
    struct lewesi_writer w;
    kem_pair_init(&pair, kem);
    const struct lewesi_kem_public keys[] = {kem_pair_public(&pair), {NULL, NULL}};
    const size_t lengths[] = {lewesi_kkt_response_len(kem), LEWESI_KKT_STATUS_LEN};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(write_behind(&w, out, 3 + lengths[i] - 1, keys[i], kem),
                         LEWES_ERROR_SPACE);
        assert_int_equal(w.at, 3);
        assert_int_equal(write_behind(&w, out, 3, keys[i], kem), LEWES_ERROR_SPACE);
        assert_int_equal(write_behind(&w, out, 2, keys[i], kem), LEWES_ERROR_SPACE);
        assert_int_equal(write_behind(&w, out, 3 + lengths[i], keys[i], kem), LEWES_OK);
        assert_int_equal(w.at, 3 + lengths[i]);
        assert_memory_equal(out, "abc", 3);
        const struct lewesi_span signed_part = {out + 3, lengths[i] - LEWESI_SIGNATURE_LEN};
        assert_true(lewesi_ed25519_verify(&parties.gateway, signed_part.data + signed_part.len,
                                          signed_part));
        backend_fails = true;
        assert_int_equal(write_behind(&w, out, 3 + lengths[i], keys[i], kem), LEWES_ERROR_CRYPTO);
        assert_int_equal(w.at, 3);
        assert_memory_equal(out, "abc", 3);
        assert_true(lewesi_is_zero(out + 3, lengths[i] - LEWESI_SIGNATURE_LEN));
        backend_fails = false;
    }
}

static void a_response_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    kem_suites_each(check_room);
}

static void a_writer_that_has_failed_stays_as_it_is(void **state)
{
    const struct lewesi_kkt_request request = request_for(lewesi_kem_find(LEWES_KEM_X25519));
    uint8_t out[LEWESI_KKT_RESPONSE_MAX];
    struct lewesi_writer w;
    (void)state;
    lewesi_writer_init(&w, out, sizeof out);
    assert_null(lewesi_write_space(&w, sizeof out + 1));
    assert_int_equal(lewesi_kkt_response_write(&w, &request, (struct lewesi_kem_public){NULL, NULL},
                                               &parties.gateway_private),
                     LEWES_ERROR_SPACE);
    assert_int_equal(w.at, 0);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_request_that_cannot_be_signed_is_zeroed, mend_backend),
        cmocka_unit_test_teardown(a_response_is_written_whole_or_not_at_all, mend_backend),
        cmocka_unit_test(a_writer_that_has_failed_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, init, NULL);
}
