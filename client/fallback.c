/* SPDX-License-Identifier: Apache-2.0 */
/* Another way to a tunnel (registration.md R18), which is somebody else's program. */
#include "client/fallback.h"

#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/command.h"
#include "client/report.h"

#define NAME "register"

extern char **environ;

/* An old value would be taken for ours. */
static int set_or_clear(const char *name, const char *value)
{
    return value ? setenv(name, value, 1) : unsetenv(name);
}

static int describe(const struct register_arguments *arguments,
                    const struct lewes_register_result *failed)
{
    char gateway[LEWES_BASE58_CAP], attempts[16];
    lewes_base58_encode(gateway, arguments->hops[failed->hop].gateway.bytes);
    snprintf(attempts, sizeof attempts, "%u", failed->attempts);
    bool rejected = failed->outcome == LEWES_REGISTER_REJECTED;
    return set_or_clear("LEWES_CLASS", report_class_name(failed->outcome)) ||
           set_or_clear("LEWES_HOP", report_hop_name(failed->hop)) ||
           set_or_clear("LEWES_STEP", report_step_name(failed->step)) ||
           set_or_clear("LEWES_ERROR", failed->text) ||
           set_or_clear("LEWES_COIN", rejected ? report_coin_name(failed->coin) : NULL) ||
           set_or_clear("LEWES_GATEWAY", gateway) || set_or_clear("LEWES_ATTEMPTS", attempts);
}

/* Standard output may be a pipe to somebody who expects JSON or a profile there. */
static int start(pid_t *child, const char *command)
{
    char shell[] = "sh", flag[] = "-c";
    char *copy = strdup(command);
    if (!copy)
        return ENOMEM;
    char *const argv[] = {shell, flag, copy, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
        if (!error)
            error = posix_spawn(child, "/bin/sh", &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    free(copy);
    return error;
}

int fallback_run(void *arguments, const struct lewes_register_result *failed)
{
    const struct register_arguments *given = arguments;
    pid_t child;
    int status;
    fprintf(stderr, "lewes register: %s\nfalling back: %s\n", failed->text, given->fallback);
    int error = describe(given, failed) ? ENOMEM : start(&child, given->fallback);
    if (error) {
        complain(NAME, "the fallback could not be run: %s", strerror(error));
        return -1;
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
