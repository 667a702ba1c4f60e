/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/directory.h"
#include "tests/support/env.h"

/* base58 of 01 x 32 (registration.md ex. 4), and of 32 zero bytes, which are as many ones */
#define ONES "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"
#define ZEROS "11111111111111111111111111111111"

#define NODE(identity, addresses, port)                                                            \
    "{\"identity\":\"" identity "\",\"addresses\":[" addresses "],\"control_port\":" port "}"
#define NODES(list) "{\"nodes\":[" list "]}"
#define GOOD NODE(ONES, "\"192.0.2.7\",\"2001:db8::7\"", "41264")

static struct test_env env;
static struct directory_error error;

static struct directory *parse(const char *text)
{
    struct directory *directory = NULL;
    const struct directory_text source = {"nodes.json", text, strlen(text)};
    if (directory_parse(&directory, &env.env, &source, &error) != 0)
        assert_null(directory);
    else
        assert_non_null(directory);
    return directory;
}

static int up(void **state)
{
    (void)state;
    test_env_init(&env, 1);
    return 0;
}

static int down(void **state)
{
    (void)state;
    test_env_assert_clean(&env);
    return 0;
}

static struct lewes_endpoint endpoint(uint8_t family, const char *bytes, uint16_t port)
{
    struct lewes_endpoint at = {.ip.family = family, .port = port};
    memcpy(at.ip.bytes, bytes, family == 4 ? 4 : 16);
    return at;
}

static void every_address_of_every_node_is_found_and_no_other(void **state)
{
    static const char v6[] = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07";
    struct lewes_ed25519_public ones, zeros = {{0}};
    struct directory *d =
        parse(NODES(GOOD "," NODE(ZEROS, "\"192.0.2.8\",\"::ffff:192.0.2.9\"", "1")));
    (void)state;
    assert_non_null(d);
    memset(&ones, 1, sizeof ones);
    assert_int_equal(directory_count(d), 2);
    const struct lewes_endpoint seven = endpoint(4, "\xc0\0\x02\x07", 41264);
    const struct lewes_endpoint seven6 = endpoint(6, v6, 41264);
    const struct lewes_endpoint eight = endpoint(4, "\xc0\0\x02\x08", 1);
    const struct lewes_endpoint nine = endpoint(4, "\xc0\0\x02\x09", 1);
    assert_true(directory_holds(d, &ones, &seven));
    assert_true(directory_holds(d, &ones, &seven6));
    assert_true(directory_holds(d, &zeros, &eight));
    assert_true(directory_holds(d, &zeros, &nine)); /* a mapped address is the IPv4 address */
    assert_false(directory_holds(d, &zeros, &seven));
    assert_false(directory_holds(d, &ones, &eight));
    const struct lewes_endpoint other_port = endpoint(4, "\xc0\0\x02\x07", 41265);
    assert_false(directory_holds(d, &ones, &other_port));
    const struct lewes_ip stranger = {4, {192, 0, 2, 6}};
    assert_true(directory_holds_ip(d, &seven.ip));
    assert_true(directory_holds_ip(d, &seven6.ip));
    assert_true(directory_holds_ip(d, &eight.ip));
    assert_true(directory_holds_ip(d, &nine.ip));
    assert_false(directory_holds_ip(d, &stranger));
    directory_free(d);
}

static void a_directory_may_be_empty(void **state)
{
    const struct lewes_ed25519_public zeros = {{0}};
    const struct lewes_endpoint at = endpoint(4, "\xc0\0\x02\x08", 1);
    struct directory *d = parse("{ \"nodes\" : [ ] }\n");
    (void)state;
    assert_non_null(d);
    assert_int_equal(directory_count(d), 0);
    assert_false(directory_holds(d, &zeros, &at));
    assert_false(directory_holds_ip(d, &at.ip));
    directory_free(d);
}

static void what_is_wrong_is_said_with_file_and_entry(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "line"},
        {"[]", "{\"nodes\":[...]} is expected"},
        {"{}", "{\"nodes\":[...]} is expected"},
        {"{\"nodes\":{}}", "{\"nodes\":[...]} is expected"},
        {"{\"nodes\":[],\"more\":1}", "{\"nodes\":[...]} is expected"},
        {"{\"nodes\":[],\"nodes\":[]}", "line 1"},
        {"{\"nodes\":[]}x", "line 1"},
        {NODES(GOOD ",7"), "entry 2"},
        {NODES("{}"), "entry 1"},
        {NODES("{\"identity\":\"" ONES "\",\"addresses\":[\"192.0.2.1\"]}"), "entry 1"},
        {NODES("{\"identity\":\"" ONES "\",\"addresses\":[\"192.0.2.1\"],\"control_port\":1,"
               "\"name\":\"x\"}"),
         "nothing else"},
        {NODES(NODE(ONES "11", "\"192.0.2.7\"", "1")), "\"identity\""},
        {NODES(NODE("", "\"192.0.2.7\"", "1")), "\"identity\""},
        {NODES(NODE("0" ONES, "\"192.0.2.7\"", "1")), "\"identity\""},
        {NODES("{\"identity\":1,\"addresses\":[\"192.0.2.1\"],\"control_port\":1}"),
         "\"identity\""},
        {NODES(NODE(ONES, "", "1")), "\"addresses\""},
        {NODES("{\"identity\":\"" ONES "\",\"addresses\":\"192.0.2.1\",\"control_port\":1}"),
         "\"addresses\""},
        {NODES(NODE(ONES, "192", "1")), "\"addresses\""},
        {NODES(NODE(ONES, "\"192.0.2.7:5\"", "1")), "\"addresses\""},
        {NODES(NODE(ONES, "\"host\"", "1")), "\"addresses\""},
        {NODES(NODE(ONES, "\"fe80::1%lo\"", "1")), "\"addresses\""},
        {NODES(NODE(ONES, "\"192.0.2.7\\u0000\"", "1")), "line 1"},
        {NODES(NODE(ONES, "\"192.0.2.7\"", "0")), "\"control_port\""},
        {NODES(NODE(ONES, "\"192.0.2.7\"", "65536")), "\"control_port\""},
        {NODES(NODE(ONES, "\"192.0.2.7\"", "-1")), "\"control_port\""},
        {NODES(NODE(ONES, "\"192.0.2.7\"", "1.0")), "\"control_port\""},
        {NODES(NODE(ONES, "\"192.0.2.7\"", "\"1\"")), "\"control_port\""},
        {NODES(NODE(ONES, "\"192.0.2.7\",\"::ffff:192.0.2.7\"", "1")), "comes twice"},
        {NODES(GOOD "," NODE(ZEROS, "\"192.0.2.7\"", "1") "," NODE(ONES, "\"192.0.2.1\"", "2")),
         "entry 3: its identity has an entry already"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (parse(cases[i].text) != NULL)
            fail_msg("taken: %s", cases[i].text);
        if (strncmp(error.text, "nodes.json: ", 12) != 0 || !strstr(error.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
}

static void a_file_that_is_cut_short_is_refused_at_every_length(void **state)
{
    static const char text[] = NODES(GOOD);
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct directory *d = NULL;
        const struct directory_text source = {"nodes.json", text, len};
        assert_int_equal(directory_parse(&d, &env.env, &source, &error), -1);
        assert_null(d);
    }
}

/* A list of `count` items, each written by `item`. */
static char *list(size_t count, const char *before, const char *after,
                  int (*item)(char *out, size_t cap, size_t number))
{
    size_t cap = 4096 + count * 256;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, cap, "%s", before);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, cap - len, "%s", i > 0 ? "," : "");
        len += (size_t)item(text + len, cap - len, i);
    }
    (void)snprintf(text + len, cap - len, "%s", after);
    return text;
}

static int address_item(char *out, size_t cap, size_t number)
{
    return snprintf(out, cap, "\"192.0.2.%zu\"", number);
}

static int node_item(char *out, size_t cap, size_t number)
{
    char text[LEWES_BASE58_CAP];
    uint8_t identity[LEWES_KEY_LEN] = {1, (uint8_t)(number >> 8), (uint8_t)number};
    lewes_base58_encode(text, identity);
    return snprintf(out, cap,
                    "{\"identity\":\"%s\",\"addresses\":[\"192.0.2.1\"],\"control_port\":1}", text);
}

static bool is_taken(char *text)
{
    struct directory *d = parse(text);
    free(text);
    directory_free(d);
    return d != NULL;
}

static void a_node_has_16_addresses_and_a_directory_16384_nodes_at_most(void **state)
{
    static const char before[] = "{\"nodes\":[{\"identity\":\"" ONES "\",\"addresses\":[";
    static const char after[] = "],\"control_port\":1}]}";
    (void)state;
    assert_true(is_taken(list(16, before, after, address_item)));
    assert_false(is_taken(list(17, before, after, address_item)));
    assert_true(is_taken(list(16384, "{\"nodes\":[", "]}", node_item)));
    assert_false(is_taken(list(16385, "{\"nodes\":[", "]}", node_item)));
}

static void want_of_memory_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        test_env_init(&env, 1);
        env.fail_allocation = n;
        struct directory *d = parse(NODES(GOOD));
        directory_free(d);
        test_env_assert_clean(&env);
        if (d != NULL) {
            assert_true(n > 2);
            return;
        }
        assert_non_null(strstr(error.text, "no memory"));
    }
}

static void a_file_is_read_as_a_whole(void **state)
{
    char path[] = "/tmp/lewes-directory-XXXXXX";
    struct directory *d = NULL;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, NODES(GOOD), sizeof NODES(GOOD) - 1), sizeof NODES(GOOD) - 1);
    assert_int_equal(directory_load(&d, &env.env, path, &error), 0);
    assert_int_equal(directory_count(d), 1);
    directory_free(d);
    d = NULL;
    assert_int_equal(ftruncate(fd, (off_t)DIRECTORY_FILE_MAX + 1), 0);
    assert_int_equal(directory_load(&d, &env.env, path, &error), -1);
    assert_non_null(strstr(error.text, "longer than"));
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(directory_load(&d, &env.env, path, &error), -1);
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(directory_load(&d, &env.env, path, &error), -1);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(directory_load(&d, &env.env, "/tmp", &error), -1);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_null(d);
}

static void none_is_no_file(void **state)
{
    (void)state;
    assert_false(directory_named("none"));
    assert_false(directory_named(""));
    assert_true(directory_named("nones"));
    assert_true(directory_named("/etc/lewes/nodes.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_address_of_every_node_is_found_and_no_other, up,
                                        down),
        cmocka_unit_test_setup_teardown(a_directory_may_be_empty, up, down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_file_and_entry, up, down),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_short_is_refused_at_every_length, up,
                                        down),
        cmocka_unit_test_setup_teardown(a_node_has_16_addresses_and_a_directory_16384_nodes_at_most,
                                        up, down),
        cmocka_unit_test(want_of_memory_is_an_error_and_leaves_nothing),
        cmocka_unit_test_setup_teardown(a_file_is_read_as_a_whole, up, down),
        cmocka_unit_test(none_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
