/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a journal entry. All integers are little-endian:
 *
 *   magic 8 | version 4 | length of the body 4 | body | CRC-64 of all before 8
 *
 * body: gateway 32, key 32; hop, mode, ticket type, state of the coin, 1 each; name of the coin 8,
 * time of sending 8; length of the payment 2, payment, pay_info 72, year 2, day 2, epoch 8, serial
 * 48; result known 1, its time 8, expiry 8; gateway's WireGuard key 32, family 1, address 16,
 * port 2, IPv4 4, IPv6 16; mixnet identity 32, sphinx key 32; bandwidth 8.
 */
#ifndef LEWES_CLIENT_JOURNAL_FORM_H
#define LEWES_CLIENT_JOURNAL_FORM_H

#include "client/journal.h"

#define JOURNAL_FORM_CAP 2048 /* room for any entry */

/* Whose entry it is. */
struct journal_key {
    struct lewes_ed25519_public gateway;
    uint8_t key[LEWES_KEY_LEN]; /* WireGuard, or own identity */
};

enum journal_form_status {
    JOURNAL_FORM_OK,
    JOURNAL_FORM_DAMAGED, /* not the bytes of an entry, or of another key's */
    JOURNAL_FORM_LATER    /* a version that is not known here */
};

/* Returns the length, or 0 if the entry makes no sense. */
size_t journal_form_write(uint8_t out[JOURNAL_FORM_CAP], const struct journal_key *key,
                          const struct journal_entry *entry);

/* The entry is untouched unless OK; its credential then points to its payment. */
enum journal_form_status journal_form_read(struct journal_entry *entry,
                                           const struct journal_key *key, uint8_t *bytes,
                                           size_t len);

/* CRC-64 as in XZ (ECMA-182, reflected). */
uint64_t journal_checksum(const uint8_t *bytes, size_t len);

#endif
