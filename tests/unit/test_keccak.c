/* SPDX-License-Identifier: Apache-2.0 */
/* The empty message and "abc": FIPS 202 and the examples that NIST published with it. Longer
 * messages: the digests of the recorded keys (test_kkt_vectors) and X-Wing (test_xwing). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "tests/support/backend_memory.h"
#include "tests/support/vectors.h"

static struct lewesi_span text(const char *string)
{
    return (struct lewesi_span){(const uint8_t *)string, strlen(string)};
}

static void check(const uint8_t *actual, const char *hex)
{
    uint8_t expected[32];

    vector_hex(hex, expected, sizeof expected);
    assert_memory_equal(actual, expected, sizeof expected);
}

static void sha3_256_agrees_with_the_published_values(void **state)
{
    uint8_t out[32];

    (void)state;
    lewesi_sha3_256(out, text(""));
    check(out, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    lewesi_sha3_256(out, text("abc"));
    check(out, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
}

static void shake_agrees_with_the_published_values(void **state)
{
    uint8_t out[32];

    (void)state;
    lewesi_shake128(out, sizeof out, text(""));
    check(out, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    lewesi_shake256(out, sizeof out, text(""));
    check(out, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
}

static void a_longer_output_begins_with_the_shorter_one(void **state)
{
    uint8_t message[300], whole[400], part[400];

    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)i;
    lewesi_shake256(whole, sizeof whole, (struct lewesi_span){message, sizeof message});
    for (size_t len = 1; len < sizeof whole; len += 37) {
        memset(part, 0, sizeof part);
        lewesi_shake256(part, len, (struct lewesi_span){message, sizeof message});
        assert_memory_equal(part, whole, len);
        assert_true(lewesi_is_zero(part + len, sizeof part - len));
    }
}

static void the_back_end_allocates_nothing(void **state)
{
    uint8_t out[32];

    (void)state;
    backend_memory_fail(0);
    lewesi_sha3_256(out, text("abc"));
    lewesi_shake128(out, sizeof out, text("abc"));
    lewesi_shake256(out, sizeof out, text("abc"));
    assert_int_equal(backend_memory_allocations(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha3_256_agrees_with_the_published_values),
        cmocka_unit_test(shake_agrees_with_the_published_values),
        cmocka_unit_test(a_longer_output_begins_with_the_shorter_one),
        cmocka_unit_test(the_back_end_allocates_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
