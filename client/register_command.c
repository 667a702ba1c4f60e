/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes register`: keys and files around lewes_register(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <lewes/client.h>

#include "client/command.h"
#include "client/fallback.h"
#include "client/gateway_info.h"
#include "client/register_keys.h"
#include "client/register_options.h"
#include "client/register_tickets.h"
#include "client/report.h"
#include "client/secret_file.h"
#include "client/standard_dirs.h"

#define PROFILE_CAP 2048
#define NAME "register"

/* What lewes_register() is given, and what its pointers point to. */
struct registration {
    struct register_arguments arguments;
    struct lewes_register_options options;
    struct lewes_hop_options exit;
    struct lewes_books *books; /* NULL with mock tickets */
    struct lewes_description descriptions[LEWES_HOPS];
    bool fresh[LEWES_HOPS]; /* its WireGuard key was made for this run */
    char journal[PATH_MAX], cache[PATH_MAX];
};

/* ---- signals ---- */

static int cancel_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    /* A full pipe is readable, too. */
    (void)!write(cancel_pipe[1], "", 1);
}

/* The first Ctrl-C ends the waits in order, so that the exit status tells about the ticket; a
 * second one kills. Returns the descriptor to wait on. */
static int catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    if (pipe2(cancel_pipe, O_CLOEXEC | O_NONBLOCK))
        return 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return cancel_pipe[0];
}

/* ---- from arguments to options ---- */

static struct lewes_hop_options *hop_options(struct registration *r, int hop)
{
    return hop == LEWES_HOP_ENTRY ? &r->options.entry : &r->exit;
}

static void take_limits(struct registration *r)
{
    const struct register_arguments *a = &r->arguments;
    r->options.kem = a->kem;
    r->options.require_pq = a->require_pq;
    r->options.stepwise = a->no_early;
    r->options.connect_ms = a->connect_ms;
    r->options.handshake_ms = a->handshake_ms;
    r->options.registration_ms = a->registration_ms;
    r->options.forward_ms = a->forward_ms;
    r->options.overall_ms = a->overall_ms;
    r->options.tries = a->tries;
    r->options.top_up = a->top_up;
}

/* The rest of what an identity and an address do not say. */
static int take_info(struct registration *r, int hop, struct lewes_hop_options *options)
{
    const struct hop_arguments *given = &r->arguments.hops[hop];
    struct lewes_description *description = &r->descriptions[hop];
    if (!given->info)
        return 0;
    if (gateway_info_read(NAME, given->info, r->arguments.mode, &given->gateway, description))
        return -1;
    options->description = description;
    options->description_is_new = r->arguments.clock_from_info;
    if (!options->port)
        options->port = description->control_port;
    return 0;
}

static int take_hop(struct registration *r, int hop)
{
    const struct hop_arguments *given = &r->arguments.hops[hop];
    struct lewes_hop_options *options = hop_options(r, hop);
    options->gateway = given->gateway;
    options->host = given->host;
    options->port = given->port;
    if (take_info(r, hop, options))
        return -1;
    if (r->arguments.mode == LEWES_MODE_MIXNET)
        return register_keys_take_mixnet(&r->arguments, &r->options);
    return register_keys_take(&r->arguments, (enum lewes_hop)hop, options, &r->fresh[hop]);
}

/* A journal for a key that nobody will have again is of no use. */
static int take_directories(struct registration *r)
{
    const struct register_arguments *a = &r->arguments;
    bool lasts = register_keys_last(a, LEWES_HOP_ENTRY) &&
                 (!a->two_hops || register_keys_last(a, LEWES_HOP_EXIT));
    r->options.cache = a->cache;
    if (!a->cache)
        r->options.cache =
            standard_dir(r->cache, sizeof r->cache, "XDG_CACHE_HOME", ".cache", "lewes");
    if (a->no_journal || !lasts)
        return 0;
    r->options.journal = a->journal;
    if (!a->journal)
        r->options.journal = standard_dir(r->journal, sizeof r->journal, "XDG_DATA_HOME",
                                          ".local/share", "lewes/journal");
    if (r->options.journal)
        return 0;
    complain(NAME, "there is no home directory for the journal; give --journal or --no-journal");
    return -1;
}

static int take_arguments(struct registration *r)
{
    struct lewes_register_options *options = &r->options;
    options->mode = r->arguments.mode;
    take_limits(r);
    if (take_directories(r) || register_tickets_open(&r->arguments, &r->books, &options->tickets) ||
        take_hop(r, LEWES_HOP_ENTRY))
        return -1;
    if (r->arguments.two_hops) {
        options->exit = &r->exit;
        if (take_hop(r, LEWES_HOP_EXIT))
            return -1;
    }
    if (r->arguments.fallback) {
        options->fallback = fallback_run;
        options->fallback_user = &r->arguments;
        options->fallback_after_maybe_spent = r->arguments.fallback_after_maybe_spent;
    }
    if (isatty(STDERR_FILENO)) {
        options->progress = report_step;
        options->progress_user = &r->arguments;
    }
    options->cancel_fd = catch_signals();
    return 0;
}

/* ---- profiles ---- */

static size_t write_profile(const struct registration *r, int hop,
                            const struct lewes_register_result *result, char *out, size_t cap)
{
    const struct lewes_register_options *options = &r->options;
    const struct lewes_profile_options look = {.dns = r->arguments.dns, .mtu = r->arguments.mtu};
    const struct lewes_profile_options plain = {0};
    if (!r->arguments.two_hops)
        return lewes_profile_write(out, cap, &result->entry, &options->entry.wg_key, &look);
    if (hop == LEWES_HOP_EXIT)
        return lewes_profile_write_exit(out, cap, &result->exit, &r->exit.wg_key, &look);
    return lewes_profile_write_entry(out, cap, &result->entry, &result->exit,
                                     &options->entry.wg_key, &plain);
}

/* Returns NULL, or what went wrong. */
static const char *put_profile(const struct registration *r, int hop,
                               const struct lewes_register_result *result)
{
    const char *out = r->arguments.hops[hop].out, *fault = NULL;
    char profile[PROFILE_CAP];
    size_t len = write_profile(r, hop, result, profile, sizeof profile);
    if (len == 0)
        fault = "the profile is too long; give fewer --dns servers";
    else if (out && secret_file_write(out, profile, len))
        fault = strerror(errno);
    else if (!out && !r->arguments.json &&
             (fwrite(profile, 1, len, stdout) != len || fflush(stdout)))
        fault = strerror(errno);
    lewes_wipe(profile, sizeof profile);
    return fault;
}

static const char *put_mixnet(const struct lewes_mixnet_answer *mixnet)
{
    char identity[LEWES_BASE58_CAP], key[LEWES_BASE58_CAP];
    lewes_base58_encode(identity, mixnet->gateway_identity.bytes);
    lewes_base58_encode(key, mixnet->sphinx_key.bytes);
    return printf("identity %s\nsphinx_key %s\n", identity, key) < 0 || fflush(stdout)
               ? strerror(errno)
               : NULL;
}

static const char *put_results(const struct registration *r,
                               const struct lewes_register_result *result)
{
    const char *fault = NULL;
    if (r->arguments.mode == LEWES_MODE_MIXNET)
        return r->arguments.json ? NULL : put_mixnet(&result->mixnet);
    for (int hop = 0; hop < LEWES_HOPS && !fault; hop++)
        if (r->arguments.hops[hop].given)
            fault = put_profile(r, hop, result);
    return fault;
}

/* ---- the end ---- */

/* May a ticket depend on the keys of this run? */
static bool are_keys_needed(const struct lewes_register_result *result, const char *fault)
{
    bool registered = false;
    for (int hop = 0; hop < LEWES_HOPS; hop++)
        registered = registered || result->hops[hop].registered;
    switch (result->outcome) {
    case LEWES_REGISTER_OK:
        return fault != NULL; /* else they are in the profiles */
    case LEWES_REGISTER_MAYBE_SPENT:
        return true;
    case LEWES_REGISTER_REJECTED:
        return registered || result->coin == LEWES_COIN_CREDITED;
    case LEWES_REGISTER_BEFORE_SPEND:
        break;
    }
    return registered;
}

/* After a failure a key of an earlier run stays: what that run has paid may depend on it. */
static void drop_keys(const struct registration *r, const struct lewes_register_result *result,
                      const char *fault)
{
    bool done = result->outcome == LEWES_REGISTER_OK;
    if (are_keys_needed(result, fault))
        return;
    for (int hop = 0; hop < LEWES_HOPS; hop++)
        if (done || r->fresh[hop])
            register_keys_drop(&r->arguments, (enum lewes_hop)hop);
}

static int exit_code_of(const struct lewes_register_result *result)
{
    if (result->fell_back)
        return EXIT_DONE;
    switch (result->outcome) {
    case LEWES_REGISTER_OK:
        return EXIT_DONE;
    case LEWES_REGISTER_BEFORE_SPEND:
        return EXIT_BEFORE_SPEND;
    case LEWES_REGISTER_MAYBE_SPENT:
        return EXIT_MAYBE_SPENT;
    case LEWES_REGISTER_REJECTED:
        break;
    }
    return EXIT_REJECTED;
}

static int run(const struct registration *r)
{
    struct lewes_register_result result;
    const char *fault = NULL;
    bool registered = lewes_register(&r->options, &result) == LEWES_REGISTER_OK;
    int code = exit_code_of(&result);
    if (registered)
        fault = put_results(r, &result);
    if (fault) {
        complain(NAME,
                 "registered, but the result was not written: %s; register again with the same "
                 "key",
                 fault);
        code = EXIT_LOCAL;
    }
    drop_keys(r, &result, fault);
    if (r->arguments.json) {
        if (report_json(&r->arguments, &result, fault) && code == EXIT_DONE)
            code = EXIT_LOCAL;
    } else {
        report_text(&r->arguments, &result);
    }
    return code;
}

int command_register(int argc, char **argv)
{
    static struct registration r; /* large, and used once */
    switch (register_parse(&r.arguments, argc, argv)) {
    case PARSE_GO:
        break;
    case PARSE_HELP:
        return EXIT_DONE;
    case PARSE_BAD:
        return EXIT_USAGE;
    }
    int code = EXIT_LOCAL;
    if (take_arguments(&r) == 0)
        code = run(&r);
    lewes_books_close(r.books);
    lewes_wipe(&r, sizeof r);
    return code;
}
