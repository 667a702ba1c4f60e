/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lewes/version.h>

#include "gateway/config.h"
#include "gateway/daemon.h"
#include "gateway/gateway.h"
#include "gateway/options.h"
#include "gateway/system.h"
#include "host/environment.h"

#define EXIT_USAGE 2 /* wrong command line or configuration */

static int load(struct config *config, const struct options *options)
{
    struct config_error error;
    char *text = NULL;
    size_t len = 0;
    int status = config_read_file(options->config, &text, &len, &error);
    if (status == 0) {
        const struct config_sources sources = {
            .file = options->config,
            .text = text,
            .len = len,
            .environment = environ,
            .set = options->set,
            .set_count = options->set_count,
        };
        status = config_load(config, &sources, &error);
    }
    if (status != 0)
        fprintf(stderr, "lewesd: %s\n", error.text);
    if (text == NULL)
        fputs("lewesd: write it as lewesd.conf(5) says, or name another one with --config\n",
              stderr);
    free(text);
    return status;
}

static int check(const struct config *config, const struct options *options)
{
    struct gateway_error error;
    struct lewes_env env;
    host_environment(&env);
    if (gateway_check(&config->settings, &env, &error) != 0) {
        fprintf(stderr, "lewesd: %s\n", error.text);
        return EXIT_USAGE;
    }
    for (int family = 4; family <= 6; family += 2)
        if (!system_forwards(family))
            fprintf(stderr,
                    "lewesd: warning: this host does not forward IPv%d, so tunnels lead no "
                    "further; \"sysctl net.%s=1\" switches it on\n",
                    family, family == 4 ? "ipv4.ip_forward" : "ipv6.conf.all.forwarding");
    printf("%s: the configuration is good\n", options->config);
    return EXIT_SUCCESS;
}

static int act(struct config *config, const struct options *options)
{
    switch (options->action) {
    case OPTIONS_RUN:
        return daemon_run(&config->settings);
    case OPTIONS_CHECK:
        return check(config, options);
    case OPTIONS_PRINT_CONFIG:
        config_print(stdout, config);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case OPTIONS_IDENTITY:
        return daemon_identity(&config->settings);
    case OPTIONS_DESCRIBE:
        return daemon_describe(&config->settings);
    case OPTIONS_EXPORT:
        return daemon_export(&config->settings);
    case OPTIONS_VERSION:
    case OPTIONS_HELP:
        break;
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options;
    struct options_error error;
    struct config config;

    if (options_read(&options, argc, argv, &error) != 0) {
        fprintf(stderr, "lewesd: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (options.action == OPTIONS_HELP) {
        options_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (options.action == OPTIONS_VERSION) {
        puts("lewesd " LEWES_VERSION);
        return EXIT_SUCCESS;
    }
    if (load(&config, &options) != 0)
        return EXIT_USAGE;
    return act(&config, &options);
}
