/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes-mint serve`: HTTP around the answers of api.c, on one thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "host/words.h"
#include "mint/api.h"
#include "mint/arguments.h"

#define LISTEN "127.0.0.1:8090"
#define CONNECTIONS 64U
#define CONNECTION_MEMORY (16U * 1024)
#define IDLE_SECONDS 10U
#define REQUEST_SECONDS 20U /* for a body, however it trickles */
#define DRAIN_STEPS 40      /* of 50 ms */

struct upload { /* of one request */
    size_t len;
    bool too_long;
    time_t begun;
    char body[API_BODY_MAX];
};

/* ---- answers ---- */

/* Neither tokens nor keys, and no text of the client's. */
static void log_access(const char *method, const struct api_answer *answer)
{
    char stamp[32];
    const time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &tm);
    const bool known = strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0;
    fprintf(stderr, "%s %s %s %u %s\n", stamp, known ? method : "-", answer->route, answer->status,
            answer->account);
}

/* Takes the answer's text. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, const char *method,
                                   struct api_answer *answer)
{
    log_access(method, answer);
    if (answer->text == NULL)
        return MHD_NO;
    struct MHD_Response *const response =
        MHD_create_response_from_buffer(strlen(answer->text), answer->text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(answer->text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (answer->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                strcmp(answer->route, "/v1/issue") == 0 ? "POST" : "GET, HEAD");
    const enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_too_long(struct MHD_Connection *connection, const char *method)
{
    struct api_answer answer = {.status = MHD_HTTP_CONTENT_TOO_LARGE, .route = "-", .account = "-"};
    answer.text = api_error("size", "the body is too long");
    return send_answer(connection, method, &answer);
}

/* ---- requests ---- */

/* What comes beyond the limit is thrown away, but not for long. */
static enum MHD_Result take_body(struct upload *upload, const char *data, size_t *len)
{
    const size_t room = sizeof upload->body - upload->len;
    if (*len > room || upload->too_long)
        upload->too_long = true;
    else
        memcpy(upload->body + upload->len, data, *len);
    upload->len += upload->too_long ? 0 : *len;
    *len = 0;
    return time(NULL) - upload->begun > (time_t)REQUEST_SECONDS ? MHD_NO : MHD_YES;
}

static enum MHD_Result begin(struct MHD_Connection *connection, const char *method, void **state)
{
    uint64_t announced = 0;
    const char *const length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL &&
        (!number_read(&announced, length, UINT64_MAX) || announced > API_BODY_MAX))
        return send_too_long(connection, method);
    struct upload *const upload = malloc(sizeof *upload);
    if (upload == NULL)
        return MHD_NO;
    upload->len = 0;
    upload->too_long = false;
    upload->begun = time(NULL);
    *state = upload;
    return MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *len, void **state)
{
    struct upload *const upload = *state;
    struct api_answer answer;
    (void)version;
    if (upload == NULL)
        return begin(connection, method, state);
    if (*len > 0)
        return take_body(upload, data, len);
    if (upload->too_long)
        return send_too_long(connection, method);
    const struct api_request request = {
        .method = method,
        .path = url,
        .authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
        .expires = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "expires"),
        .body = upload->body,
        .len = upload->len,
        .now = (uint64_t)time(NULL),
    };
    api_answer(user, &request, &answer);
    return send_answer(connection, method, &answer);
}

static void on_end(void *user, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    (void)user, (void)connection, (void)why;
    free(*state);
    *state = NULL;
}

/* ---- the daemon ---- */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
    bool loopback;
};

/* ADDRESS:PORT, an IPv6 address in brackets. */
static bool read_address(struct address *address, const char *text)
{
    char host[INET6_ADDRSTRLEN];
    uint64_t port;
    const char *const colon = strrchr(text, ':');
    const bool v6 = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    if (colon == NULL || !number_read(&port, colon + 1, UINT16_MAX))
        return false;
    const size_t len = v6 ? (size_t)(colon - text) - 2 : (size_t)(colon - text);
    if (len >= sizeof host)
        return false;
    memcpy(host, text + v6, len);
    host[len] = '\0';
    memset(address, 0, sizeof *address);
    if (v6) {
        address->as.v6.sin6_family = AF_INET6;
        address->as.v6.sin6_port = htons((uint16_t)port);
        if (inet_pton(AF_INET6, host, &address->as.v6.sin6_addr) != 1)
            return false;
        address->loopback = IN6_IS_ADDR_LOOPBACK(&address->as.v6.sin6_addr);
        return true;
    }
    address->as.v4.sin_family = AF_INET;
    address->as.v4.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &address->as.v4.sin_addr) != 1)
        return false;
    address->loopback = ntohl(address->as.v4.sin_addr.s_addr) >> 24 == 127;
    return true;
}

static struct MHD_Daemon *start(struct api *api, struct address *address)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
    if (address->as.any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, api, MHD_OPTION_SOCK_ADDR,
                            &address->as.any, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_END);
}

/* Nobody new comes in; who is in gets an answer. */
static void drain(struct MHD_Daemon *daemon)
{
    const struct timespec step = {.tv_nsec = 50000000};
    const MHD_socket listener = MHD_quiesce_daemon(daemon);
    const union MHD_DaemonInfo *info = NULL;
    for (int i = 0; i < DRAIN_STEPS; i++) {
        info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (info == NULL || info->num_connections == 0)
            break;
        nanosleep(&step, NULL);
    }
    MHD_stop_daemon(daemon);
    if (listener != MHD_INVALID_SOCKET)
        close(listener);
}

static int serve(struct api *api, struct address *address)
{
    sigset_t ends;
    int signal_number;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before there is a thread: it inherits this */
    struct MHD_Daemon *const daemon = start(api, address);
    if (daemon == NULL) {
        complain("cannot listen: %s", strerror(errno));
        return EXIT_LOCAL;
    }
    const union MHD_DaemonInfo *const info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    fprintf(stderr, "lewes-mint: epoch %llu, listening on port %u\n",
            (unsigned long long)api->mint.epoch.number, info != NULL ? info->port : 0U);
    sigwait(&ends, &signal_number);
    drain(daemon);
    return EXIT_DONE;
}

int command_serve(const struct arguments *arguments)
{
    static struct api api;
    struct address address;
    if (!read_address(&address, arguments->listen != NULL ? arguments->listen : LISTEN)) {
        complain("--listen takes an address and a port, such as %s or [::1]:8090", LISTEN);
        return EXIT_USAGE;
    }
    if (!address.loopback && !arguments->insecure_listen) {
        complain("others can reach this address, and tokens would travel in clear: put a reverse "
                 "proxy with TLS in front of " LISTEN ", or say --insecure-listen");
        return EXIT_USAGE;
    }
    int code = api_open(&api, arguments->dir, (uint64_t)time(NULL));
    if (code != EXIT_DONE)
        return code;
    code = serve(&api, &address);
    api_close(&api);
    return code;
}
