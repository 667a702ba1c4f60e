/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawing a book: whenever the program dies, the mint charges for one book, and it comes in. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "client/http.h"
#include "client/ticket_withdraw.h"
#include "host/words.h"
#include "tests/support/captured_stream.h"
#include "tests/support/env.h"
#include "tests/support/minted.h"

#define STEPS_MAX 64
#define REQUESTS_MAX 8
#define DIED 42

static struct test_env env;
static struct minted minted;
static char directory[sizeof "/tmp/lewes-withdraw-XXXXXX"];
static char token_file[64];
static uint8_t coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];

/* What the mint knows: shared with the processes that die. */
static struct {
    unsigned count; /* of different requests that were answered */
    uint8_t requests[REQUESTS_MAX][LEWES_WITHDRAWAL_LEN];
    long refuse_with;    /* HTTP status; 0: answers */
    const char *refusal; /* "error" of the answer, or NULL */
    long epoch;
    const char *spoils; /* the path whose answer is spoilt, or NULL */
    void (*spoil)(json_t *root);
    bool token_leaked; /* sent where it is not needed */
} *mint;

/* ---- the process dies at one of these ---- */

static unsigned step, dies_at;

static void fault_point(void)
{
    if (++step == dies_at)
        _exit(DIED);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    fault_point();
    return __real_fsync(fd);
}

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    fault_point();
    return __real_write(fd, bytes, len);
}

int __real_renameat(int from, const char *old, int to, const char *new_name);
int __wrap_renameat(int from, const char *old, int to, const char *new_name);
int __wrap_renameat(int from, const char *old, int to, const char *new_name)
{
    fault_point();
    return __real_renameat(from, old, to, new_name);
}

int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags)
{
    fault_point();
    return __real_unlinkat(dir, name, flags);
}

/* ---- a mint without a network ---- */

static json_t *hex(const uint8_t *bytes, size_t len)
{
    static char text[2 * LEWES_MINT_KEY_MAX + 1];
    hex_write(text, bytes, len);
    return json_string(text);
}

static void unhex(uint8_t *out, size_t len, const json_t *text)
{
    const char *digits = json_string_value(text);
    assert_non_null(digits);
    assert_int_equal(hex_read(out, len, digits), len);
}

static uint32_t date_of(const char *text)
{
    uint32_t seconds = 0;
    assert_non_null(text);
    assert_true(date_read(&seconds, text));
    return seconds;
}

static json_t *signatures(uint8_t (*list)[LEWES_TICKET_SIGNATURE_LEN], size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, hex(list[i], LEWES_TICKET_SIGNATURE_LEN));
    return json_pack("{s:I, s:o}", "epoch", (json_int_t)mint->epoch, "signatures", array);
}

static json_t *answer_get(const char *url)
{
    uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN];
    if (strstr(url, "/v1/key"))
        return json_pack("{s:I, s:o}", "epoch", (json_int_t)mint->epoch, "vk",
                         hex(minted.bytes, minted.len));
    if (strstr(url, "/v1/coins"))
        return signatures(coins, LEWES_BOOK_TICKETS);
    const char *day = strstr(url, "/v1/dates?expires=");
    assert_non_null(day);
    assert_int_equal(lewes_mint_sign_dates(dates, &minted.secret, date_of(strchr(day, '=') + 1)),
                     LEWES_OK);
    return signatures(dates, LEWES_BOOK_DAYS);
}

static void note_request(const uint8_t request[LEWES_WITHDRAWAL_LEN])
{
    for (unsigned i = 0; i < mint->count; i++)
        if (memcmp(mint->requests[i], request, LEWES_WITHDRAWAL_LEN) == 0)
            return;
    assert_true(mint->count < REQUESTS_MAX);
    memcpy(mint->requests[mint->count++], request, LEWES_WITHDRAWAL_LEN);
}

static json_t *answer_issue(const char *text)
{
    uint8_t request[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    struct lewes_withdrawal_claim claim = {.terms.type = LEWES_TICKET_WG_EXIT};
    json_t *body = json_loads(text, 0, NULL);
    assert_non_null(body);
    unhex(claim.user, sizeof claim.user, json_object_get(body, "pk"));
    unhex(request, sizeof request, json_object_get(body, "request"));
    claim.terms.expiration = date_of(json_string_value(json_object_get(body, "expires")));
    assert_string_equal(json_string_value(json_object_get(body, "type")), "wg-exit");
    json_decref(body);
    assert_int_equal(lewes_withdrawal_issue(blind, minted.ecash, &minted.secret, request,
                                            sizeof request, &claim),
                     LEWES_OK);
    note_request(request);
    return json_pack("{s:o}", "blind", hex(blind, sizeof blind));
}

void __wrap_http_run(struct http_call *call);
void __wrap_http_run(struct http_call *call)
{
    if (!call->body && call->token)
        mint->token_leaked = true;
    if (call->body)
        fault_point(); /* on its way */
    call->status = call->body && mint->refuse_with ? mint->refuse_with : 200;
    json_t *root = call->status != 200
                       ? json_pack("{s:s, s:s*}", "message", "because", "error", mint->refusal)
                   : call->body ? answer_issue(call->body)
                                : answer_get(call->url);
    if (mint->spoils && strstr(call->url, mint->spoils))
        mint->spoil(root);
    call->len = json_dumpb(root, call->answer, sizeof call->answer, 0);
    json_decref(root);
    assert_true(call->len <= sizeof call->answer);
    if (call->body)
        fault_point(); /* on its way back */
}

/* ---- fixtures ---- */

static void load_mint(void)
{
    minted_open(&minted, &env.env);
    assert_int_equal(lewes_mint_sign_coins(coins, &minted.secret, minted.bytes, minted.len),
                     LEWES_OK);
}

static void unload_mint(void)
{
    minted_close(&minted);
}

static int load(void **state)
{
    (void)state;
    test_env_init(&env, 5);
    load_mint();
    mint = mmap(NULL, sizeof *mint, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return mint == MAP_FAILED ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    unload_mint();
    return munmap(mint, sizeof *mint);
}

static int set_up(void **state)
{
    (void)state;
    memset(mint, 0, sizeof *mint);
    mint->epoch = 1;
    snprintf(directory, sizeof directory, "/tmp/lewes-withdraw-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(token_file, sizeof token_file, "%s/token", directory);
    FILE *out = fopen(token_file, "w");
    if (!out)
        abort();
    fputs("secret\n", out);
    assert_int_equal(fclose(out), 0);
    return chmod(token_file, 0600);
}

/* Removes what is there; returns how many names ended in `end`. */
static unsigned sweep(const char *end, bool removes)
{
    unsigned found = 0;
    char path[512];
    const struct dirent *entry;
    DIR *listing = opendir(directory);
    if (!listing)
        abort();
    while ((entry = readdir(listing)) != NULL) {
        const size_t len = strlen(entry->d_name), tail = strlen(end);
        found += len >= tail && strcmp(entry->d_name + len - tail, end) == 0;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (removes && entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(listing);
    return found;
}

static int tear_down(void **state)
{
    (void)state;
    sweep("", true);
    return rmdir(directory);
}

static int withdraw_from(const char *url)
{
    const struct ticket_arguments arguments = {.action = TICKET_WITHDRAW,
                                               .mint = url,
                                               .token_file = token_file,
                                               .type = LEWES_TICKET_WG_EXIT};
    struct lewes_books *books = NULL;
    assert_int_equal(lewes_books_open(&books, directory, NULL), 0);
    int code = ticket_withdraw(&arguments, books, directory);
    lewes_books_close(books);
    return code;
}

/* The exit code, and what was complained of holds `words`. */
static void withdraw_and_hear(int code, const char *words)
{
    struct captured_stream captured;
    captured_stream_begin(&captured, words[0] ? &stderr : &stdout);
    const int got = withdraw_from("https://mint.example");
    char *said = captured_stream_end(&captured);
    if (!strstr(said, words))
        fail_msg("'%s' is not in: %s", words, said);
    free(said);
    assert_int_equal(got, code);
}

/* ---- tests ---- */

static int run_and_die(unsigned at)
{
    const pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        assert_non_null(freopen("/dev/null", "w", stdout));
        step = 0;
        dies_at = at;
        _exit(withdraw_from("https://mint.example"));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_book_comes_in_and_its_request_goes(void **state)
{
    (void)state;
    withdraw_and_hear(EXIT_DONE, "");
    assert_int_equal(sweep(".book", false), 1);
    assert_int_equal(sweep(".request", false), 0);
    assert_int_equal(mint->count, 1);
    assert_false(mint->token_leaked);
}

static void what_the_mint_says_decides_about_the_request(void **state)
{
    static const struct {
        long status;
        const char *error;
        int code;
        const char *words;
        unsigned kept;
    } rows[] = {
        {503, "unavailable", EXIT_BEFORE_SPEND, "again later", 1},
        {429, "limit", EXIT_BEFORE_SPEND, "tomorrow", 1},
        {401, "token", EXIT_REJECTED, "Check the token", 1},
        {409, "taken", EXIT_REJECTED, "Check the token", 1},
        {302, NULL, EXIT_REJECTED, "address", 1},
        {400, NULL, EXIT_REJECTED, "address", 1}, /* not a mint: of a proxy, perhaps */
        {400, "proxy", EXIT_REJECTED, "address", 1},
        {400, "expires", EXIT_REJECTED, "because", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mint->refuse_with = rows[i].status;
        mint->refusal = rows[i].error;
        withdraw_and_hear(rows[i].code, rows[i].words);
        assert_int_equal(sweep(".request", false), rows[i].kept);
    }
    mint->refuse_with = 0;
    withdraw_and_hear(EXIT_DONE, "");
    assert_int_equal(mint->count, 1);
}

/* What stands between client and mint does not know what the mint has answered. */
static void a_refusal_that_is_not_the_mints_costs_no_book(void **state)
{
    (void)state;
    mint->refuse_with = 503;
    withdraw_and_hear(EXIT_BEFORE_SPEND, "again later");
    mint->refuse_with = 0;
    assert_int_equal(run_and_die(2), DIED); /* the answer is on its way back */
    assert_int_equal(mint->count, 1);
    mint->refuse_with = 400;
    withdraw_and_hear(EXIT_REJECTED, "address");
    mint->refuse_with = 0;
    withdraw_and_hear(EXIT_DONE, "");
    assert_int_equal(mint->count, 1);
}

static void a_request_under_way_belongs_to_its_mint(void **state)
{
    (void)state;
    mint->refuse_with = 503;
    withdraw_and_hear(EXIT_BEFORE_SPEND, "again later");
    struct captured_stream captured;
    captured_stream_begin(&captured, &stderr);
    const int code = withdraw_from("https://other.example");
    char *said = captured_stream_end(&captured);
    assert_non_null(strstr(said, "--mint https://mint.example"));
    free(said);
    assert_int_equal(code, EXIT_USAGE);
}

static void a_damaged_request_is_not_replaced(void **state)
{
    char path[64];
    (void)state;
    mint->refuse_with = 503;
    withdraw_and_hear(EXIT_BEFORE_SPEND, "again later");
    mint->refuse_with = 0;
    snprintf(path, sizeof path, "%s/wg-exit.request", directory);
    for (off_t len = 2000; len >= 0; len -= 500) {
        assert_int_equal(truncate(path, len), 0);
        withdraw_and_hear(EXIT_LOCAL, "damaged");
    }
    assert_int_equal(mint->count, 0);
}

static void change_epoch(json_t *root)
{
    json_object_set_new(root, "epoch", json_integer(7));
}

static void forget_signature(json_t *root)
{
    json_array_remove(json_object_get(root, "signatures"), 0);
}

static void repeat_signature(json_t *root)
{
    json_t *list = json_object_get(root, "signatures");
    json_array_set(list, 1, json_array_get(list, 0));
}

static void forget_all(json_t *root)
{
    json_object_clear(root);
}

static void shorten_blind(json_t *root)
{
    json_object_set_new(root, "blind", json_string("c000"));
}

static void forge_blind(json_t *root)
{
    json_object_set_new(root, "blind", hex(coins[3], sizeof coins[3]));
}

static void answers_that_make_no_sense_are_told(void **state)
{
    static const struct {
        const char *path, *words;
        void (*spoil)(json_t *root);
    } rows[] = {
        {"/v1/coins", "is this a mint?", change_epoch},
        {"/v1/dates", "is this a mint?", forget_signature},
        {"/v1/coins", "is this a mint?", forget_signature},
        {"/v1/key", "is this a mint?", forget_all},
        {"/v1/coins", "do not hold", repeat_signature},
        {"/v1/dates", "do not hold", repeat_signature},
        {"/v1/issue", "holds no signature", forget_all},
        {"/v1/issue", "holds no signature", shorten_blind},
        {"/v1/issue", "signature does not hold", forge_blind},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mint->spoils = rows[i].path;
        mint->spoil = rows[i].spoil;
        withdraw_and_hear(EXIT_REJECTED, rows[i].words);
        assert_int_equal(sweep(".book", false), 0);
    }
    mint->spoils = NULL;
    withdraw_and_hear(EXIT_DONE, "");
    assert_int_equal(mint->count, 1); /* the request was kept, whatever was answered */
}

static void a_mint_may_change_its_key_while_a_request_is_under_way(void **state)
{
    (void)state;
    mint->refuse_with = 503;
    withdraw_and_hear(EXIT_BEFORE_SPEND, "again later");
    mint->refuse_with = 0;
    unload_mint();
    load_mint();
    mint->epoch = 2;
    withdraw_and_hear(EXIT_DONE, "");
    assert_int_equal(sweep(".book", false), 1);
}

static void whenever_it_dies_one_book_is_charged_and_comes_in(void **state)
{
    int code = DIED;
    unsigned at = 0, twice = 0;
    (void)state;
    while (code == DIED) {
        assert_true(++at < STEPS_MAX);
        assert_int_equal(set_up(NULL), 0);
        code = run_and_die(at);
        assert_true(code == DIED || code == EXIT_DONE);
        if (code == EXIT_DONE)
            break;
        const bool complete = sweep(".book", false) == 1 && sweep(".request", false) == 0;
        if (!complete)
            assert_int_equal(run_and_die(0), EXIT_DONE);
        twice += !complete;
        assert_int_equal(sweep(".book", false), 1);
        assert_int_equal(sweep(".request", false), 0);
        assert_int_equal(mint->count, 1);
        assert_int_equal(tear_down(NULL), 0);
    }
    assert_true(at > 8 && twice > 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_book_comes_in_and_its_request_goes),
        TEST(what_the_mint_says_decides_about_the_request),
        TEST(a_refusal_that_is_not_the_mints_costs_no_book),
        TEST(a_request_under_way_belongs_to_its_mint),
        TEST(a_damaged_request_is_not_replaced),
        TEST(answers_that_make_no_sense_are_told),
        TEST(a_mint_may_change_its_key_while_a_request_is_under_way),
        cmocka_unit_test_teardown(whenever_it_dies_one_book_is_charged_and_comes_in, tear_down),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
