/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "gateway/mixnet.h"
#include "gateway/sink.h"

/* False if the result has no room. */
static bool replace_interface(struct settings *settings)
{
    static const char word[] = "INTERFACE";
    char path[2 * SETTINGS_TEXT];
    char *socket = settings->wireguard.uapi_socket;
    const char *at = strstr(socket, word);
    if (!at)
        return true;
    int len = snprintf(path, sizeof path, "%.*s%s%s", (int)(at - socket), socket,
                       settings->wireguard.interface, at + sizeof word - 1);
    if (len < 0 || len >= SETTINGS_TEXT)
        return false;
    memset(socket, 0, SETTINGS_TEXT);
    memcpy(socket, path, (size_t)len);
    return true;
}

static bool interface_name(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (; *name; name++)
        if (*name <= ' ' || *name > '~' || strchr("/:%", *name))
            return false;
    return true;
}

struct config_complaint config_complete(struct settings *s)
{
    struct sockaddr_un address;
    bool socket_fits = replace_interface(s);
    if (!interface_name(s->wireguard.interface))
        return (struct config_complaint){"wireguard.interface", "not a name an interface can have"};
    if (!socket_fits || strlen(s->wireguard.uapi_socket) >= sizeof address.sun_path)
        return (struct config_complaint){"wireguard.uapi_socket",
                                         "too long for the path of a socket"};
    if ((s->gateway.suites & SETTINGS_SUITE_X25519) == 0)
        return (struct config_complaint){"gateway.suites",
                                         "x25519 must be in the list: every gateway answers it"};
    if (s->wireguard.backend == SETTINGS_BACKEND_KERNEL)
        return (struct config_complaint){"wireguard.backend",
                                         "this version has no kernel back end; use auto or "
                                         "userspace, and run wireguard-go"};
    if (s->wireguard.keepalive % 1000)
        return (struct config_complaint){"wireguard.keepalive", "whole seconds are expected"};
    if (s->limits.max_sessions < s->limits.max_half_open)
        return (struct config_complaint){"limits.max_sessions",
                                         "must not be less than limits.max_half_open"};
    if (s->registration.verifier == SETTINGS_VERIFIER_MOCK && !s->security.allow_mock)
        return (struct config_complaint){"registration.verifier",
                                         "mock takes every ticket, so anybody gets in for nothing; "
                                         "for a test set security.allow_mock = yes as well"};
    if (!sink_valid(s->data.sink))
        return (struct config_complaint){"data.sink",
                                         "none, udp: with address and port, or unix: and the path "
                                         "of a socket, is expected"};
    if (s->data.enabled && strcmp(s->data.sink, "none") == 0)
        return (struct config_complaint){"data.sink",
                                         "data.enabled needs one: without it all that comes would "
                                         "be lost"};
    if (!mixnet_hook_valid(s->mixnet.hook))
        return (struct config_complaint){"mixnet.hook",
                                         "none, or unix: and the path of a socket, is expected"};
    if (!mixnet_sphinx_valid(s->mixnet.sphinx_key))
        return (struct config_complaint){"mixnet.sphinx_key",
                                         "\"from identity\", or the base58 text of 32 bytes, is "
                                         "expected"};
    return (struct config_complaint){NULL, NULL};
}
