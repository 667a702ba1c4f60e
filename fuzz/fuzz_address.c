/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of forward targets: the library's reader agrees with the one of the gateway's
 * configuration, which is the system's; and the notice that a gateway writes is the one that a
 * client finds (registration.md 6). */
#include <string.h>

#include "client/run.h"
#include "fuzz/fuzz.h"
#include "gateway/config_address.h"
#include "gateway/forward.h"
#include "lib/registration/address.h"

#define TEXT_CAP 96

static bool same(const struct lewes_endpoint *a, const struct lewes_endpoint *b)
{
    return a->port == b->port && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, sizeof a->ip.bytes) == 0;
}

static void written_again(const struct lewes_endpoint *endpoint)
{
    char text[LEWESI_ADDRESS_CAP];
    struct lewes_endpoint read;
    const size_t len = lewesi_address_write(text, endpoint);

    memset(&read, 0, sizeof read);
    PROMISE(len <= LEWESI_ADDRESS_MAX && lewesi_address_read(&read, text, len));
    PROMISE(same(&read, endpoint));
}

static void two_readers(const char *text, size_t len)
{
    struct lewes_endpoint ours, theirs;
    const char *const colon = strrchr(text, ':');

    memset(&ours, 0, sizeof ours);
    memset(&theirs, 0, sizeof theirs);
    const bool good = lewesi_address_read(&ours, text, len);
    const bool known = strlen(text) == len && config_parse_endpoint(text, &theirs);

    if (good) {
        PROMISE(known && same(&ours, &theirs) && ours.port != 0);
        written_again(&ours);
    } else if (known) {
        /* Longer spellings, and port 0, are for configurations. */
        PROMISE(colon[1] == '0' || len > LEWESI_ADDRESS_MAX);
    }
}

static void networks(const char *text)
{
    struct settings_network network, again;
    char written[CONFIG_ADDRESS_TEXT];

    memset(&network, 0, sizeof network);
    memset(&again, 0, sizeof again);
    if (!config_parse_network(text, &network))
        return;
    config_format_network(&network, written);
    PROMISE(config_parse_network(written, &again));
    PROMISE(memcmp(&again, &network, sizeof network) == 0);
}

static void notices(const uint8_t *packet, size_t len)
{
    const struct lewes_forward forward = {.packet = packet, .packet_len = len};
    uint8_t notice[LEWES_PACKET_MIN], asked[FORWARD_INDEX_LEN] = {0};

    memcpy(asked, packet, len < sizeof asked ? 0 : sizeof asked);
    for (unsigned reason = 1; reason < FORWARD_NOTICES; reason++) {
        forward_notice_write(notice, &forward, (enum forward_notice)reason);
        PROMISE(forwarding_notice(notice, sizeof notice, asked) == reason);
    }
    const unsigned found = forwarding_notice(packet, len, asked);
    if (found != 0) {
        forward_notice_write(notice, &forward, (enum forward_notice)found);
        PROMISE(len == sizeof notice && memcmp(notice, packet, len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_CAP] = {0};
    const size_t len = size < sizeof text - 1 ? size : sizeof text - 1;

    if (size == 0)
        return 0;
    memcpy(text, data, len);
    two_readers(text, len);
    networks(text);
    notices(data, size);
    return 0;
}
