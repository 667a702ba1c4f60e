/* SPDX-License-Identifier: Apache-2.0 */
#include "host/words.h"

#include <string.h>
#include <time.h>

#define YEAR_MIN 2020
#define YEAR_MAX 2105

void hex_write(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ssize_t hex_read(uint8_t *out, size_t cap, const char *text)
{
    const size_t digits = strlen(text);
    if (digits % 2 != 0 || digits / 2 > cap)
        return -1;
    for (size_t i = 0; i < digits / 2; i++) {
        const int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return (ssize_t)(digits / 2);
}

/* -1: one of them is no digit. */
static int digits_read(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool date_read(uint32_t *seconds, const char *text)
{
    struct tm tm = {0};
    char again[DATE_CAP];
    if (strlen(text) != DATE_CAP - 1)
        return false;
    const int year = digits_read(text, 4), month = digits_read(text + 5, 2),
              day = digits_read(text + 8, 2);
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || day < 1)
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    const uint32_t made = (uint32_t)timegm(&tm);
    date_write(again, made);
    if (strcmp(again, text) != 0) /* the hyphens; and there is no 30th of February */
        return false;
    *seconds = made;
    return true;
}

void date_write(char out[DATE_CAP], uint32_t seconds)
{
    const time_t t = seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, DATE_CAP, "%Y-%m-%d", &tm);
}

uint32_t day_of(uint64_t seconds)
{
    return (uint32_t)(seconds / LEWES_DAY * LEWES_DAY);
}

bool number_read(uint64_t *number, const char *text, uint64_t most)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        const unsigned digit = (unsigned)(*text - '0');
        if (digit > most || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

const char *const ticket_type_names[TICKET_TYPES] = {
    [LEWES_TICKET_MIXNET_ENTRY] = "mixnet-entry",
    [LEWES_TICKET_MIXNET_EXIT] = "mixnet-exit",
    [LEWES_TICKET_WG_ENTRY] = "wg-entry",
    [LEWES_TICKET_WG_EXIT] = "wg-exit",
};

bool ticket_type_read(enum lewes_ticket_type *type, const char *text)
{
    for (unsigned i = 0; i < TICKET_TYPES; i++)
        if (strcmp(text, ticket_type_names[i]) == 0 ||
            (text[0] == (char)('0' + i) && text[1] == '\0')) {
            *type = (enum lewes_ticket_type)i;
            return true;
        }
    return false;
}

const char *ticket_type_name(enum lewes_ticket_type type)
{
    return (unsigned)type < TICKET_TYPES ? ticket_type_names[type] : "unknown";
}
