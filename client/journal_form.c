/* SPDX-License-Identifier: Apache-2.0 */
#include "client/journal_form.h"

#include <string.h>

#define VERSION 1
#define LENGTH_AT 12
#define HEAD_LEN 16
#define CHECKSUM_LEN 8
#define CRC64_POLYNOMIAL 0xc96c5795d7870f42 /* ECMA-182, bits reversed */

static const uint8_t magic[8] = {'l', 'e', 'w', 'e', 's', '-', 'j', '\n'};

uint64_t journal_checksum(const uint8_t *bytes, size_t len)
{
    uint64_t crc = UINT64_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC64_POLYNOMIAL : crc >> 1;
    }
    return ~crc;
}

/* ---- what makes sense ---- */

static bool good_credential(const struct journal_entry *entry)
{
    size_t len = entry->credential.payment_len;
    if (len == 0)
        return entry->coin != JOURNAL_SENT;
    return len == LEWES_PAYMENT_BOUND_LEN || len == LEWES_PAYMENT_UNBOUND_LEN;
}

static bool good_result(const struct journal_entry *entry)
{
    const struct lewes_endpoint *endpoint = &entry->tunnel.endpoint;
    uint8_t family = endpoint->ip.family;
    if (!entry->has_result || entry->mode == LEWES_MODE_MIXNET)
        return family == 0 || family == 4 || family == 6;
    return (family == 4 || family == 6) && endpoint->port != 0;
}

static bool makes_sense(const struct journal_entry *entry)
{
    return entry->hop <= LEWES_HOP_EXIT && entry->mode <= LEWES_MODE_MIXNET &&
           entry->type <= LEWES_TICKET_WG_EXIT && entry->coin <= JOURNAL_BURNED &&
           entry->bandwidth >= 0 && good_credential(entry) && good_result(entry);
}

/* ---- one walk over the fields, to write them and to read them ---- */

struct walk {
    uint8_t *bytes;
    size_t len, at;
    bool writing, failed;
};

static void walk_bytes(struct walk *walk, void *value, size_t len)
{
    walk->failed = walk->failed || len > walk->len - walk->at;
    if (walk->failed)
        return;
    uint8_t *place = walk->bytes + walk->at;
    memcpy(walk->writing ? place : value, walk->writing ? value : place, len);
    walk->at += len;
}

static uint64_t walk_integer(struct walk *walk, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    walk_bytes(walk, bytes, len);
    value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return walk->failed ? 0 : value;
}

static void walk_u64(struct walk *walk, uint64_t *value)
{
    *value = walk_integer(walk, *value, 8);
}

static void walk_u16(struct walk *walk, uint16_t *value)
{
    *value = (uint16_t)walk_integer(walk, *value, 2);
}

static uint8_t walk_u8(struct walk *walk, unsigned value)
{
    return (uint8_t)walk_integer(walk, value, 1);
}

/* Another key's entry fails. */
static void walk_key(struct walk *walk, const struct journal_key *key)
{
    struct journal_key copy = *key;
    walk_bytes(walk, copy.gateway.bytes, LEWES_KEY_LEN);
    walk_bytes(walk, copy.key, LEWES_KEY_LEN);
    walk->failed = walk->failed || memcmp(&copy, key, sizeof copy) != 0;
}

static void walk_credential(struct walk *walk, struct journal_entry *entry)
{
    struct lewes_credential *credential = &entry->credential;
    uint16_t payment_len = (uint16_t)credential->payment_len;
    walk_u16(walk, &payment_len);
    walk->failed = walk->failed || payment_len > sizeof entry->payment;
    credential->payment_len = payment_len;
    walk_bytes(walk, entry->payment, payment_len);
    walk_bytes(walk, credential->pay_info, sizeof credential->pay_info);
    walk_u16(walk, &credential->spend_date.year);
    walk_u16(walk, &credential->spend_date.day);
    walk_u64(walk, &credential->epoch);
    walk_bytes(walk, entry->serial, sizeof entry->serial);
}

static void walk_result(struct walk *walk, struct journal_entry *entry)
{
    struct lewes_tunnel *tunnel = &entry->tunnel;
    uint8_t known = walk_u8(walk, entry->has_result);
    uint64_t bandwidth = (uint64_t)entry->bandwidth;
    walk->failed = walk->failed || known > 1;
    entry->has_result = known == 1;
    walk_u64(walk, &entry->result_at);
    walk_u64(walk, &entry->expires);
    walk_bytes(walk, tunnel->gateway_key.bytes, LEWES_KEY_LEN);
    tunnel->endpoint.ip.family = walk_u8(walk, tunnel->endpoint.ip.family);
    walk_bytes(walk, tunnel->endpoint.ip.bytes, sizeof tunnel->endpoint.ip.bytes);
    walk_u16(walk, &tunnel->endpoint.port);
    walk_bytes(walk, tunnel->ipv4, sizeof tunnel->ipv4);
    walk_bytes(walk, tunnel->ipv6, sizeof tunnel->ipv6);
    walk_bytes(walk, entry->mixnet.gateway_identity.bytes, LEWES_KEY_LEN);
    walk_bytes(walk, entry->mixnet.sphinx_key.bytes, LEWES_KEY_LEN);
    walk_u64(walk, &bandwidth);
    entry->bandwidth = (int64_t)bandwidth;
}

static void walk_body(struct walk *walk, const struct journal_key *key, struct journal_entry *entry)
{
    walk_key(walk, key);
    entry->hop = (enum lewes_hop)walk_u8(walk, entry->hop);
    entry->mode = (enum lewes_mode)walk_u8(walk, entry->mode);
    entry->type = (enum lewes_ticket_type)walk_u8(walk, entry->type);
    entry->coin = (enum journal_coin)walk_u8(walk, entry->coin);
    walk_u64(walk, &entry->coin_name);
    walk_u64(walk, &entry->sent_at);
    walk_credential(walk, entry);
    walk_result(walk, entry);
}

/* ---- the whole ---- */

static uint64_t load(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    while (len-- > 0)
        value = value << 8 | bytes[len];
    return value;
}

size_t journal_form_write(uint8_t out[JOURNAL_FORM_CAP], const struct journal_key *key,
                          const struct journal_entry *entry)
{
    struct walk walk = {.bytes = out, .len = JOURNAL_FORM_CAP, .writing = true};
    struct journal_entry copy = *entry;
    uint8_t magic_bytes[sizeof magic];
    if (!makes_sense(entry))
        return 0;
    memcpy(magic_bytes, magic, sizeof magic);
    walk_bytes(&walk, magic_bytes, sizeof magic_bytes);
    walk_integer(&walk, VERSION, 4);
    walk_integer(&walk, 0, 4);
    walk_body(&walk, key, &copy);
    lewes_wipe(&copy, sizeof copy);
    struct walk length = {.bytes = out + LENGTH_AT, .len = 4, .writing = true};
    walk_integer(&length, walk.at - HEAD_LEN, 4);
    walk_integer(&walk, journal_checksum(out, walk.at), CHECKSUM_LEN);
    return walk.failed ? 0 : walk.at;
}

/* Everything that is the same for all entries of this version. */
static enum journal_form_status check_frame(const uint8_t *bytes, size_t len)
{
    if (len < HEAD_LEN + CHECKSUM_LEN || memcmp(bytes, magic, sizeof magic) != 0)
        return JOURNAL_FORM_DAMAGED;
    size_t sealed = len - CHECKSUM_LEN;
    if (load(bytes + sealed, CHECKSUM_LEN) != journal_checksum(bytes, sealed))
        return JOURNAL_FORM_DAMAGED;
    if (load(bytes + sizeof magic, 4) != VERSION)
        return JOURNAL_FORM_LATER;
    return load(bytes + LENGTH_AT, 4) == sealed - HEAD_LEN ? JOURNAL_FORM_OK : JOURNAL_FORM_DAMAGED;
}

enum journal_form_status journal_form_read(struct journal_entry *entry,
                                           const struct journal_key *key, uint8_t *bytes,
                                           size_t len)
{
    struct journal_entry read = {0};
    enum journal_form_status status = check_frame(bytes, len);
    if (status != JOURNAL_FORM_OK)
        return status;
    struct walk walk = {.bytes = bytes + HEAD_LEN, .len = len - HEAD_LEN - CHECKSUM_LEN};
    walk_body(&walk, key, &read);
    if (!walk.failed && walk.at == walk.len && makes_sense(&read)) {
        *entry = read;
        entry->credential.payment = entry->payment;
    } else {
        status = JOURNAL_FORM_DAMAGED;
    }
    lewes_wipe(&read, sizeof read);
    return status;
}
