/* SPDX-License-Identifier: Apache-2.0 */
#include "wireguard/uapi.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/words.h"
#include "lib/base/secret.h"

/* ---- requests ---- */

static void put(struct lewesi_writer *w, const char *text)
{
    lewesi_write_copy(w, (const uint8_t *)text, strlen(text));
}

/* Without a table or a branch: some of these bytes are a private key. */
static uint8_t hex_digit(unsigned nibble)
{
    unsigned letter = ((9U - nibble) >> 8) & 1U; /* 1 for 10 to 15 */
    return (uint8_t)('0' + nibble + letter * ('a' - '0' - 10));
}

static void put_key(struct lewesi_writer *w, const char *name, const uint8_t key[LEWES_KEY_LEN])
{
    put(w, name);
    for (size_t i = 0; i < LEWES_KEY_LEN; i++) {
        lewesi_write_u8(w, hex_digit(key[i] >> 4));
        lewesi_write_u8(w, hex_digit(key[i] & 15U));
    }
    put(w, "\n");
}

static void put_number(struct lewesi_writer *w, const char *name, unsigned number)
{
    char text[16];
    snprintf(text, sizeof text, "%u\n", number);
    put(w, name);
    put(w, text);
}

static void put_address(struct lewesi_writer *w, int family, const uint8_t *bytes,
                        const char *prefix)
{
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(family, bytes, text, sizeof text)) {
        w->failed = true;
        return;
    }
    put(w, "allowed_ip=");
    put(w, text);
    put(w, prefix);
}

void uapi_write_get(struct lewesi_writer *w)
{
    put(w, "get=1\n\n");
}

void uapi_write_set(struct lewesi_writer *w)
{
    put(w, "set=1\n");
}

void uapi_write_device(struct lewesi_writer *w, const struct lewes_wg_private *key, uint16_t port)
{
    put_key(w, "private_key=", key->bytes);
    put_number(w, "listen_port=", port);
}

void uapi_write_peer(struct lewesi_writer *w, const struct wg_peer *peer)
{
    put_key(w, "public_key=", peer->key.bytes);
    put(w, "replace_allowed_ips=true\n");
    put_address(w, AF_INET, peer->ipv4, "/32\n");
    put_address(w, AF_INET6, peer->ipv6, "/128\n");
    put_number(w, "persistent_keepalive_interval=", peer->keepalive);
}

void uapi_write_remove(struct lewesi_writer *w, const struct lewes_wg_public *key)
{
    put_key(w, "public_key=", key->bytes);
    put(w, "remove=true\n");
}

void uapi_write_end(struct lewesi_writer *w)
{
    put(w, "\n");
}

/* ---- values of an answer; NUL-terminated, false = not one ---- */

static bool parse_public(const char *text, struct lewes_wg_public *key)
{
    return hex_read(key->bytes, LEWES_KEY_LEN, text) == LEWES_KEY_LEN;
}

/* Error numbers are negative: a reader of unsigned numbers takes a failure for something else. */
static bool parse_error(const char *text, int64_t *number)
{
    uint64_t value;
    bool negative = *text == '-';
    if (!number_read(&value, text + negative, INT32_MAX))
        return false;
    *number = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool parse_allowed(struct uapi_parser *p, const char *text)
{
    char address[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    uint64_t prefix;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : sizeof address;
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    bool six = strchr(address, ':') != NULL;
    if (inet_pton(six ? AF_INET6 : AF_INET, address, bytes) != 1 ||
        !number_read(&prefix, slash + 1, six ? 128 : 32))
        return false;
    bool *have = six ? &p->have6 : &p->have4;
    if (*have || prefix != (six ? 128 : 32)) {
        p->peer.other_ips = true;
        return true;
    }
    *have = true;
    memcpy(six ? p->peer.ipv6 : p->peer.ipv4, bytes, six ? 16 : 4);
    return true;
}

/* ---- answers ---- */

static void finish_peer(struct uapi_parser *p)
{
    if (p->in_peer && p->each)
        p->each(p->user, &p->peer);
    p->in_peer = false;
}

static bool start_peer(struct uapi_parser *p, const char *value)
{
    finish_peer(p);
    memset(&p->peer, 0, sizeof p->peer);
    p->have4 = p->have6 = false;
    p->in_peer = true;
    return parse_public(value, &p->peer.key);
}

static bool peer_line(struct uapi_parser *p, const char *key, const char *value)
{
    uint64_t number;
    if (strcmp(key, "allowed_ip") == 0)
        return parse_allowed(p, value);
    if (strcmp(key, "rx_bytes") == 0)
        return number_read(&p->peer.rx, value, UINT64_MAX);
    if (strcmp(key, "tx_bytes") == 0)
        return number_read(&p->peer.tx, value, UINT64_MAX);
    if (strcmp(key, "last_handshake_time_sec") == 0)
        return number_read(&p->peer.handshake, value, INT64_MAX);
    if (strcmp(key, "persistent_keepalive_interval") == 0) {
        if (!number_read(&number, value, UINT16_MAX))
            return false;
        p->peer.keepalive = (uint16_t)number;
    }
    return true; /* what is not known does not matter */
}

static bool any_line(struct uapi_parser *p, char *line)
{
    char *value = strchr(line, '=');
    if (!value || p->have_error)
        return false;
    *value++ = '\0';
    if (strcmp(line, "errno") == 0) {
        p->have_error = true;
        return parse_error(value, &p->error);
    }
    if (strcmp(line, "public_key") == 0)
        return start_peer(p, value);
    return !p->in_peer || peer_line(p, line, value);
}

static enum uapi_progress end_of_line(struct uapi_parser *p)
{
    bool last = p->len == 0;
    p->line[p->len] = '\0';
    bool good = last ? p->have_error : any_line(p, p->line);
    lewesi_wipe(p->line, p->len + 1);
    p->len = 0;
    if (!good)
        return UAPI_BAD;
    if (last)
        finish_peer(p);
    return last ? UAPI_DONE : UAPI_MORE;
}

void uapi_parser_init(struct uapi_parser *parser,
                      void (*each)(void *user, const struct wg_peer *peer), void *user)
{
    memset(parser, 0, sizeof *parser);
    parser->each = each;
    parser->user = user;
    parser->progress = UAPI_MORE;
}

enum uapi_progress uapi_parse(struct uapi_parser *parser, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && parser->progress != UAPI_BAD; i++)
        if (parser->progress == UAPI_DONE || bytes[i] == '\0')
            parser->progress = UAPI_BAD; /* one request, one answer: what follows is nobody's */
        else if (bytes[i] == '\n')
            parser->progress = end_of_line(parser);
        else if (parser->len == UAPI_LINE_MAX - 1)
            parser->progress = UAPI_BAD;
        else
            parser->line[parser->len++] = bytes[i];
    return parser->progress;
}

void uapi_parser_wipe(struct uapi_parser *parser)
{
    lewesi_wipe(parser, sizeof *parser);
}
