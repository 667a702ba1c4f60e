/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config_address.h"
#include "host/words.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: the first that divides a value without rest is how it is written. */
static const struct unit durations[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit sizes[] = {{"TB", 1000000000000},
                                    {"GB", 1000000000},
                                    {"MB", 1000000},
                                    {"TiB", UINT64_C(1) << 40},
                                    {"GiB", UINT64_C(1) << 30},
                                    {"MiB", UINT64_C(1) << 20},
                                    {"kB", 1000},
                                    {"KiB", UINT64_C(1) << 10},
                                    {"B", 1},
                                    {NULL, 0}};
static const struct unit periods[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {NULL, 0}};

static const struct unit *find(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

/* Splits off the digits at the front; NULL if there are none or too many. */
static const char *digits(const char *text, uint64_t max, uint64_t *number)
{
    char part[24];
    size_t len = strspn(text, "0123456789");
    if (len >= sizeof part)
        return NULL;
    memcpy(part, text, len);
    part[len] = '\0';
    return number_read(number, part, max) ? text + len : NULL;
}

static bool parse(const struct unit *units, const char *text, uint64_t max, uint64_t *out)
{
    uint64_t number;
    const char *rest = digits(text, max, &number);
    if (!rest)
        return false;
    const struct unit *unit = find(units, rest);
    if (!unit && !(number == 0 && !*rest))
        return false;
    if (unit && number > max / unit->factor)
        return false;
    *out = unit ? number * unit->factor : 0;
    return true;
}

static void format(const struct unit *units, uint64_t value, char *out)
{
    if (value == 0) {
        snprintf(out, CONFIG_UNIT_TEXT, "0");
        return;
    }
    while (value % units->factor)
        units++;
    snprintf(out, CONFIG_UNIT_TEXT, "%" PRIu64 "%s", value / units->factor, units->name);
}

bool config_parse_duration(const char *text, uint64_t max, uint64_t *ms)
{
    return parse(durations, text, max, ms);
}

bool config_parse_size(const char *text, uint64_t max, uint64_t *bytes)
{
    return parse(sizes, text, max, bytes);
}

bool config_parse_rate(const char *text, uint64_t max, struct settings_rate *rate)
{
    uint64_t number;
    const char *rest = digits(text, max < UINT32_MAX ? max : UINT32_MAX, &number);
    if (!rest || *rest != '/')
        return false;
    const struct unit *unit = find(periods, rest + 1);
    if (!unit)
        return false;
    rate->count = (uint32_t)number;
    rate->period = (uint32_t)unit->factor;
    return true;
}

void config_format_duration(uint64_t ms, char *out)
{
    format(durations, ms, out);
}

void config_format_size(uint64_t bytes, char *out)
{
    format(sizes, bytes, out);
}

void config_format_rate(const struct settings_rate *rate, char *out)
{
    const struct unit *unit = periods;
    while (unit->name && unit->factor != rate->period)
        unit++;
    snprintf(out, CONFIG_UNIT_TEXT, "%" PRIu32 "/%s", rate->count, unit->name ? unit->name : "?");
}
