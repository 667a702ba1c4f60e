/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/forward.h"

#include <string.h>

#include "lib/wire/packet.h"

void forward_notice_write(uint8_t out[LEWES_PACKET_MIN], const struct lewes_forward *forward,
                          enum forward_notice notice)
{
    uint32_t index = forward->packet_len >= 4 ? lewesi_load32le(forward->packet) : 0;
    lewesi_packet_write(out, index, (uint64_t)notice, LEWESI_BUSY, 0);
}

enum forward_notice forward_refusal(const struct lewes_forward *forward)
{
    return forward->packet_len < FORWARD_INNER_MIN ? FORWARD_MALFORMED : FORWARD_NOT_ALLOWED;
}
