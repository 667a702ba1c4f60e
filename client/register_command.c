/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes register`: keys and files around lewes_register(). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lewes/client.h>

#include "client/command.h"
#include "client/identity_file.h"
#include "client/register_options.h"
#include "client/report.h"
#include "client/secret_file.h"

#define PROFILE_CAP 2048
#define NAME "register"

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

static int read_wg_key(const char *path, struct lewes_wg_private *key)
{
    char text[128];
    bool exposed;
    ssize_t len = secret_file_read(path, text, sizeof text, &exposed);
    if (len < 0 && exposed) {
        complain(NAME, "%s: others can read this key; run 'chmod 600 %s'", path, path);
    } else if (len < 0 && errno == ENOENT) {
        complain(NAME, "%s does not exist; make it: umask 077; lewes genkey > %s", path, path);
    } else if (len < 0) {
        complain(NAME, "%s: %s", path, strerror(errno));
    } else {
        while (len > 0 && strchr("\r\n ", text[len - 1]))
            len--;
        if (lewes_base64_decode(key->bytes, text, (size_t)len) == LEWES_OK) {
            lewes_wipe(text, sizeof text);
            return 0;
        }
        complain(NAME, "%s: not a WireGuard private key (44 characters of base64)", path);
    }
    lewes_wipe(text, sizeof text);
    return -1;
}

/* The identity lives beside the key: FILE.lewes. A key that is made for this run and goes to
 * standard output has no place, and so its identity has none. */
static int take_identity(const struct register_arguments *arguments,
                         struct lewes_ed25519_seed *seed, const struct lewes_env *env)
{
    const char *file = arguments->wg_key ? arguments->wg_key : arguments->out;
    if (!file) {
        if (lewes_ed25519_generate(seed, env) == LEWES_OK)
            return 0;
        complain(NAME, "the system gave no randomness");
        return -1;
    }
    size_t size = strlen(file) + sizeof ".lewes";
    char *path = malloc(size);
    if (!path) {
        complain(NAME, "out of memory");
        return -1;
    }
    snprintf(path, size, "%s.lewes", file);
    int failed = identity_file_take(NAME, path, &arguments->gateway, seed);
    free(path);
    return failed;
}

static int take_keys(const struct register_arguments *arguments,
                     struct lewes_register_options *options)
{
    struct lewes_env env;
    lewes_env_system(&env);
    if (arguments->wg_key) {
        if (read_wg_key(arguments->wg_key, &options->entry.wg_key))
            return -1;
    } else if (lewes_wg_generate(&options->entry.wg_key, &env)) {
        complain(NAME, "the system gave no randomness");
        return -1;
    }
    return take_identity(arguments, &options->entry.identity, &env);
}

/* Returns NULL, or what went wrong. */
static const char *put_profile(const struct register_arguments *arguments,
                               const struct lewes_register_options *options,
                               const struct lewes_register_result *result)
{
    char profile[PROFILE_CAP];
    const struct lewes_profile_options look = {.dns = arguments->dns, .mtu = arguments->mtu};
    const char *fault = NULL;
    size_t len =
        lewes_profile_write(profile, sizeof profile, &result->entry, &options->entry.wg_key, &look);
    if (len == 0)
        fault = "the profile is too long; give fewer --dns servers";
    else if (arguments->out && secret_file_write(arguments->out, profile, len))
        fault = strerror(errno);
    else if (!arguments->out && !arguments->json &&
             (fwrite(profile, 1, len, stdout) != len || fflush(stdout)))
        fault = strerror(errno);
    lewes_wipe(profile, sizeof profile);
    return fault;
}

static int exit_code_of(enum lewes_register_class outcome)
{
    switch (outcome) {
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

static int run(const struct register_arguments *arguments, struct lewes_register_options *options)
{
    struct lewes_register_result result;
    const char *fault = NULL;
    int code = exit_code_of(lewes_register(options, &result));
    if (code == EXIT_DONE)
        fault = put_profile(arguments, options, &result);
    if (fault) {
        complain(NAME,
                 "registered, but the profile was not written: %s; register again with the "
                 "same key",
                 fault);
        code = EXIT_LOCAL;
    }
    if (arguments->json) {
        if (report_json(arguments, &result, fault) && code == EXIT_DONE)
            code = EXIT_LOCAL;
    } else {
        report_text(arguments, &result);
    }
    return code;
}

int command_register(int argc, char **argv)
{
    struct register_arguments arguments;
    switch (register_parse(&arguments, argc, argv)) {
    case PARSE_GO:
        break;
    case PARSE_HELP:
        return EXIT_DONE;
    case PARSE_BAD:
        return EXIT_USAGE;
    }
    struct lewes_register_options options = {
        .entry = {.gateway = arguments.gateway, .host = arguments.host, .port = arguments.port},
        .tickets = lewes_ticket_source_mock(),
        .connect_ms = arguments.connect_ms,
        .handshake_ms = arguments.handshake_ms,
        .registration_ms = arguments.registration_ms,
        .progress = isatty(STDERR_FILENO) ? report_step : NULL,
        .cancel_fd = catch_signals(),
    };
    int code = EXIT_LOCAL;
    if (take_keys(&arguments, &options) == 0)
        code = run(&arguments, &options);
    lewes_wipe(&options, sizeof options);
    return code;
}
