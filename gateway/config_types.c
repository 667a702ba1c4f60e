/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config_address.h"
#include "gateway/config_units.h"
#include "gateway/statedir.h"
#include "host/words.h"

/* One type: how a value is read into its place, written, and described. */
struct type {
    bool (*parse)(const struct settings_key *key, const char *text, void *value);
    void (*format)(const struct settings_key *key, const void *value, char out[CONFIG_VALUE_MAX]);
    void (*allowed)(const struct settings_key *key, char *out, size_t cap);
};

/* ---- lists ---- */

/* Calls `each` for every item between commas, without the blanks around it. */
static bool each_item(const char *text, bool (*each)(void *user, const char *item), void *user)
{
    char item[CONFIG_ADDRESS_TEXT];
    for (;;) {
        text += strspn(text, " \t");
        size_t len = strcspn(text, ",");
        const char *next = text + len;
        while (len > 0 && strchr(" \t", text[len - 1]))
            len--;
        if (len == 0 || len >= sizeof item)
            return false;
        memcpy(item, text, len);
        item[len] = '\0';
        if (!each(user, item))
            return false;
        if (!*next)
            return true;
        text = next + 1;
    }
}

/* Appends to a text of CONFIG_VALUE_MAX, with a comma if it is not the first. */
static void append(char out[CONFIG_VALUE_MAX], const char *item)
{
    size_t len = strlen(out);
    snprintf(out + len, CONFIG_VALUE_MAX - len, "%s%s", len ? ", " : "", item);
}

/* ---- texts ---- */

static bool parse_text(const struct settings_key *key, const char *text, void *value)
{
    size_t len = strlen(text);
    if (len < key->min || len > key->max || len >= key->size)
        return false;
    memset(value, 0, key->size);
    memcpy(value, text, len);
    return true;
}

static void format_text(const struct settings_key *key, const void *value,
                        char out[CONFIG_VALUE_MAX])
{
    (void)key;
    snprintf(out, CONFIG_VALUE_MAX, "%s", (const char *)value);
}

static void allowed_text(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap, "%" PRIu64 " to %" PRIu64 " characters", key->min, key->max);
}

static bool parse_database(const struct settings_key *key, const char *text, void *value)
{
    return statedir_database(text) && parse_text(key, text, value);
}

static void allowed_database(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap, "sqlite:PATH, %" PRIu64 " characters at most", key->max);
}

/* ---- yes and no, choices ---- */

static bool parse_yes_no(const struct settings_key *key, const char *text, void *value)
{
    (void)key;
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0)
        return false;
    *(bool *)value = yes;
    return true;
}

static void format_yes_no(const struct settings_key *key, const void *value,
                          char out[CONFIG_VALUE_MAX])
{
    (void)key;
    snprintf(out, CONFIG_VALUE_MAX, "%s", *(const bool *)value ? "yes" : "no");
}

static void allowed_yes_no(const struct settings_key *key, char *out, size_t cap)
{
    (void)key;
    snprintf(out, cap, "yes or no");
}

static int find_name(const struct settings_key *key, const char *text)
{
    for (int i = 0; key->names[i]; i++)
        if (strcmp(key->names[i], text) == 0)
            return i;
    return -1;
}

static bool parse_choice(const struct settings_key *key, const char *text, void *value)
{
    int at = find_name(key, text);
    if (at < 0)
        return false;
    *(int *)value = at;
    return true;
}

static void format_choice(const struct settings_key *key, const void *value,
                          char out[CONFIG_VALUE_MAX])
{
    snprintf(out, CONFIG_VALUE_MAX, "%s", key->names[*(const int *)value]);
}

static void allowed_names(const struct settings_key *key, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; key->names[i] && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "", key->names[i]);
}

struct set {
    const struct settings_key *key;
    uint32_t bits;
};

static bool add_bit(void *user, const char *item)
{
    struct set *set = user;
    int at = find_name(set->key, item);
    if (at < 0 || (set->bits & UINT32_C(1) << at))
        return false;
    set->bits |= UINT32_C(1) << at;
    return true;
}

static bool parse_set(const struct settings_key *key, const char *text, void *value)
{
    struct set set = {key, 0};
    if (!each_item(text, add_bit, &set))
        return false;
    *(uint32_t *)value = set.bits;
    return true;
}

static void format_set(const struct settings_key *key, const void *value,
                       char out[CONFIG_VALUE_MAX])
{
    out[0] = '\0';
    for (int i = 0; key->names[i]; i++)
        if (*(const uint32_t *)value & UINT32_C(1) << i)
            append(out, key->names[i]);
}

/* ---- numbers ---- */

static bool parse_number(const struct settings_key *key, const char *text, void *value)
{
    uint64_t number;
    if (!number_read(&number, text, key->max) || number < key->min)
        return false;
    *(uint32_t *)value = (uint32_t)number;
    return true;
}

static void format_number(const struct settings_key *key, const void *value,
                          char out[CONFIG_VALUE_MAX])
{
    (void)key;
    snprintf(out, CONFIG_VALUE_MAX, "%" PRIu32, *(const uint32_t *)value);
}

static void allowed_number(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap, "a whole number, %" PRIu64 " to %" PRIu64, key->min, key->max);
}

static bool parse_duration(const struct settings_key *key, const char *text, void *value)
{
    uint64_t ms;
    if (!config_parse_duration(text, key->max, &ms) || ms < key->min)
        return false;
    *(uint64_t *)value = ms;
    return true;
}

static void format_duration(const struct settings_key *key, const void *value,
                            char out[CONFIG_VALUE_MAX])
{
    (void)key;
    config_format_duration(*(const uint64_t *)value, out);
}

static void allowed_duration(const struct settings_key *key, char *out, size_t cap)
{
    char min[CONFIG_UNIT_TEXT], max[CONFIG_UNIT_TEXT];
    config_format_duration(key->min, min);
    config_format_duration(key->max, max);
    snprintf(out, cap, "a duration such as 500ms 90s 5m 24h, %s to %s", min, max);
}

static bool parse_size(const struct settings_key *key, const char *text, void *value)
{
    uint64_t bytes;
    if (!config_parse_size(text, key->max, &bytes) || bytes < key->min)
        return false;
    *(uint64_t *)value = bytes;
    return true;
}

static void format_size(const struct settings_key *key, const void *value,
                        char out[CONFIG_VALUE_MAX])
{
    (void)key;
    config_format_size(*(const uint64_t *)value, out);
}

static void size_range(const struct settings_key *key, const char *what, char *out, size_t cap)
{
    char min[CONFIG_UNIT_TEXT], max[CONFIG_UNIT_TEXT];
    config_format_size(key->min, min);
    config_format_size(key->max, max);
    snprintf(out, cap, "%s such as 5MiB 500MB, %s to %s", what, min, max);
}

static void allowed_size(const struct settings_key *key, char *out, size_t cap)
{
    size_range(key, "a size", out, cap);
}

struct sizes {
    const struct settings_key *key;
    size_t count;
    uint64_t at[SETTINGS_TICKET_TYPES];
};

static bool add_size(void *user, const char *item)
{
    struct sizes *sizes = user;
    size_t at = sizes->count++;
    return at < SETTINGS_TICKET_TYPES && parse_size(sizes->key, item, &sizes->at[at]);
}

static bool parse_sizes(const struct settings_key *key, const char *text, void *value)
{
    struct sizes sizes = {.key = key};
    if (!each_item(text, add_size, &sizes) || sizes.count != SETTINGS_TICKET_TYPES)
        return false;
    memcpy(value, sizes.at, sizeof sizes.at);
    return true;
}

static void format_sizes(const struct settings_key *key, const void *value,
                         char out[CONFIG_VALUE_MAX])
{
    (void)key;
    char item[CONFIG_UNIT_TEXT];
    const uint64_t *at = value;
    out[0] = '\0';
    for (size_t i = 0; i < SETTINGS_TICKET_TYPES; i++) {
        config_format_size(at[i], item);
        append(out, item);
    }
}

static void allowed_sizes(const struct settings_key *key, char *out, size_t cap)
{
    size_range(key, "four sizes, for ticket types 0 to 3,", out, cap);
}

static bool parse_rate(const struct settings_key *key, const char *text, void *value)
{
    struct settings_rate rate;
    if (!config_parse_rate(text, key->max, &rate) || rate.count < key->min)
        return false;
    *(struct settings_rate *)value = rate;
    return true;
}

static void format_rate(const struct settings_key *key, const void *value,
                        char out[CONFIG_VALUE_MAX])
{
    (void)key;
    config_format_rate(value, out);
}

static void allowed_rate(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap, "a rate such as 20/s 60/m 10/h, of %" PRIu64 " to %" PRIu64, key->min,
             key->max);
}

/* ---- addresses ---- */

static bool add_endpoint(void *user, const char *item)
{
    struct settings_listen_list *list = user;
    size_t at = list->count++;
    return at < SETTINGS_LISTEN_MAX && config_parse_endpoint(item, &list->at[at]);
}

static bool parse_endpoints(const struct settings_key *key, const char *text, void *value)
{
    struct settings_listen_list list;
    memset(&list, 0, sizeof list);
    if (!each_item(text, add_endpoint, &list) || list.count > key->max)
        return false;
    memcpy(value, &list, sizeof list);
    return true;
}

static void format_endpoints(const struct settings_key *key, const void *value,
                             char out[CONFIG_VALUE_MAX])
{
    (void)key;
    char item[CONFIG_ADDRESS_TEXT];
    const struct settings_listen_list *list = value;
    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        config_format_endpoint(&list->at[i], item);
        append(out, item);
    }
}

static void allowed_endpoints(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap,
             "%" PRIu64 " to %" PRIu64 " addresses such as [::]:41264, 0.0.0.0:41264, with commas",
             key->min, key->max);
}

/* The largest list of addresses stands for the others: they differ in their capacity alone. */
_Static_assert(offsetof(struct settings_reserved_list, at) ==
                   offsetof(struct settings_announce_list, at),
               "lists of addresses begin alike");

struct addresses {
    size_t capacity;
    struct settings_reserved_list list;
};

static bool add_address(void *user, const char *item)
{
    struct addresses *addresses = user;
    size_t at = addresses->list.count++;
    return at < addresses->capacity && config_parse_ip(item, &addresses->list.at[at]);
}

static bool parse_addresses(const struct settings_key *key, const char *text, void *value)
{
    struct addresses addresses;
    memset(&addresses, 0, sizeof addresses);
    addresses.capacity = key->max;
    bool none = key->min == 0 && strcmp(text, "none") == 0;
    if (!none && !each_item(text, add_address, &addresses))
        return false;
    memcpy(value, &addresses.list, key->size);
    return true;
}

static void format_addresses(const struct settings_key *key, const void *value,
                             char out[CONFIG_VALUE_MAX])
{
    char item[CONFIG_ADDRESS_TEXT];
    struct settings_reserved_list list;
    memcpy(&list, value, key->size);
    out[0] = '\0';
    for (size_t i = 0; i < list.count; i++) {
        config_format_ip(&list.at[i], item);
        append(out, item);
    }
    if (list.count == 0)
        append(out, "none");
}

static void allowed_addresses(const struct settings_key *key, char *out, size_t cap)
{
    snprintf(out, cap, "none, or up to %" PRIu64 " IP addresses with commas", key->max);
}

/* The address must be one that a host can have: neither the network's nor broadcast. */
static bool parse_network(const struct settings_key *key, const char *text, void *value)
{
    struct settings_network network;
    bool four = key->type == SETTINGS_TYPE_NETWORK4;
    if (!config_parse_network(text, &network) || network.ip.family != (four ? 4 : 6))
        return false;
    const uint8_t *low = network.ip.bytes + (four ? 0 : 12);
    unsigned bits = (four ? 32U : 128U) - network.prefix;
    if (bits < key->min || bits > key->max)
        return false;
    uint32_t address =
        (uint32_t)low[0] << 24 | (uint32_t)low[1] << 16 | (uint32_t)low[2] << 8 | (uint32_t)low[3];
    uint32_t mask = (UINT32_C(1) << bits) - 1;
    if ((address & mask) == 0 || (four && (address & mask) == mask))
        return false;
    memcpy(value, &network, sizeof network);
    return true;
}

static void format_network(const struct settings_key *key, const void *value,
                           char out[CONFIG_VALUE_MAX])
{
    (void)key;
    config_format_network(value, out);
}

static void allowed_network(const struct settings_key *key, char *out, size_t cap)
{
    bool four = key->type == SETTINGS_TYPE_NETWORK4;
    unsigned bits = four ? 32 : 128;
    snprintf(out, cap, "the gateway's own address in its %s network, such as %s, prefix /%u to /%u",
             four ? "IPv4" : "IPv6", key->standard, bits - (unsigned)key->max,
             bits - (unsigned)key->min);
}

static const struct type types[] = {
    [SETTINGS_TYPE_TEXT] = {parse_text, format_text, allowed_text},
    [SETTINGS_TYPE_DATABASE] = {parse_database, format_text, allowed_database},
    [SETTINGS_TYPE_YES_NO] = {parse_yes_no, format_yes_no, allowed_yes_no},
    [SETTINGS_TYPE_NUMBER] = {parse_number, format_number, allowed_number},
    [SETTINGS_TYPE_DURATION] = {parse_duration, format_duration, allowed_duration},
    [SETTINGS_TYPE_SIZE] = {parse_size, format_size, allowed_size},
    [SETTINGS_TYPE_SIZES] = {parse_sizes, format_sizes, allowed_sizes},
    [SETTINGS_TYPE_RATE] = {parse_rate, format_rate, allowed_rate},
    [SETTINGS_TYPE_CHOICE] = {parse_choice, format_choice, allowed_names},
    [SETTINGS_TYPE_SET] = {parse_set, format_set, allowed_names},
    [SETTINGS_TYPE_ENDPOINTS] = {parse_endpoints, format_endpoints, allowed_endpoints},
    [SETTINGS_TYPE_ADDRESSES] = {parse_addresses, format_addresses, allowed_addresses},
    [SETTINGS_TYPE_NETWORK4] = {parse_network, format_network, allowed_network},
    [SETTINGS_TYPE_NETWORK6] = {parse_network, format_network, allowed_network},
};

bool config_value_parse(const struct settings_key *key, const char *text, struct settings *settings)
{
    return types[key->type].parse(key, text, (char *)settings + key->offset);
}

void config_value_format(const struct settings_key *key, const struct settings *settings,
                         char out[CONFIG_VALUE_MAX])
{
    types[key->type].format(key, (const char *)settings + key->offset, out);
}

void config_value_allowed(const struct settings_key *key, char *out, size_t cap)
{
    types[key->type].allowed(key, out, cap);
}
