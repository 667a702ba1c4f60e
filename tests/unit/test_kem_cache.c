/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/kem_cache.h"
#include "tests/support/temporary_dir.h"

#define FILES_MAX 256

struct place {
    struct temporary_dir dir;
    char cache[TEMPORARY_PATH_CAP]; /* made by the cache itself */
};

static int set_up(void **state)
{
    static struct place place;
    temporary_dir_make(&place.dir);
    temporary_dir_path(&place.dir, place.cache, "a/cache");
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    temporary_dir_remove(&place->dir);
    return 0;
}

/* Coefficients of zero are below the modulus, and what follows is a seed of any kind. */
static struct lewes_kem_public make_key(enum lewes_kem kem, unsigned number)
{
    struct lewes_kem_public key = {.kem = kem, .len = kem == LEWES_KEM_XWING ? 1216 : 1184};
    key.bytes[1183] = (uint8_t)number;
    key.bytes[1182] = (uint8_t)(number >> 8);
    return key;
}

static struct lewes_kem_digest digest_of(const struct lewes_kem_public *key)
{
    struct lewes_kem_digest digest;
    assert_int_equal(lewes_kem_digest(&digest, key, KEM_CACHE_HASH), LEWES_OK);
    return digest;
}

static bool has(const struct place *place, const struct lewes_kem_public *key)
{
    const struct lewes_kem_digest digest = digest_of(key);
    struct lewes_kem_public found, untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    found = untouched;
    if (!kem_cache_get(place->cache, &digest, &found)) {
        assert_memory_equal(&found, &untouched, sizeof found);
        return false;
    }
    assert_int_equal(found.kem, key->kem);
    assert_int_equal(found.len, key->len);
    assert_memory_equal(found.bytes, key->bytes, key->len);
    return true;
}

static void keys_are_found_by_their_digests(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public one = make_key(LEWES_KEM_MLKEM768, 1);
    const struct lewes_kem_public two = make_key(LEWES_KEM_XWING, 2);
    const struct lewes_kem_public three = make_key(LEWES_KEM_XWING, 3);
    assert_false(has(place, &one));
    kem_cache_put(place->cache, &one);
    kem_cache_put(place->cache, &two);
    assert_true(has(place, &one));
    assert_true(has(place, &two));
    assert_false(has(place, &three));
}

static void what_is_put_twice_is_there_once(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    kem_cache_put(place->cache, &key);
    kem_cache_put(place->cache, &key);
    assert_true(has(place, &key));
    assert_int_equal(temporary_dir_count(&place->dir, "a/cache"), 1);
}

static void a_digest_under_another_hash_is_not_found(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    struct lewes_kem_digest digest;
    struct lewes_kem_public found;
    kem_cache_put(place->cache, &key);
    assert_int_equal(lewes_kem_digest(&digest, &key, LEWES_HASH_SHA3_256), LEWES_OK);
    assert_false(kem_cache_get(place->cache, &digest, &found));
}

static void a_key_that_is_forgotten_is_gone(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public one = make_key(LEWES_KEM_MLKEM768, 1);
    const struct lewes_kem_public two = make_key(LEWES_KEM_MLKEM768, 2);
    const struct lewes_kem_digest digest = digest_of(&one);
    kem_cache_put(place->cache, &one);
    kem_cache_put(place->cache, &two);
    kem_cache_forget(place->cache, &digest);
    kem_cache_forget(place->cache, &digest);
    assert_false(has(place, &one));
    assert_true(has(place, &two));
}

static void keys_of_identities_are_not_kept(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = {.kem = LEWES_KEM_X25519, .len = 32, .bytes = {9}};
    kem_cache_put(place->cache, &key);
    assert_false(has(place, &key));
}

static void damage_at_any_byte_is_seen_and_removed(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_XWING, 1);
    for (off_t at = 0; at <= (off_t)key.len; at += 64) { /* the last is a byte too many */
        char path[TEMPORARY_PATH_CAP];
        kem_cache_put(place->cache, &key);
        assert_true(has(place, &key));
        temporary_dir_find(&place->dir, "a/cache", "", path);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "\xa5", 1, at), 1);
        close(fd);
        assert_false(has(place, &key));
        assert_int_equal(temporary_dir_count(&place->dir, "a/cache"), 0);
    }
}

static void a_key_that_is_cut_short_is_seen_and_removed(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    for (off_t len = 0; len < (off_t)key.len; len += 37) {
        char path[TEMPORARY_PATH_CAP];
        kem_cache_put(place->cache, &key);
        temporary_dir_find(&place->dir, "a/cache", "", path);
        assert_int_equal(truncate(path, len), 0);
        assert_false(has(place, &key));
        assert_int_equal(temporary_dir_count(&place->dir, "a/cache"), 0);
    }
}

/* Gives the file of a key a time of use, in seconds from 1970. */
static void date(const struct place *place, const struct lewes_kem_public *key, time_t seconds)
{
    const struct lewes_kem_digest digest = digest_of(key);
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    char path[TEMPORARY_PATH_CAP + 80];
    int len = snprintf(path, sizeof path, "%s/%s-", place->cache, lewes_kem_name(key->kem));
    for (size_t i = 0; i < sizeof digest.bytes; i++, len += 2)
        snprintf(path + len, sizeof path - (size_t)len, "%02x", digest.bytes[i]);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_oldest_make_room(void **state)
{
    struct place *place = *state;
    struct lewes_kem_public key;
    for (unsigned i = 0; i < FILES_MAX; i++) {
        key = make_key(LEWES_KEM_MLKEM768, i);
        kem_cache_put(place->cache, &key);
        date(place, &key, 1000 + (time_t)i);
    }
    assert_int_equal(temporary_dir_count(&place->dir, "a/cache"), FILES_MAX);
    key = make_key(LEWES_KEM_MLKEM768, 0);
    assert_true(has(place, &key)); /* it is used, and not the oldest any more */
    key = make_key(LEWES_KEM_MLKEM768, FILES_MAX);
    kem_cache_put(place->cache, &key);
    assert_int_equal(temporary_dir_count(&place->dir, "a/cache"), FILES_MAX);
    assert_true(has(place, &key));
    key = make_key(LEWES_KEM_MLKEM768, 1);
    assert_false(has(place, &key));
    key = make_key(LEWES_KEM_MLKEM768, 0);
    assert_true(has(place, &key));
    key = make_key(LEWES_KEM_MLKEM768, 2);
    assert_true(has(place, &key));
}

static void files_of_others_are_left_alone(void **state)
{
    struct place *place = *state;
    temporary_dir_write(&place->dir, "letter", "dear", 4);
    for (unsigned i = 0; i < FILES_MAX + 2; i++) {
        const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, i);
        kem_cache_put(place->dir.path, &key);
    }
    char path[TEMPORARY_PATH_CAP];
    temporary_dir_find(&place->dir, NULL, "letter", path);
    assert_int_equal(temporary_dir_count(&place->dir, NULL), FILES_MAX + 1);
}

static void it_may_be_deleted_at_any_time(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    const struct lewes_kem_digest digest = digest_of(&key);
    kem_cache_put(place->cache, &key);
    temporary_dir_remove(&place->dir);
    assert_false(has(place, &key));
    kem_cache_forget(place->cache, &digest);
    kem_cache_put(place->cache, &key);
    assert_true(has(place, &key));
}

static void a_place_that_cannot_be_is_no_cache(void **state)
{
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    struct place nowhere = {.cache = "/dev/null/cache"};
    (void)state;
    kem_cache_put(nowhere.cache, &key);
    assert_false(has(&nowhere, &key));
}

static void nobody_else_may_read_it(void **state)
{
    struct place *place = *state;
    const struct lewes_kem_public key = make_key(LEWES_KEM_MLKEM768, 1);
    char path[TEMPORARY_PATH_CAP];
    struct stat st;
    mode_t before = umask(0);
    kem_cache_put(place->cache, &key);
    umask(before);
    temporary_dir_find(&place->dir, "a/cache", "", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(place->cache, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_found_by_their_digests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_put_twice_is_there_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_digest_under_another_hash_is_not_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_is_forgotten_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_of_identities_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_at_any_byte_is_seen_and_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_is_cut_short_is_seen_and_removed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_make_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_of_others_are_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_may_be_deleted_at_any_time, set_up, tear_down),
        cmocka_unit_test(a_place_that_cannot_be_is_no_cache),
        cmocka_unit_test_setup_teardown(nobody_else_may_read_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
