/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a userspace WireGuard device: they mean the same in whatever pieces they come. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "wireguard/uapi.h"

/* What came of an answer; the peers are folded into a number. */
struct outcome {
    enum uapi_progress progress;
    int64_t error;
    uint64_t peers, digest;
};

static void fold(struct outcome *outcome, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        outcome->digest = (outcome->digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void each(void *user, const struct wg_peer *peer)
{
    struct outcome *const outcome = user;

    outcome->peers++;
    fold(outcome, &peer->key, sizeof peer->key);
    fold(outcome, peer->ipv4, sizeof peer->ipv4);
    fold(outcome, peer->ipv6, sizeof peer->ipv6);
    fold(outcome, &peer->keepalive, sizeof peer->keepalive);
    fold(outcome, &peer->rx, sizeof peer->rx);
    fold(outcome, &peer->tx, sizeof peer->tx);
    fold(outcome, &peer->handshake, sizeof peer->handshake);
}

static struct outcome parse(const char *bytes, size_t len, size_t piece)
{
    struct outcome outcome = {.progress = UAPI_MORE};
    struct uapi_parser parser;

    uapi_parser_init(&parser, each, &outcome);
    for (size_t at = 0; at < len && outcome.progress == UAPI_MORE; at += piece)
        outcome.progress = uapi_parse(&parser, bytes + at, len - at < piece ? len - at : piece);
    outcome.error = outcome.progress == UAPI_DONE ? parser.error : 0;
    if (outcome.progress != UAPI_MORE) /* and stays so, once there is more */
        PROMISE(uapi_parse(&parser, "\n", 1) == UAPI_BAD);
    uapi_parser_wipe(&parser);
    return outcome;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->progress == b->progress && a->error == b->error && a->peers == b->peers &&
           a->digest == b->digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t piece = 1u + data[0];
    const char *const bytes = (const char *)data + 1;
    const size_t len = size - 1;
    const struct outcome whole = parse(bytes, len, len), cut = parse(bytes, len, piece);

    /* Behind an end there may be bytes that only the whole shows. */
    if (whole.progress != UAPI_BAD)
        PROMISE(same(&whole, &cut));
    else
        PROMISE(cut.progress != UAPI_MORE);
    return 0;
}
