/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/forward.h"

#include <string.h>

#include "gateway/address_range.h"
#include "lib/wire/packet.h"

static const char *const names[FORWARD_NOTICES] = {
    [FORWARD_DONE] = "ok",
    [FORWARD_NOT_ALLOWED] = "not_allowed",
    [FORWARD_NO_STREAM] = "no_stream",
    [FORWARD_CONNECT_FAILED] = "connect_failed",
    [FORWARD_TIMED_OUT] = "timed_out",
    [FORWARD_EXIT_CLOSED] = "exit_closed",
    [FORWARD_OTHER_TARGET] = "other_target",
    [FORWARD_MALFORMED] = "malformed",
};

const char *forward_notice_name(enum forward_notice notice)
{
    return names[notice];
}

void forward_notice_write(uint8_t out[LEWES_PACKET_MIN], const struct lewes_forward *forward,
                          enum forward_notice notice)
{
    uint32_t index = forward->packet_len >= 4 ? lewesi_load32le(forward->packet) : 0;
    lewesi_packet_write(out, index, (uint64_t)notice, LEWESI_BUSY, 0);
}

static bool same_ip(const struct lewes_ip *a, const struct lewes_ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The gateway itself, under its name or under an address that it goes by. */
static bool is_own(const struct forward_rules *rules, const struct lewes_forward *forward)
{
    const struct settings_announce_list *announced = &rules->settings->listen.announce_address;
    const struct settings_listen_list *control = &rules->settings->listen.control;
    const struct lewes_endpoint *address = &forward->address;

    if (memcmp(&forward->target, rules->own, sizeof forward->target) == 0)
        return true;
    for (size_t i = 0; i < control->count; i++)
        if (control->at[i].port == address->port && same_ip(&control->at[i].ip, &address->ip))
            return true;
    if (address->port != rules->local->port)
        return false;
    for (size_t i = 0; i < announced->count; i++)
        if (same_ip(&announced->at[i], &address->ip))
            return true;
    return same_ip(&rules->local->ip, &address->ip);
}

enum forward_notice forward_judge(const struct forward_rules *rules,
                                  const struct lewes_forward *forward)
{
    if (forward->packet_len < FORWARD_INNER_MIN || forward->packet_len > LEWES_FORWARD_INNER_MAX)
        return FORWARD_MALFORMED;
    if (!rules->settings->forward.enabled || rules->directory == NULL || is_own(rules, forward))
        return FORWARD_NOT_ALLOWED;
    if (!rules->settings->forward.allow_private && !address_is_public(&forward->address.ip))
        return FORWARD_NOT_ALLOWED;
    if (!directory_holds(rules->directory, &forward->target, &forward->address))
        return FORWARD_NOT_ALLOWED;
    return FORWARD_DONE;
}
