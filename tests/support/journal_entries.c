/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/journal_entries.h"

#include <string.h>

void journal_entry_make(struct journal_entry *entry, uint8_t number)
{
    memset(entry, 0, sizeof *entry);
    entry->hop = LEWES_HOP_EXIT;
    entry->mode = LEWES_MODE_DVPN;
    entry->type = LEWES_TICKET_WG_EXIT;
    entry->coin = JOURNAL_SENT;
    entry->coin_name = UINT64_C(0x0102030405060700) + number;
    entry->sent_at = 1768384800u + number;
    entry->credential.payment_len =
        number % 2 ? LEWES_PAYMENT_BOUND_LEN : LEWES_PAYMENT_UNBOUND_LEN;
    memset(entry->payment, 0x40 + number, entry->credential.payment_len);
    memset(entry->credential.pay_info, 0x41 + number, sizeof entry->credential.pay_info);
    entry->credential.spend_date = (struct lewes_date){2026, (uint16_t)(14 + number)};
    entry->credential.epoch = 7u + number;
    memset(entry->serial, 0x42 + number, sizeof entry->serial);
    entry->has_result = true;
    entry->result_at = 1768384801u + number;
    entry->expires = 1768900000u + number;
    memset(&entry->tunnel.gateway_key, 0x43 + number, sizeof entry->tunnel.gateway_key);
    entry->tunnel.endpoint.ip.family = 6;
    memset(entry->tunnel.endpoint.ip.bytes, 0x44 + number, 16);
    entry->tunnel.endpoint.port = (uint16_t)(51820 + number);
    memset(entry->tunnel.ipv4, 0x45 + number, sizeof entry->tunnel.ipv4);
    memset(entry->tunnel.ipv6, 0x46 + number, sizeof entry->tunnel.ipv6);
    memset(&entry->mixnet.gateway_identity, 0x47 + number, LEWES_KEY_LEN);
    memset(&entry->mixnet.sphinx_key, 0x48 + number, LEWES_KEY_LEN);
    entry->bandwidth = INT64_C(500000000) + number;
}

static bool same_credential(const struct journal_entry *a, const struct journal_entry *b)
{
    const struct lewes_credential *x = &a->credential, *y = &b->credential;
    return x->payment_len == y->payment_len && x->spend_date.year == y->spend_date.year &&
           x->spend_date.day == y->spend_date.day && x->epoch == y->epoch &&
           memcmp(x->pay_info, y->pay_info, sizeof x->pay_info) == 0 &&
           memcmp(a->payment, b->payment, x->payment_len) == 0 &&
           memcmp(a->serial, b->serial, sizeof a->serial) == 0;
}

static bool same_tunnel(const struct lewes_tunnel *a, const struct lewes_tunnel *b)
{
    return memcmp(&a->gateway_key, &b->gateway_key, sizeof a->gateway_key) == 0 &&
           a->endpoint.ip.family == b->endpoint.ip.family && a->endpoint.port == b->endpoint.port &&
           memcmp(a->endpoint.ip.bytes, b->endpoint.ip.bytes, sizeof a->endpoint.ip.bytes) == 0 &&
           memcmp(a->ipv4, b->ipv4, sizeof a->ipv4) == 0 &&
           memcmp(a->ipv6, b->ipv6, sizeof a->ipv6) == 0;
}

bool journal_entry_is(const struct journal_entry *a, const struct journal_entry *b)
{
    return a->hop == b->hop && a->mode == b->mode && a->type == b->type && a->coin == b->coin &&
           a->coin_name == b->coin_name && a->sent_at == b->sent_at && same_credential(a, b) &&
           a->has_result == b->has_result && a->result_at == b->result_at &&
           a->expires == b->expires && same_tunnel(&a->tunnel, &b->tunnel) &&
           memcmp(&a->mixnet, &b->mixnet, sizeof a->mixnet) == 0 && a->bandwidth == b->bandwidth;
}
