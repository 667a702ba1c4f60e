/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the client's journal: what is read is written as the same bytes. */
#include <string.h>

#include "client/journal_form.h"
#include "fuzz/fuzz.h"

#define CHECKSUM_LEN 8
#define KEY_AT 16 /* gateway, key */

static void read_entry(uint8_t *bytes, size_t len)
{
    static struct journal_entry entry, untouched;
    uint8_t again[JOURNAL_FORM_CAP];
    struct journal_key key;

    memset(&entry, 0x5a, sizeof entry);
    memcpy(&untouched, &entry, sizeof untouched);
    memcpy(&key, bytes + KEY_AT, sizeof key);
    if (journal_form_read(&entry, &key, bytes, len) != JOURNAL_FORM_OK) {
        PROMISE(same_bytes(&entry, &untouched, sizeof untouched));
        return;
    }
    PROMISE(entry.credential.payment_len <= sizeof entry.payment);
    PROMISE(journal_form_write(again, &key, &entry) == len);
    PROMISE(memcmp(again, bytes, len) == 0);
    key.key[0] ^= 1;
    PROMISE(journal_form_read(&entry, &key, bytes, len) == JOURNAL_FORM_DAMAGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[JOURNAL_FORM_CAP];

    if (size < KEY_AT + sizeof(struct journal_key) + CHECKSUM_LEN || size > sizeof bytes)
        return 0;
    memcpy(bytes, data, size);
    read_entry(bytes, size);
    const uint64_t sum = journal_checksum(bytes, size - CHECKSUM_LEN);
    for (size_t i = 0; i < CHECKSUM_LEN; i++)
        bytes[size - CHECKSUM_LEN + i] = (uint8_t)(sum >> (8 * i));
    read_entry(bytes, size);
    return 0;
}
