/* SPDX-License-Identifier: Apache-2.0 */
/* Post-quantum suites: keys that are known, unknown, or no longer true (protocol.md P23, P75, P79,
 * P80). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "client/kem_cache.h"
#include "client/run.h"
#include "lib/kkt/kkt.h"
#include "tests/support/temporary_dir.h"
#include "tests/support/virtual_net.h"

#define ALL ((1u << 0) | (1u << 1) | (1u << 2)) /* X-Wing, ML-KEM-768, X25519 */
#define XWING (1u << 0)
#define MLKEM (1u << 1)

/* The linker puts these in front of KKT: a gateway that answers as the original does (P26), with
 * its X25519 key under whatever suite was asked for. */
size_t __real_lewesi_kkt_response_len(const struct lewesi_kem *kem);
size_t __wrap_lewesi_kkt_response_len(const struct lewesi_kem *kem);
enum lewes_error __real_lewesi_kkt_response_write(struct lewesi_writer *out,
                                                  const struct lewesi_kkt_request *request,
                                                  struct lewesi_kem_public key,
                                                  const struct lewesi_ed25519_private *gateway);
enum lewes_error __wrap_lewesi_kkt_response_write(struct lewesi_writer *out,
                                                  const struct lewesi_kkt_request *request,
                                                  struct lewesi_kem_public key,
                                                  const struct lewesi_ed25519_private *gateway);

static bool original;

size_t __wrap_lewesi_kkt_response_len(const struct lewesi_kem *kem)
{
    return original ? LEWESI_KKT_STATUS_LEN + LEWES_KEY_LEN : __real_lewesi_kkt_response_len(kem);
}

enum lewes_error __wrap_lewesi_kkt_response_write(struct lewesi_writer *out,
                                                  const struct lewesi_kkt_request *request,
                                                  struct lewesi_kem_public key,
                                                  const struct lewesi_ed25519_private *gateway)
{
    const struct lewesi_kkt_suite *const suite = &request->suite;
    const uint8_t context[] = {
        0x11, 0x01, suite->kem, suite->hash, suite->digest_len, suite->signature, 0};
    const size_t start = out->at;
    struct lewes_ed25519_public identity;
    struct lewes_x25519_public converted;
    uint8_t signature[LEWESI_SIGNATURE_LEN];

    if (!original)
        return __real_lewesi_kkt_response_write(out, request, key, gateway);
    memcpy(identity.bytes, gateway->bytes + LEWES_KEY_LEN, LEWES_KEY_LEN); /* behind the seed */
    assert_int_equal(lewesi_x25519_public_from_ed25519(&converted, &identity), LEWES_OK);
    lewesi_write_copy(out, context, sizeof context);
    lewesi_write_copy(out, converted.bytes, sizeof converted.bytes);
    lewesi_write_copy(out, request->session_id, sizeof request->session_id);
    assert_int_equal(lewesi_ed25519_sign(signature, gateway,
                                         (struct lewesi_span){out->data + start, out->at - start}),
                     LEWES_OK);
    lewesi_write_copy(out, signature, sizeof signature);
    return LEWES_OK;
}

struct run_of {
    struct vnet net;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_register_result result;
    struct lewes_description descriptions[LEWES_HOPS];
    struct temporary_dir cache;
};

static const enum lewes_kem kems[] = {LEWES_KEM_XWING, LEWES_KEM_MLKEM768, LEWES_KEM_X25519};

/* A description of the suites in `named`, as the gateway has them, or would have them. */
static void describe(struct lewes_description *description, const struct lewes_identity *keys,
                     const struct lewes_ed25519_public *identity, unsigned named)
{
    *description = (struct lewes_description){.identity = *identity,
                                              .time = VNET_UNIX_MS / 1000,
                                              .expires = VNET_UNIX_MS / 1000 + 1000000,
                                              .enabled = true,
                                              .control_port = LEWES_CONTROL_PORT,
                                              .modes = 3,
                                              .ticket_types = 15};
    for (unsigned i = 0; i < LEWES_KEM_SUITES; i++) {
        struct lewes_kem_public key;
        struct lewes_kem_digest digest;
        if (!(named & (1u << i)))
            continue;
        struct lewes_description_suite *suite = &description->suites[description->suite_count++];
        suite->kem = kems[i];
        memset(suite->digests, 0x77, sizeof suite->digests); /* unless it serves it */
        if (lewes_identity_kem(keys, kems[i], &key) != LEWES_OK)
            continue;
        for (int hash = 0; hash < LEWES_HASHES; hash++) {
            assert_int_equal(lewes_kem_digest(&digest, &key, (enum lewes_hash)hash), LEWES_OK);
            memcpy(suite->digests[hash], digest.bytes, sizeof digest.bytes);
        }
    }
}

static void serve(struct vnet_gateway *gateway, unsigned served, uint8_t who)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct lewes_kem_seed seed = {{who, (uint8_t)i}};
        if (served & (1u << i))
            assert_int_equal(lewes_identity_add_kem(gateway->keys, kems[i], &seed), LEWES_OK);
    }
}

static void begin(struct run_of *r, bool two_hops, unsigned served, unsigned named)
{
    memset(r, 0, sizeof *r);
    vnet_init(&r->net);
    vnet_options(&r->net, &r->options, two_hops ? &r->exit : NULL);
    temporary_dir_make(&r->cache);
    serve(&r->net.entry, served, 1);
    serve(&r->net.exit, served, 2);
    describe(&r->descriptions[0], r->net.entry.keys, &r->net.entry.identity, named);
    describe(&r->descriptions[1], r->net.exit.keys, &r->net.exit.identity, named);
    r->options.entry.description = &r->descriptions[0];
    r->exit.description = &r->descriptions[1];
    r->options.cache = r->cache.path;
    r->options.tries = 1;
}

static void end(struct run_of *r)
{
    vnet_free(&r->net);
    temporary_dir_remove(&r->cache);
}

static enum lewes_register_class register_now(struct run_of *r)
{
    vnet_reset(&r->net);
    return run_register(&r->options, &r->result, &r->net.world);
}

static unsigned round_trips(const struct run_of *r)
{
    return r->result.hops[LEWES_HOP_ENTRY].round_trips + r->result.hops[LEWES_HOP_EXIT].round_trips;
}

static void assert_suite(const struct run_of *r, enum lewes_kem kem, bool two_hops)
{
    for (int hop = 0; hop <= two_hops; hop++) {
        assert_true(r->result.hops[hop].handshaken);
        assert_int_equal(r->result.hops[hop].kem, kem);
        assert_int_equal(r->result.hops[hop].pq_handshake, kem != LEWES_KEM_X25519);
        assert_true(r->result.hops[hop].digest_pinned);
    }
}

static void a_key_that_was_met_before_saves_a_round_trip(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++)
        for (unsigned named = 1; named <= 2; named++) {
            struct run_of r;
            begin(&r, two_hops, ALL, named);
            assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
            assert_int_equal(round_trips(&r), two_hops ? 6 : 3);
            assert_suite(&r, kems[named - 1], two_hops);
            assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
            assert_int_equal(round_trips(&r), two_hops ? 4 : 2);
            assert_suite(&r, kems[named - 1], two_hops);
            end(&r);
        }
}

static void a_key_is_remembered_between_the_tries_of_one_call(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r, false, ALL, XWING);
    r.options.cache = NULL;
    r.options.tries = 2;
    r.net.entry.plan[0] = VNET_VANISH;
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(round_trips(&r), 2); /* of the last try */
    end(&r);
}

static void the_strongest_suite_that_is_named_is_taken(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r, true, ALL, ALL);
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_suite(&r, LEWES_KEM_XWING, true);
    end(&r);
}

/* The status frame costs a round trip on the same connection while nothing else was said. */
static void a_suite_that_is_not_served_leads_to_the_next(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of r;
        begin(&r, two_hops, MLKEM, ALL);
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_suite(&r, LEWES_KEM_MLKEM768, two_hops);
        assert_int_equal(r.net.connects, 1);
        assert_int_equal(round_trips(&r), two_hops ? 8 : 4);
        end(&r);
    }
}

/* P80: its Handshake1 was for a key that the gateway has no longer. */
static void a_known_key_of_a_suite_that_is_gone_costs_a_connection(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of with, without;
        begin(&with, two_hops, ALL, ALL);
        begin(&without, two_hops, MLKEM, ALL);
        assert_int_equal(register_now(&with), LEWES_REGISTER_OK);
        without.options.cache = with.cache.path;
        describe(&without.descriptions[0], with.net.entry.keys, &with.net.entry.identity, ALL);
        describe(&without.descriptions[1], with.net.exit.keys, &with.net.exit.identity, ALL);
        assert_int_equal(register_now(&without), LEWES_REGISTER_OK);
        assert_suite(&without, LEWES_KEM_MLKEM768, two_hops);
        assert_int_equal(without.net.connects, 2);
        assert_int_equal(without.net.entry.requests, 1);
        end(&with);
        end(&without);
    }
}

static void another_key_than_the_announced_one_is_refused_and_forgotten(void **state)
{
    struct run_of before, after;
    size_t files;
    (void)state;
    begin(&before, false, ALL, XWING);
    assert_int_equal(register_now(&before), LEWES_REGISTER_OK);
    files = temporary_dir_count(&before.cache, NULL);
    assert_true(files > 0);
    begin(&after, false, 0, XWING);
    serve(&after.net.entry, XWING, 99);
    after.descriptions[0] = before.descriptions[0];
    after.options.cache = before.cache.path;
    after.options.tries = 4;
    assert_int_equal(register_now(&after), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(after.result.error, LEWES_ERROR_KKT_KEY);
    assert_int_equal(after.net.connects, 2); /* early, then once step by step */
    assert_int_equal(after.net.pauses, 0);
    assert_int_equal(after.net.entry.requests, 0);
    assert_true(temporary_dir_count(&before.cache, NULL) < files);
    after.options.cache = NULL; /* a key that nobody had met is none to forget */
    assert_int_equal(register_now(&after), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(after.result.error, LEWES_ERROR_KKT_KEY);
    assert_int_equal(after.net.connects, 1);
    end(&before);
    end(&after);
}

static void nothing_falls_back_below_what_is_required(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r, false, 0, ALL); /* it serves X25519 alone */
    assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
    assert_int_equal(r.result.hops[0].kem, LEWES_KEM_X25519);
    assert_false(r.result.hops[0].pq_handshake);
    r.options.require_pq = true;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_KKT_STATUS);
    assert_int_equal(r.net.entry.requests, 0);
    r.options.entry.description = NULL;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.net.connects, 0);
    end(&r);
}

/* P26 */
static void a_gateway_with_x25519_alone_is_used_only_where_that_is_allowed(void **state)
{
    (void)state;
    for (int two_hops = 0; two_hops < 2; two_hops++) {
        struct run_of r;
        begin(&r, two_hops, ALL, ALL);
        original = true;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_suite(&r, LEWES_KEM_X25519, two_hops);
        assert_int_equal(r.net.connects, 2);
        r.options.require_pq = true;
        r.options.tries = 4;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.result.error, LEWES_ERROR_SUITE);
        assert_int_equal(r.net.connects, 1); /* and none of the tries that are left */
        describe(&r.descriptions[0], r.net.entry.keys, &r.net.entry.identity, XWING);
        r.options.require_pq = false;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.result.error, LEWES_ERROR_SUITE);
        assert_int_equal(r.net.connects, 1);
        original = false;
        end(&r);
    }
}

static void an_early_flight_that_collides_is_repeated_step_by_step(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct run_of r;
        begin(&r, false, ALL, XWING);
        if (known)
            assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        r.net.entry.collisions = 1;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_int_equal(r.net.connects, 2);
        assert_int_equal(round_trips(&r), 4);
        end(&r);
    }
}

static void a_description_of_another_gateway_or_mode_is_refused(void **state)
{
    (void)state;
    for (int fault = 0; fault < 2; fault++) {
        struct run_of r;
        begin(&r, false, ALL, ALL);
        if (fault)
            r.descriptions[0].modes = 1u << LEWES_MODE_MIXNET;
        else
            r.descriptions[0].identity = r.net.exit.identity;
        assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
        assert_int_equal(r.result.error, LEWES_ERROR_ARGUMENT);
        assert_int_equal(r.net.connects, 0);
        end(&r);
    }
}

static void an_expired_description_stops_the_call_before_anything_is_sent(void **state)
{
    struct run_of r;
    (void)state;
    begin(&r, false, ALL, ALL);
    r.descriptions[0].expires = VNET_UNIX_MS / 1000;
    assert_int_equal(register_now(&r), LEWES_REGISTER_BEFORE_SPEND);
    assert_int_equal(r.result.error, LEWES_ERROR_CLOCK);
    assert_non_null(strstr(r.result.text, "expired"));
    assert_int_equal(r.net.connects, 0);
    end(&r);
}

/* The gateways of this world bear the difference, so the request shows which time was used. */
static void a_clock_that_a_description_proves_wrong_is_corrected(void **state)
{
    static const struct {
        int64_t time;
        bool is_new;
        int64_t offset;
    } rows[] = {{20, false, 20}, {-20, true, -20}, {-20, false, 0}, {5, true, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_of r;
        struct lewes_pay_info info;
        begin(&r, false, ALL, ALL);
        const uint64_t clock = r.net.world.unix_ms(r.net.world.user) / 1000;
        r.descriptions[0].time = clock + (uint64_t)rows[i].time;
        r.options.entry.description_is_new = rows[i].is_new;
        assert_int_equal(register_now(&r), LEWES_REGISTER_OK);
        assert_int_equal(r.result.clock_offset, rows[i].offset);
        const uint64_t used = clock + (uint64_t)rows[i].offset;
        lewes_pay_info_decode(&info, r.net.entry.last.credential.pay_info);
        assert_in_range(r.net.entry.last.timestamp, used, used + 2);
        assert_in_range(info.unix_seconds, used, used + 2);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expired_description_stops_the_call_before_anything_is_sent),
        cmocka_unit_test(a_clock_that_a_description_proves_wrong_is_corrected),
        cmocka_unit_test(a_key_that_was_met_before_saves_a_round_trip),
        cmocka_unit_test(a_key_is_remembered_between_the_tries_of_one_call),
        cmocka_unit_test(the_strongest_suite_that_is_named_is_taken),
        cmocka_unit_test(a_suite_that_is_not_served_leads_to_the_next),
        cmocka_unit_test(a_known_key_of_a_suite_that_is_gone_costs_a_connection),
        cmocka_unit_test(another_key_than_the_announced_one_is_refused_and_forgotten),
        cmocka_unit_test(nothing_falls_back_below_what_is_required),
        cmocka_unit_test(a_gateway_with_x25519_alone_is_used_only_where_that_is_allowed),
        cmocka_unit_test(an_early_flight_that_collides_is_repeated_step_by_step),
        cmocka_unit_test(a_description_of_another_gateway_or_mode_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
