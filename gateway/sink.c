/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/config_address.h"
#include "gateway/source.h"
#include "lib/base/bytes.h"

#define UDP_SCHEME "udp:"
#define UNIX_SCHEME "unix:"
#define FORMAT_VERSION 1 /* gateway.md G11.3 */

/* What stands behind the scheme; NULL: it is another one. */
static const char *behind(const char *setting, const char *scheme)
{
    const size_t len = strlen(scheme);
    return strncmp(setting, scheme, len) == 0 ? setting + len : NULL;
}

static bool parse_udp(const char *text, struct lewes_endpoint *at)
{
    return text != NULL && config_parse_endpoint(text, at) && at->port != 0;
}

static bool parse_unix(const char *path, struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (path == NULL || path[0] != '/' || strlen(path) >= sizeof address->sun_path)
        return false;
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

bool sink_valid(const char *setting)
{
    struct lewes_endpoint at;
    struct sockaddr_un address;
    return strcmp(setting, "none") == 0 || parse_udp(behind(setting, UDP_SCHEME), &at) ||
           parse_unix(behind(setting, UNIX_SCHEME), &address);
}

/* A connected socket hears that nobody listens. */
static bool open_udp(struct sink *sink, const struct lewes_endpoint *at)
{
    struct sockaddr_storage to;
    const socklen_t len = source_sockaddr(&to, at);

    sink->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return sink->fd >= 0 && connect(sink->fd, (struct sockaddr *)&to, len) == 0;
}

/* Not connected: the other program may come later, or come back. */
static bool open_unix(struct sink *sink, const struct sockaddr_un *address)
{
    memcpy(&sink->to, address, sizeof *address);
    sink->to_len = sizeof *address;
    sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return sink->fd >= 0;
}

bool sink_open(struct sink *sink, const struct settings *settings, struct sink_error *error)
{
    const char *const setting = settings->data.sink;
    struct lewes_endpoint at;
    struct sockaddr_un address;
    bool opened = false;

    *sink = (struct sink){.fd = -1, .framed = settings->data.sink_format == SETTINGS_SINK_FRAMED};
    if (parse_udp(behind(setting, UDP_SCHEME), &at))
        opened = open_udp(sink, &at);
    else if (parse_unix(behind(setting, UNIX_SCHEME), &address))
        opened = open_unix(sink, &address);
    if (opened)
        return true;
    (void)snprintf(error->text, sizeof error->text,
                   "cannot send to %.200s: %s; correct [data] sink", setting, strerror(errno));
    sink_close(sink);
    return false;
}

void sink_close(struct sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

static void write_header(uint8_t header[SINK_HEADER_LEN], const struct sink_item *item)
{
    struct lewesi_writer w;

    lewesi_writer_init(&w, header, SINK_HEADER_LEN);
    lewesi_write_u8(&w, FORMAT_VERSION);
    lewesi_write_u8(&w, 0);
    lewesi_write_u8(&w, (uint8_t)(item->len >> 8));
    lewesi_write_u8(&w, (uint8_t)item->len);
    lewesi_write_u32be(&w, item->index);
    lewesi_write_u64be(&w, item->counter);
    lewesi_write_copy(&w, item->client->bytes, sizeof item->client->bytes);
}

bool sink_send(const struct sink *sink, const struct sink_item *item)
{
    uint8_t header[SINK_HEADER_LEN];
    struct sockaddr_storage to = sink->to;
    struct iovec parts[] = {{.iov_base = header, .iov_len = sizeof header},
                            {.iov_base = (void *)(uintptr_t)item->payload, .iov_len = item->len}};
    const struct msghdr message = {
        .msg_name = sink->to_len > 0 ? &to : NULL,
        .msg_namelen = sink->to_len,
        .msg_iov = sink->framed ? parts : parts + 1,
        .msg_iovlen = sink->framed ? 2 : 1,
    };

    write_header(header, item);
    return sendmsg(sink->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}
