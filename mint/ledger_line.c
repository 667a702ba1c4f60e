/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/words.h"
#include "lib/crypto/crypto.h"
#include "mint/ledger.h"

#define CHECK_LEN 8
#define CHECK_TEXT " check="

bool account_is_valid(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@+";
    const size_t len = strlen(name);
    return len > 0 && len < ACCOUNT_CAP && strspn(name, letters) == len;
}

/* Tells a whole line from a torn one. */
static void checksum(char out[2 * CHECK_LEN + 1], const char *text, size_t len)
{
    uint8_t digest[32];
    const struct lewesi_span span = {.data = (const uint8_t *)text, .len = len};
    lewesi_sha256(digest, span, (struct lewesi_span){0});
    hex_write(out, digest, CHECK_LEN);
}

size_t ledger_line_write(char out[LEDGER_LINE_CAP], const struct ledger_entry *entry)
{
    char pk[2 * LEWES_USER_KEY_LEN + 1], request[65], blind[2 * LEWES_TICKET_SIGNATURE_LEN + 1];
    char expires[DATE_CAP], check[2 * CHECK_LEN + 1];
    hex_write(pk, entry->pk, sizeof entry->pk);
    hex_write(request, entry->request, sizeof entry->request);
    hex_write(blind, entry->blind, sizeof entry->blind);
    date_write(expires, entry->terms.expiration);
    const int len = snprintf(out, LEDGER_LINE_CAP,
                             "time=%" PRIu64 " pk=%s type=%u expires=%s request=%s account=%s "
                             "blind=%s",
                             entry->time, pk, (unsigned)entry->terms.type, expires, request,
                             entry->account, blind);
    checksum(check, out, (size_t)len);
    return (size_t)len +
           (size_t)snprintf(out + len, LEDGER_LINE_CAP - (size_t)len, CHECK_TEXT "%s\n", check);
}

bool ledger_line_read(struct ledger_entry *entry, const char *line, size_t len)
{
    char text[LEDGER_LINE_CAP], again[LEDGER_LINE_CAP];
    char time[21], pk[97], type[2], expires[DATE_CAP], request[65], blind[193];
    if (len >= sizeof text - 1 || memchr(line, '\0', len) != NULL)
        return false;
    memcpy(text, line, len);
    text[len] = '\0';
    memset(entry, 0, sizeof *entry);
    if (sscanf(text,
               "time=%20[0-9] pk=%96[0-9a-f] type=%1[0-3] expires=%10[0-9-] "
               "request=%64[0-9a-f] account=%63s blind=%192[0-9a-f]",
               time, pk, type, expires, request, entry->account, blind) != 7)
        return false;
    if (!number_read(&entry->time, time, INT64_MAX) ||
        hex_read(entry->pk, sizeof entry->pk, pk) != sizeof entry->pk ||
        hex_read(entry->request, sizeof entry->request, request) != sizeof entry->request ||
        hex_read(entry->blind, sizeof entry->blind, blind) != sizeof entry->blind ||
        !ticket_type_read(&entry->terms.type, type) ||
        !date_read(&entry->terms.expiration, expires) || !account_is_valid(entry->account))
        return false;
    /* Only what we would write ourselves, the checksum included. */
    text[len] = '\n';
    return ledger_line_write(again, entry) == len + 1 && memcmp(again, text, len + 1) == 0;
}
