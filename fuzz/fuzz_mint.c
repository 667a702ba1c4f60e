/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the mint: keys, ledger, containers, withdrawals. What is read is written as the same
 * bytes. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/crypto/crypto.h"
#include "mint/container.h"
#include "mint/key_file.h"
#include "mint/ledger.h"
#include "mint/withdrawal_file.h"

static void keys(const uint8_t *data, size_t size)
{
    static struct key_file read, again;
    static char lines[KEY_FILE_EPOCHS * KEY_LINE_CAP];
    unsigned line = 0;
    size_t len = 0;

    if (key_file_read(&read, (const char *)data, size, &line) != 0)
        return;
    PROMISE(read.count <= KEY_FILE_EPOCHS);
    for (size_t i = 0; i < read.count; i++)
        len += key_line_write(lines + len, &read.epochs[i]);
    PROMISE(key_file_read(&again, lines, len, &line) == 0 && again.count == read.count);
    for (size_t i = 0; i < read.count; i++)
        PROMISE(again.epochs[i].number == read.epochs[i].number &&
                again.epochs[i].len == read.epochs[i].len &&
                memcmp(again.epochs[i].bytes, read.epochs[i].bytes, read.epochs[i].len) == 0);
}

static void ledger(const uint8_t *data, size_t size)
{
    struct ledger_entry entry;
    char line[LEDGER_LINE_CAP];

    if (!ledger_line_read(&entry, (const char *)data, size))
        return;
    PROMISE(account_is_valid(entry.account));
    const size_t len = ledger_line_write(line, &entry);
    PROMISE(len == size + 1 && memcmp(line, data, size) == 0 && line[size] == '\n');
}

static void container(const uint8_t *data, size_t size)
{
    struct lewes_credential credential;
    uint8_t again[CONTAINER_CAP];

    if (container_read(&credential, data, size) != LEWES_OK)
        return;
    PROMISE(credential.payment >= data &&
            credential.payment + credential.payment_len <= data + size);
    const size_t len = container_write(again, &credential);
    PROMISE(len > 0 && len <= size);
    if (len == size) /* numbers may be longer than they must */
        PROMISE(memcmp(again, data, size) == 0);
}

static void withdrawal(const uint8_t *data, size_t size)
{
    static const struct lewes_withdrawal zeros;
    struct lewes_withdrawal made;
    uint8_t again[WITHDRAWAL_FILE_LEN];

    if (!withdrawal_file_read(&made, data, size)) {
        PROMISE(memcmp(&made, &zeros, sizeof made) == 0);
        return;
    }
    withdrawal_file_write(again, &made);
    PROMISE(size == sizeof again && memcmp(again, data, size) == 0);
}

/* With the checksums that they would have. */
static void mended(const uint8_t *data, size_t size)
{
    uint8_t bytes[WITHDRAWAL_FILE_LEN], digest[32];
    char line[LEDGER_LINE_CAP];

    if (size == sizeof bytes) {
        const struct lewesi_span checked = {bytes, sizeof bytes - sizeof digest};
        memcpy(bytes, data, sizeof bytes);
        lewesi_sha256(bytes + checked.len, checked, (struct lewesi_span){0});
        withdrawal(bytes, sizeof bytes);
    }
    if (size < sizeof line - 32) {
        lewesi_sha256(digest, (struct lewesi_span){data, size}, (struct lewesi_span){0});
        memcpy(line, data, size);
        const int check = snprintf(
            line + size, sizeof line - size, " check=%02x%02x%02x%02x%02x%02x%02x%02x", digest[0],
            digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
        ledger((const uint8_t *)line, size + (size_t)check);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    keys(data, size);
    ledger(data, size);
    container(data, size);
    withdrawal(data, size);
    mended(data, size);
    return 0;
}
