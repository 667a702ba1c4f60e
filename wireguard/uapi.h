/* SPDX-License-Identifier: Apache-2.0 */
/* The text that a userspace WireGuard device speaks on its socket: requests, and their answers. */
#ifndef LEWES_WIREGUARD_UAPI_H
#define LEWES_WIREGUARD_UAPI_H

#include "lib/base/bytes.h"
#include "wireguard/device.h"

#define UAPI_LINE_MAX 256   /* longest line of an answer; the longest known has 80 characters */
#define UAPI_PEER_TEXT 256  /* room for one peer in a request: 229 at most */
#define UAPI_FRAME_TEXT 128 /* room for what stands around the peers: "set=1" with key and port */

/* Each writes a part of a request, in the order of this list; one that does not fit sets the sticky
 * error of the writer. A request with a private key must be wiped after use. */
void uapi_write_get(struct lewesi_writer *w); /* the whole request */
void uapi_write_set(struct lewesi_writer *w); /* the start of one */
void uapi_write_device(struct lewesi_writer *w, const struct lewes_wg_private *key, uint16_t port);
void uapi_write_peer(struct lewesi_writer *w, const struct wg_peer *peer);
void uapi_write_remove(struct lewesi_writer *w, const struct lewes_wg_public *key);
void uapi_write_end(struct lewesi_writer *w);

enum uapi_progress {
    UAPI_MORE, /* the answer goes on */
    UAPI_DONE, /* `error` is what the device said: 0, or a negative errno */
    UAPI_BAD   /* not an answer, or one with something behind its end */
};

/* Reads one answer in pieces of any size. Wipe it with uapi_parser_wipe: it sees private keys. */
struct uapi_parser {
    void (*each)(void *user, const struct wg_peer *peer); /* may be NULL */
    void *user;
    int64_t error;
    enum uapi_progress progress;
    bool have_error;
    bool in_peer;
    bool have4, have6;
    struct wg_peer peer;
    size_t len;
    char line[UAPI_LINE_MAX];
};

void uapi_parser_init(struct uapi_parser *parser,
                      void (*each)(void *user, const struct wg_peer *peer), void *user);

/* Takes all `len` bytes, calls `each` for the peers that have become complete. UAPI_DONE and
 * UAPI_BAD are final. */
enum uapi_progress uapi_parse(struct uapi_parser *parser, const char *bytes, size_t len);

void uapi_parser_wipe(struct uapi_parser *parser);

#endif
