/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VPN application in one call of liblewes-client (doc/embedding.md, "One call"): registers with a
 * gateway and writes a profile for wg-quick to standard output.
 *
 *     register_call HOST PORT GATEWAY [BOOKS]
 *
 * GATEWAY is the gateway's identity in base58, BOOKS a directory of ticket books, as `lewes ticket`
 * fills it. Without it the payment is a mock that only gateways for tests take. Exit code: 0
 * registered, 1 failed and nothing was spent, 2 the ticket may be spent, 3 refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lewes/client.h>

static void show_step(void *user, enum lewes_hop hop, enum lewes_register_step step,
                      uint64_t elapsed_ms)
{
    static const char *const names[] = {"connecting", "shaking hands", "paying", "registering",
                                        "done"};
    (void)user;
    (void)hop;
    fprintf(stderr, "%5llu ms  %s\n", (unsigned long long)elapsed_ms, names[step]);
}

/* An application makes both once and keeps them: with the same keys it gets the same addresses and
 * the credit that is left. */
static int make_keys(struct lewes_hop_options *hop)
{
    struct lewes_env env;

    lewes_env_system(&env);
    return lewes_ed25519_generate(&hop->identity, &env) == LEWES_OK &&
                   lewes_wg_generate(&hop->wg_key, &env) == LEWES_OK
               ? 0
               : -1;
}

static int write_profile(const struct lewes_register_result *result,
                         const struct lewes_wg_private *wg_key)
{
    const struct lewes_profile_options defaults = {NULL, 0};
    char text[1024];
    const size_t len = lewes_profile_write(text, sizeof text, &result->entry, wg_key, &defaults);
    const int written = len > 0 && fputs(text, stdout) >= 0 && fflush(stdout) == 0;

    lewes_wipe(text, sizeof text); /* it holds the private key */
    return written ? 0 : -1;
}

/* A real application gives a journal, too: then a ticket whose answer was lost is sent again by the
 * next run, and never a second one. */
static int run(struct lewes_register_options *options)
{
    struct lewes_register_result result;

    switch (lewes_register(options, &result)) {
    case LEWES_REGISTER_OK:
        return write_profile(&result, &options->entry.wg_key) == 0 ? 0 : 2;
    case LEWES_REGISTER_MAYBE_SPENT:
        fprintf(stderr, "%s\n", result.text);
        return 2;
    case LEWES_REGISTER_REJECTED:
        fprintf(stderr, "%s\n", result.text);
        return 3;
    case LEWES_REGISTER_BEFORE_SPEND:
        break;
    }
    fprintf(stderr, "%s\n", result.text);
    return 1;
}

int main(int argc, char **argv)
{
    struct lewes_register_options options = {.progress = show_step};
    struct lewes_books *books = NULL;
    int status = 1;

    if (argc < 4 || argc > 5 ||
        lewes_base58_decode(options.entry.gateway.bytes, argv[3], strlen(argv[3])) != LEWES_OK) {
        fprintf(stderr, "usage: register_call HOST PORT GATEWAY [BOOKS]\n");
        return 1;
    }
    options.entry.host = argv[1];
    options.entry.port = (uint16_t)strtoul(argv[2], NULL, 10);
    options.tickets = lewes_ticket_source_mock();
    if (argc == 5) {
        if (lewes_books_open(&books, argv[4], NULL) != 0) {
            perror(argv[4]);
            return 1;
        }
        options.tickets = lewes_ticket_source_books(books);
    }
    if (make_keys(&options.entry) == 0)
        status = run(&options);
    lewes_wipe(&options, sizeof options);
    lewes_books_close(books);
    return status;
}
