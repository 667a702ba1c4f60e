/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the exit's session inside forward requests (registration.md 6, protocol.md 13). */
#include <string.h>

#include "client/run.h"

#define NOTICE_MAX 7 /* registration.md R13 */

enum lewes_error forwarding_wrap(struct hop *hop, const uint8_t *packet, size_t len, uint8_t *out,
                                 size_t cap, size_t *out_len)
{
    struct forwarding *forwarding = &hop->forwarding;
    const struct lewes_forward forward = {
        .target = hop->options->gateway,
        .address = forwarding->address,
        .packet = packet,
        .packet_len = len,
    };
    if (forwarding->count == FORWARDS_MAX)
        return LEWES_ERROR_SPACE;
    enum lewes_error error = lewes_forward_encode(&forward, out, cap, out_len);
    if (!error)
        memcpy(forwarding->asked[forwarding->count++], packet, FORWARD_INDEX_LEN);
    return error;
}

bool forwarding_match(struct forwarding *forwarding, uint8_t asked[FORWARD_INDEX_LEN])
{
    if (forwarding->count == 0) {
        memset(asked, 0, FORWARD_INDEX_LEN); /* an answer to nothing: the session will see */
        return true;
    }
    memcpy(asked, forwarding->asked[0], FORWARD_INDEX_LEN);
    forwarding->count--;
    memmove(forwarding->asked[0], forwarding->asked[1], forwarding->count * FORWARD_INDEX_LEN);
    if (forwarding->abandoned == 0)
        return true;
    forwarding->abandoned--;
    return false;
}

unsigned forwarding_notice(const uint8_t *packet, size_t len,
                           const uint8_t asked[FORWARD_INDEX_LEN])
{
    /* index, counter (u64 LE) = reason, version 1, type 0, zero trailer */
    uint8_t notice[LEWES_PACKET_MIN] = {[12] = 1};
    if (len != sizeof notice || packet[4] == 0 || packet[4] > NOTICE_MAX)
        return 0;
    memcpy(notice, asked, FORWARD_INDEX_LEN);
    notice[4] = packet[4];
    return memcmp(notice, packet, sizeof notice) == 0 ? packet[4] : 0;
}

const char *forwarding_reason(unsigned notice)
{
    static const char *const reasons[NOTICE_MAX + 1] = {
        "no reason",
        "it does not forward to this exit",
        "it has no stream free",
        "it could not connect to the exit",
        "the exit did not answer in time",
        "the exit closed the connection or broke the framing",
        "it has a stream open to another exit",
        "it found the packet malformed",
    };
    return reasons[notice <= NOTICE_MAX ? notice : 0];
}
