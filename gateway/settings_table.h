/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the configuration (gateway.md 1): one row each, and nothing about them elsewhere. */
#ifndef LEWES_GATEWAY_SETTINGS_TABLE_H
#define LEWES_GATEWAY_SETTINGS_TABLE_H

#include "gateway/settings.h"

/* What a value is, and what `min` and `max` count. */
enum settings_type {
    SETTINGS_TYPE_TEXT,      /* characters */
    SETTINGS_TYPE_DATABASE,  /* sqlite:PATH; characters */
    SETTINGS_TYPE_YES_NO,    /* - */
    SETTINGS_TYPE_NUMBER,    /* the number */
    SETTINGS_TYPE_DURATION,  /* milliseconds */
    SETTINGS_TYPE_SIZE,      /* bytes */
    SETTINGS_TYPE_SIZES,     /* bytes, of each of SETTINGS_TICKET_TYPES */
    SETTINGS_TYPE_RATE,      /* the number of events, per any period */
    SETTINGS_TYPE_CHOICE,    /* - */
    SETTINGS_TYPE_SET,       /* - */
    SETTINGS_TYPE_ENDPOINTS, /* list items */
    SETTINGS_TYPE_ADDRESSES, /* list items */
    SETTINGS_TYPE_NETWORK4,  /* host bits */
    SETTINGS_TYPE_NETWORK6   /* host bits */
};

struct settings_key {
    const char *section;
    const char *name;
    const char *standard; /* the default, as it would be written */
    uint64_t min;
    uint64_t max;
    const char *const
        *names;    /* choice: in the order of its enumeration; set: of its bits; NULL ends */
    size_t offset; /* in struct settings */
    size_t size;
    enum settings_type type;
    bool reloadable;
};

extern const struct settings_key settings_keys[];
extern const size_t settings_key_count;

#endif
